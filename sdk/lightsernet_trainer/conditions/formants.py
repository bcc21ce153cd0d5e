"""Longer and shorter vocal tracts: the spectral envelope moves, the pitch stays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.errors import InputError

from .sample_types import Floats, for_both_types

FORMANT_RANGE = (0.7, 1.4)

_FRAME_S = 0.032
# Two poles per kilohertz of bandwidth, in which a vocal tract of 17 cm has one formant, and
# two more for the source (Markel and Gray, Linear Prediction of Speech, 1976).
_POLES_PER_KHZ_OF_RATE = 1
_MORE_POLES = 2
# Added as noise 50 dB below the signal: keeps the equations solvable for digital silence
# and pure tones.
_WHITENING = 1e-5
_POWER_FLOOR = 1e-12  # -120 dB full scale
# Enough to move formants; where the speech has no energy, the limit keeps noise down.
_MOST_GAIN = 10.0  # 20 dB


@for_both_types
def shift_formants(samples: Floats, factor: float, sample_rate: int) -> Floats:
    """Move the spectral envelope along the frequency axis; pitch and tempo stay.

    Frames of 32 ms, half overlapping, under a square-root Hann window before and after.
    A frame's envelope is that of its linear prediction; each bin is multiplied by what the
    envelope has at 1 / factor of the bin's frequency over what it has there, within 20 dB.
    Above 1, as from a shorter vocal tract, formants lie higher (vocal-tract-length
    perturbation: Jaitly and Hinton 2013, there in the filterbank, pitch included).

    Parameters
    ----------
    samples : ndarray of float64 or int16, shape (n,)
    factor : float
        In 0.7..1.4.
    sample_rate : int
        In hertz.

    Returns
    -------
    ndarray of the same type and shape

    Raises
    ------
    InputError
        If the factor is out of its range.
    """
    low, high = FORMANT_RANGE
    if not low <= factor <= high:
        raise InputError(f"formants: found {factor}, expected {low}..{high}")
    hop = round(_FRAME_S * sample_rate / 2)
    length = 2 * hop
    window = np.sin(np.pi * (np.arange(length) + 0.5) / length)
    count = samples.size // hop + 2
    padded = np.pad(samples, (hop, count * hop - samples.size))
    frames = np.lib.stride_tricks.sliding_window_view(padded, length)[::hop] * window
    spectrum = np.fft.rfft(frames)
    frames = np.fft.irfft(spectrum * _gains(spectrum, factor, sample_rate), length) * window
    out = np.zeros(padded.size)
    for start, frame in zip(range(0, out.size, hop), frames, strict=False):
        out[start : start + length] += frame
    return np.asarray(out[hop : hop + samples.size])


def _gains(spectrum: NDArray[np.complex128], factor: float, sample_rate: int) -> Floats:
    """Return the gain of each bin that moves each frame's envelope, shape as the spectrum's."""
    envelope = _log_envelope(
        spectrum, round(_POLES_PER_KHZ_OF_RATE * sample_rate / 1000) + _MORE_POLES
    )
    bins = np.arange(envelope.shape[1])
    source = np.minimum(bins / factor, bins[-1])
    below = np.minimum(source.astype(int), bins[-1] - 1)
    part = source - below
    moved = (1.0 - part) * envelope[:, below] + part * envelope[:, below + 1]
    limit = np.log(_MOST_GAIN)
    return np.asarray(np.exp(np.clip(moved - envelope, -limit, limit)))


def _log_envelope(spectrum: NDArray[np.complex128], order: int) -> Floats:
    """Return the logarithm of each frame's spectral envelope, by linear prediction.

    The autocorrelation method; without the prediction error's power, which cancels.
    """
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[:, : order + 1]
    correlation[:, 0] = correlation[:, 0] * (1.0 + _WHITENING) + _POWER_FLOOR
    lags = np.abs(np.subtract.outer(np.arange(order), np.arange(order)))
    predictor = np.linalg.solve(correlation[:, lags], correlation[:, 1:, None])[..., 0]
    inverse_filter = np.concatenate([np.ones((len(predictor), 1)), -predictor], axis=1)
    response = np.fft.rfft(inverse_filter, 2 * (spectrum.shape[1] - 1))
    return -np.log(np.abs(response))
