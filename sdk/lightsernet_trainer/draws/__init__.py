"""Draws: a clip as it is heard in scenes that a recipe draws at random.

Fixed variants of a clip teach a network those variants; draws, each of another speed, room,
microphone, noise and band, teach it that none of these is an emotion. A draw depends on the
recipe, the clip and the draw's number alone: not on other clips, on the fold, or on who makes it.
"""
