"""Recordings and samples: found on disk, read, checked, mixed down to mono, resampled."""
