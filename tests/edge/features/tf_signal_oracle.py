"""The upstream front end built from `tf.signal`, in the order of the original code."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray


def level_and_fit(samples: NDArray[np.float64], length: int = 48000) -> NDArray[np.float64]:
    """Cut out the middle, divide by the 99.9th percentile, put zeros around it."""
    surplus = max(0, len(samples) - length)
    samples = samples[surplus // 2 : len(samples) - (surplus - surplus // 2)]
    if len(samples):
        samples = samples / (np.percentile(np.abs(samples), 99.9) + np.finfo(float).eps)
        samples = np.clip(samples, -1.0, 1.0)
    missing = length - len(samples)
    return np.concatenate([np.zeros(missing // 2), samples, np.zeros(missing - missing // 2)])


def intermediate(samples: NDArray[np.float64], kind: str, dtype: str = "float64") -> np.ndarray:
    """Magnitudes for ``spectrogram``, logarithms of the bands for ``mel-spectrogram``."""
    kind_of_float = tf.as_dtype(dtype)
    spectrogram = tf.abs(tf.signal.stft(tf.constant(samples, kind_of_float), 1024, 256, 1024))
    if kind == "spectrogram":
        return np.asarray(spectrogram)
    bands = tf.signal.linear_to_mel_weight_matrix(
        128, 513, 16000, 80.0, 7600.0, dtype=kind_of_float
    )
    return np.asarray(tf.math.log(tf.matmul(spectrogram, bands) + tf.cast(1e-6, kind_of_float)))


def mfcc(samples: NDArray[np.float64], dtype: str) -> np.ndarray:
    """The 40 coefficients that the original network is fed with."""
    log_mel = tf.constant(intermediate(samples, "mel-spectrogram", dtype))
    coefficients = tf.signal.mfccs_from_log_mel_spectrograms(log_mel)[..., :40]
    return np.clip(np.asarray(coefficients), -10.0, 10.0)
