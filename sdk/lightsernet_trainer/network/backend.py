"""Start Keras and its backend without their messages on the terminal."""

from __future__ import annotations

import ctypes
import os

from lightsernet_edge.errors import MissingDependencyError
from lightsernet_edge.native_output import discarded

# glibc's parameters of malloc, by mallopt(3): more than a step takes, in bytes.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3
_PAD, _MOST = 1 << 28, 1 << 30
# The most that glibc takes for the last one.
_LARGEST = 1 << 25


def start() -> None:
    """Import Keras and run one operation: the first one looks for GPUs and prints what it found.

    Raises
    ------
    MissingDependencyError
        If Keras cannot start the backend that it is told to use.
    """
    with discarded():
        _keep_memory()
        try:
            import keras

            keras.ops.zeros(1)
        except (ImportError, ValueError, AttributeError, OSError) as error:
            first = str(error).strip().split("\n")[0]
            raise MissingDependencyError(
                f"Keras does not start on the backend of {_chosen_by()} ({first}): expected "
                "tensorflow, or torch or jax where they are installed"
            ) from None
    set_conventions()


def set_conventions() -> None:
    """Set what a user's ``keras.json`` may set otherwise to what the networks here are made for."""
    import keras

    keras.config.set_image_data_format("channels_last")
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)


def _chosen_by() -> str:
    if backend := os.environ.get("KERAS_BACKEND"):
        return f"KERAS_BACKEND={backend}"
    return f"{os.environ.get('KERAS_HOME') or '~/.keras'}/keras.json"


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
