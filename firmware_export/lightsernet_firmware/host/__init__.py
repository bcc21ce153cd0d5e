"""The C engine compiled for this machine, and called from Python."""
