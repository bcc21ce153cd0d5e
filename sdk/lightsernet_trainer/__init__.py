"""Offline trainer: labelled speech in, a self-describing `.tflite` out."""
