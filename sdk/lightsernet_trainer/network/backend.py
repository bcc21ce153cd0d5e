"""Start Keras and its backend without their messages on the terminal."""

from __future__ import annotations

from lightsernet_edge.native_output import held_back


def start() -> None:
    """Import Keras and run one operation: the first one looks for GPUs and prints what it found."""
    with held_back():
        import keras

        keras.ops.zeros(1)
