"""Linear filters: convolution with a response, and the band of a telephone."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from .sample_types import Floats, for_both_types

# ITU-T G.712's band. The edges fall over some 100 Hz, with 6 dB lost at the nominal ones.
_TELEPHONE_HZ = (300.0, 3400.0)
_TAPS_S = 0.032


def convolve(samples: Floats, response: Floats, delay: int = 0) -> Floats:
    """Convolve, and keep as many samples as went in, from `delay` on.

    Parameters
    ----------
    samples, response : ndarray of float64, shapes (n,), (m,)
    delay : int
        Samples left out at the beginning, in 0..m - 1.
    """
    size = 1 << (samples.size + response.size - 1).bit_length()
    product = np.fft.rfft(samples, size) * np.fft.rfft(response, size)
    return np.asarray(np.fft.irfft(product, size)[delay : delay + samples.size])


@for_both_types
def telephone(samples: Floats, sample_rate: int) -> Floats:
    """Keep 300 to 3400 Hz, without delay.

    Parameters
    ----------
    samples : ndarray of float64 or int16, shape (n,)
    sample_rate : int
        In hertz.
    """
    taps = telephone_taps(sample_rate)
    return convolve(samples, taps, delay=taps.size // 2)


@lru_cache
def telephone_taps(sample_rate: int) -> Floats:
    """Return the taps of a linear-phase band-pass: a sinc under a Hamming window.

    Gain 1 in the middle of the band. An odd number of taps.
    """
    count = round(_TAPS_S * sample_rate) // 2 * 2 + 1
    place = np.arange(count) - count // 2
    low, high = (2.0 * edge / sample_rate for edge in _TELEPHONE_HZ)
    high = min(high, 1.0)
    taps = high * np.sinc(high * place) - low * np.sinc(low * place)
    taps *= np.hamming(count)
    taps /= np.sum(taps * np.cos(np.pi * place * (low + high) / 2))
    taps.setflags(write=False)
    return np.asarray(taps)
