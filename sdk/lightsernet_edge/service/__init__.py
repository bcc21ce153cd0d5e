"""Streams over the network: the service of the verb ``serve``."""
