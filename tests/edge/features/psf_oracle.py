"""`python_speech_features` with the constants of the recipe ``psf``."""

from __future__ import annotations

import numpy as np
import python_speech_features
from numpy.typing import NDArray


def mfcc(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Its coefficients for samples in -1..1 at 16 kHz, the padded last frame included."""
    coefficients: NDArray[np.float64] = python_speech_features.mfcc(
        samples * 32768.0,
        samplerate=16000,
        winlen=0.064,
        winstep=0.016,
        numcep=40,
        nfilt=40,
        nfft=1024,
        lowfreq=80,
        highfreq=7600,
        preemph=0,
        ceplifter=0,
        appendEnergy=False,
        winfunc=lambda n: 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n),
    )
    return coefficients
