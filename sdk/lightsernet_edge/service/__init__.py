"""The network service of ``serve``."""
