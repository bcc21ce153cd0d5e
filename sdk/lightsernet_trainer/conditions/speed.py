"""Speed: faster and higher, or slower and lower, by resampling."""

from __future__ import annotations

import numpy as np
import soxr

from lightsernet_edge.errors import InputError

from .sample_types import Floats, for_both_types

SPEED_RANGE = (0.5, 2.0)


@for_both_types
def change_speed(samples: Floats, factor: float) -> Floats:
    """Play faster: pitch, formants and tempo rise by the same factor.

    Parameters
    ----------
    samples : ndarray of float64 or int16, shape (n,)
    factor : float
        In 0.5..2; above 1 is faster and shorter.

    Returns
    -------
    ndarray of the same type, shape (about n / factor,)
    """
    low, high = SPEED_RANGE
    if not low <= factor <= high:
        raise InputError(f"speed: found {factor}, expected {low}..{high}")
    if factor == 1.0 or samples.size == 0:
        return samples
    return np.asarray(soxr.resample(samples, factor, 1.0, quality="HQ"))
