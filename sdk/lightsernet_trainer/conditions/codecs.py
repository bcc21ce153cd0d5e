"""Codecs that lose part of the signal: MP3, and G.711's mu-law."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
import soundfile
from numpy.typing import NDArray

from lightsernet_edge.errors import InputError

from .sample_types import Floats, Integers, for_both_types, to_float, to_int16

MP3_KBITS = 32
# LAME's lowest and highest constant rate in kbit/s, by the lowest sample rate of each
# MPEG version: libsndfile's compression level 0..1 goes from the highest to the lowest.
_MP3_RATES = ((32000, (32, 320)), (16000, (8, 160)), (8000, (8, 64)))
# Samples that encoder and decoder put in front. At low rates the frame that would tell
# the decoder of them has no room.
_MP3_DELAY = 576 + 529
_MU_LAW_BIAS, _MU_LAW_CLIP = 33, 8191  # of 14-bit samples


def encode_mp3(samples: Floats, sample_rate: int, kbits: int = MP3_KBITS) -> bytes:
    """Encode as MP3 at a constant bit rate.

    Parameters
    ----------
    samples : ndarray of float64, shape (n,)
    sample_rate : int
        8000 Hz or more, one of MPEG's.
    kbits : int
        kbit/s, one of MPEG's for that sample rate.

    Raises
    ------
    InputError
        If there is no such MP3.
    """
    rates = next((rates for lowest, rates in _MP3_RATES if sample_rate >= lowest), None)
    if rates is None or not rates[0] <= kbits <= rates[1]:
        raise InputError(f"MP3: {kbits} kbit/s at {sample_rate} Hz is none of MPEG's rates")
    level = (rates[1] - kbits) / (rates[1] - rates[0])
    content = io.BytesIO()
    try:
        soundfile.write(
            content,
            np.clip(samples, -1.0, 1.0),
            sample_rate,
            format="MP3",
            subtype="MPEG_LAYER_III",
            compression_level=min(level, 0.9999),  # libsndfile refuses 1
            bitrate_mode="CONSTANT",
        )
    except soundfile.LibsndfileError as error:
        raise InputError(f"MP3: {sample_rate} Hz cannot be encoded ({error})") from None
    return content.getvalue()


@for_both_types
def mp3(samples: Floats, sample_rate: int, kbits: int = MP3_KBITS) -> Floats:
    """Encode as MP3 and decode, without delay and of the same length.

    Parameters
    ----------
    samples : ndarray of float64 or int16, shape (n,)
    sample_rate, kbits : int
        As for `encode_mp3`.
    """
    if samples.size == 0:
        return samples
    decoded, _ = soundfile.read(io.BytesIO(encode_mp3(samples, sample_rate, kbits)))
    if decoded.size > samples.size:
        decoded = decoded[_MP3_DELAY:]
    decoded = decoded[: samples.size]
    return np.pad(decoded, (0, samples.size - decoded.size))


@for_both_types
def mu_law(samples: Floats) -> Floats:
    """Code in eight bits by mu-law (ITU-T G.711) and decode, at the same sample rate.

    Parameters
    ----------
    samples : ndarray of float64 or int16, shape (n,)
    """
    return to_float(_mu_law_table()[to_int16(samples).astype(np.int32) + 32768])


def mu_law_encode(samples: Integers) -> NDArray[np.uint8]:
    """Code int16 samples, shape (n,); their lowest two bits are ignored."""
    linear = samples.astype(np.int32) >> 2
    magnitude = np.minimum(np.abs(linear), _MU_LAW_CLIP - _MU_LAW_BIAS) + _MU_LAW_BIAS
    segment = np.frexp(magnitude)[1] - 6
    step = (magnitude >> (segment + 1)) & 0xF
    code = ~(np.where(linear < 0, 0x80, 0) | segment << 4 | step) & 0xFF
    return np.asarray(code, dtype=np.uint8)


def mu_law_decode(codes: NDArray[np.uint8]) -> Integers:
    """Decode uint8 codes, shape (n,), to int16 samples."""
    bits = ~codes.astype(np.int32) & 0xFF
    magnitude = (((bits & 0xF) << 1) + _MU_LAW_BIAS << (bits >> 4 & 7)) - _MU_LAW_BIAS
    return (np.where(bits & 0x80, -magnitude, magnitude) << 2).astype(np.int16)


@lru_cache
def _mu_law_table() -> Integers:
    """Return the decoded value of each of the 65536 samples."""
    return mu_law_decode(mu_law_encode(np.arange(-32768, 32768).astype(np.int16)))
