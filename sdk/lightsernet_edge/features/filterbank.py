"""The matrices of a front end: mel filterbanks and the DCT."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


def hz_to_mel(hz: Matrix | float) -> Matrix:
    """Convert hertz to HTK mel: 1127 ln(1 + f / 700) (O'Shaughnessy 1987)."""
    return np.asarray(1127.0 * np.log1p(np.asarray(hz, dtype=np.float64) / 700.0))


def mel_to_hz(mel: Matrix) -> Matrix:
    """Convert HTK mel to hertz: the inverse of `hz_to_mel`."""
    return np.asarray(700.0 * np.expm1(mel / 1127.0))


def continuous_filterbank(
    n_mels: int, fft_length: int, sample_rate: int, low_hz: float, high_hz: float
) -> Matrix:
    """Compute triangles that are linear in mel, at the centres of the FFT bins.

    The corners are equidistant in mel; the DC bin has weight 0. This is the definition of
    ``tf.signal.linear_to_mel_weight_matrix``.

    Parameters
    ----------
    n_mels : int
        Number of triangles.
    fft_length : int
        In samples.
    sample_rate : int
        In hertz.
    low_hz, high_hz : float
        Lower edge of the first triangle and upper edge of the last, in hertz.

    Returns
    -------
    ndarray of float64, shape (fft_length // 2 + 1, n_mels)
        Weights in 0..1.
    """
    centres_hz = np.arange(fft_length // 2 + 1, dtype=np.float64) * (sample_rate / fft_length)
    bins = hz_to_mel(centres_hz)[:, None]
    corners = np.linspace(float(hz_to_mel(low_hz)), float(hz_to_mel(high_hz)), n_mels + 2)
    lower, centre, upper = corners[:-2], corners[1:-1], corners[2:]
    rising = (bins - lower) / (centre - lower)
    falling = (upper - bins) / (upper - centre)
    weights = np.maximum(0.0, np.minimum(rising, falling))
    weights[0] = 0.0
    return weights


def binned_filterbank(
    n_mels: int, fft_length: int, sample_rate: int, low_hz: float, high_hz: float
) -> Matrix:
    """Compute triangles whose corners are floored to FFT bins; they are linear between bins.

    This is the definition of ``python_speech_features.get_filterbanks``.

    Parameters
    ----------
    n_mels, fft_length, sample_rate, low_hz, high_hz
        As for `continuous_filterbank`.

    Returns
    -------
    ndarray of float64, shape (fft_length // 2 + 1, n_mels)
        Weights in 0..1.
    """
    mels = np.linspace(float(hz_to_mel(low_hz)), float(hz_to_mel(high_hz)), n_mels + 2)
    corners = np.floor((fft_length + 1) * mel_to_hz(mels) / sample_rate)
    weights = np.zeros((fft_length // 2 + 1, n_mels))
    for band, (lower, centre, upper) in enumerate(
        zip(corners[:-2], corners[1:-1], corners[2:], strict=True)
    ):
        rising = np.arange(int(lower), int(centre))
        falling = np.arange(int(centre), int(upper))
        weights[rising, band] = (rising - lower) / (centre - lower)
        weights[falling, band] = (upper - falling) / (upper - centre)
    return weights


def dct_matrix(n_mels: int, first: int, count: int, orthonormal: bool) -> Matrix:
    """Compute the matrix of a DCT-II with the factor sqrt(2 / n_mels).

    Parameters
    ----------
    n_mels : int
        Length of the input.
    first, count : int
        First coefficient and number of coefficients.
    orthonormal : bool
        Whether coefficient 0 has the factor sqrt(1 / n_mels) instead.

    Returns
    -------
    ndarray of float64, shape (n_mels, count)
    """
    order = np.arange(first, first + count)
    matrix = np.cos(np.pi / n_mels * (np.arange(n_mels)[:, None] + 0.5) * order)
    matrix *= np.sqrt(2.0 / n_mels)
    if orthonormal:
        matrix[:, order == 0] /= np.sqrt(2.0)
    return np.asarray(matrix)
