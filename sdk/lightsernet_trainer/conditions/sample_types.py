"""Samples as float64 in units of full scale or as int16: changes work on both types."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.errors import InputError

Floats = NDArray[np.float64]
Integers = NDArray[np.int16]
Samples = TypeVar("Samples", Floats, Integers)
_P = ParamSpec("_P")

FULL_SCALE = 32768.0


def to_int16(samples: Floats) -> Integers:
    """Round to the nearest int16; what goes beyond full scale saturates."""
    return np.clip(np.rint(samples * FULL_SCALE), -32768, 32767).astype(np.int16)


def to_float(samples: Integers) -> Floats:
    """Return int16 samples in units of full scale."""
    return samples / FULL_SCALE


def for_both_types(
    change: Callable[Concatenate[Floats, _P], Floats],
) -> Callable[Concatenate[Samples, _P], Samples]:
    """Extend a change of float64 samples to int16 samples.

    The result has the type of the samples; int16 is rounded and saturates.
    """

    @functools.wraps(change)
    def either(samples: Any, *args: _P.args, **kwargs: _P.kwargs) -> Any:
        if samples.ndim != 1:
            raise InputError(f"samples: found shape {samples.shape}, expected one dimension")
        if samples.dtype == np.int16:
            return to_int16(change(to_float(samples), *args, **kwargs))
        return change(np.asarray(samples, dtype=np.float64), *args, **kwargs)

    return cast("Callable[Concatenate[Samples, _P], Samples]", either)
