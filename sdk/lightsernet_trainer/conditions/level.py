"""Levels: input gain, and the power of speech without its pauses."""

from __future__ import annotations

import numpy as np

from .sample_types import Floats, for_both_types, to_float, to_int16

# How far below the level of active speech a pause lies, and how long a frame is:
# the margin of ITU-T P.56, with plain frames in place of its envelope and hang-over.
_MARGIN_DB = 15.9
_FRAME_S = 0.02


@for_both_types
def gain(samples: Floats, decibels: float) -> Floats:
    """Amplify as an input stage in front of an int16 recording does.

    The result is rounded to steps of int16 and saturates at full scale, so that a quiet
    recording has fewer bits and a loud one is clipped.

    Parameters
    ----------
    samples : ndarray of float64 or int16, shape (n,)
    decibels : float
        Above 0 is louder.
    """
    return to_float(to_int16(samples * 10.0 ** (decibels / 20.0)))


def active_power(samples: Floats, sample_rate: int) -> float:
    """Return the mean square of speech without its pauses.

    Frames of 20 ms count that lie less than 15.9 dB below the level of those that count.

    Parameters
    ----------
    samples : ndarray of float64, shape (n,)
    sample_rate : int
        In hertz.

    Returns
    -------
    float
        0 for digital silence or no samples. At least the mean square of the whole.
    """
    frame = max(1, round(_FRAME_S * sample_rate))
    if samples.size < frame:
        return float(np.mean(samples**2)) if samples.size else 0.0
    whole = samples[: samples.size // frame * frame]
    powers = np.mean(whole.reshape(-1, frame) ** 2, axis=1)
    # Ends: the level rises with each pause that drops out.
    while True:
        kept = powers[powers >= powers.mean() * 10.0 ** (-_MARGIN_DB / 10.0)]
        if kept.size == powers.size:
            return float(powers.mean())
        powers = kept
