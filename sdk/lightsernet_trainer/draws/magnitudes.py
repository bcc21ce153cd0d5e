"""Filters given by their magnitude over frequency: uneven responses, and bands.

They have no phase: the front end sees magnitudes alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..conditions.sample_types import Floats

# Silence after a clip, into which its end may ring, and not into its beginning.
_RINGING_S = 0.05
_KNOTS_FROM_HZ = 60.0
_LOWEST_HZ = 1.0
_NOTHING, _MOST_LOG = 1e-9, 300.0


@dataclass(frozen=True)
class Equaliser:
    """An uneven response: levels at knots evenly spaced over log frequency.

    Attributes
    ----------
    levels_db : tuple of float
        From 60 Hz up to half the sample rate; straight lines between, level outside.
    """

    levels_db: tuple[float, ...]

    def magnitude(self, hertz: Floats, sample_rate: int) -> Floats:
        """Return the factor at each frequency."""
        knots = np.geomspace(_KNOTS_FROM_HZ, sample_rate / 2, len(self.levels_db))
        places = np.log(np.maximum(hertz, _LOWEST_HZ))
        return np.asarray(10.0 ** (np.interp(places, np.log(knots), self.levels_db) / 20.0))


@dataclass(frozen=True)
class Band:
    """A band between two edges, where 3 dB are lost.

    The magnitude is that of Butterworth filters, of orders that need not be whole:
    1 / sqrt(1 + (f / edge)^(2 n)).

    Attributes
    ----------
    high_pass_hz, low_pass_hz : float
    high_pass_order, low_pass_order : float
        6 dB an octave each.
    """

    high_pass_hz: float
    low_pass_hz: float
    high_pass_order: float
    low_pass_order: float

    def magnitude(self, hertz: Floats, sample_rate: int) -> Floats:
        """Return the factor at each frequency."""
        below = self.high_pass_hz / np.maximum(hertz, _LOWEST_HZ)
        above = hertz / self.low_pass_hz
        magnitude = np.ones(hertz.size)
        for ratio, order in ((below, self.high_pass_order), (above, self.low_pass_order)):
            # Where the power of the ratio is beyond the floats, nothing passes.
            power = np.exp(np.minimum(2.0 * order * np.log(np.maximum(ratio, _NOTHING)), _MOST_LOG))
            magnitude /= np.sqrt(1.0 + power)
        return magnitude


def filtered(
    samples: Floats, magnitude: Callable[[Floats, int], Floats], sample_rate: int
) -> Floats:
    """Apply a magnitude, without delay and of the same length.

    Parameters
    ----------
    samples : ndarray of float64, shape (n,)
    magnitude : callable
        Gives the factor at each of some frequencies in hertz, for a sample rate in hertz.
    sample_rate : int
        In hertz.
    """
    size = fft_size(samples.size + round(_RINGING_S * sample_rate))
    hertz = np.asarray(np.fft.rfftfreq(size, 1.0 / sample_rate), dtype=np.float64)
    spectrum = np.fft.rfft(samples, size) * magnitude(hertz, sample_rate)
    return np.asarray(np.fft.irfft(spectrum, size)[: samples.size])


def fft_size(least: int) -> int:
    """Return a length that is fast to transform: a power of two, or three or five times one."""
    powers = [odd << max(0, (-(-least // odd) - 1).bit_length()) for odd in (1, 3, 5)]
    return max(2, min(powers))
