"""Writes firmware to boards, and hears what it says of itself."""
