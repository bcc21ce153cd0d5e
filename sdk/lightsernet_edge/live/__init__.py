"""Streams: samples in as they arrive, events out."""
