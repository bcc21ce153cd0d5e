"""Firmware onto boards."""
