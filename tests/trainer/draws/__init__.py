"""Draws: what is drawn, how it sounds, and that it is the same whoever makes it."""
