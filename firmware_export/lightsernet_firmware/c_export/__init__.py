"""Folders for a firmware build."""
