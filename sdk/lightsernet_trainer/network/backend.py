"""Keras and its backend, started without their chatter."""

from __future__ import annotations

from lightsernet_edge.native_output import held_back


def start() -> None:
    """Import Keras and run one operation: the first one looks for GPUs, aloud."""
    with held_back():
        import keras

        keras.ops.zeros(1)
