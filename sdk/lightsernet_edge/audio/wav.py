"""16-bit mono WAV files in memory."""

from __future__ import annotations

import io
import wave

import numpy as np
from numpy.typing import NDArray


def wav_bytes(samples: NDArray[np.int16], sample_rate: int) -> bytes:
    """Return the bytes of a WAV file.

    Parameters
    ----------
    samples : ndarray of int16, shape (n,)
    sample_rate : int
        In hertz.
    """
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return buffer.getvalue()
