"""Start Keras and its backend without their messages on the terminal."""

from __future__ import annotations

import ctypes

from lightsernet_edge.native_output import held_back

# glibc's parameters of malloc, by mallopt(3): more than a step takes, in bytes.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3
_PAD, _MOST = 1 << 28, 1 << 30
# The most that glibc takes for the last one.
_LARGEST = 1 << 25


def start() -> None:
    """Import Keras and run one operation: the first one looks for GPUs and prints what it found."""
    with held_back():
        _keep_memory()
        import keras

        keras.ops.zeros(1)


def _keep_memory() -> None:
    """Tell malloc to keep what is freed: the next step asks for the same again.

    By default each large tensor is given back to the system and its pages are fetched anew,
    which takes a quarter of a step of training on torch.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return  # not glibc
    for parameter, value in (
        (_M_MMAP_THRESHOLD, _LARGEST),
        (_M_TRIM_THRESHOLD, _MOST),
        (_M_TOP_PAD, _PAD),
    ):
        mallopt(parameter, value)
