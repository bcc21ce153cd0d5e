"""The model blob: one byte string with all that the C engine reads."""
