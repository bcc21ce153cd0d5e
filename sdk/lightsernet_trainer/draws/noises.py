"""Noise by formula: of a colour, or people who talk; its level changes slowly."""

from __future__ import annotations

import numpy as np

from ..conditions.sample_types import Floats
from .magnitudes import fft_size

# Below it, colour would be rumble that the front end does not hear.
_FLAT_BELOW_HZ = 50.0

# Frames that talkers' spectra change over.
_FRAME_S, _HOP_S = 0.032, 0.016
# Of adults of both sexes (Fant, Acoustic Theory of Speech Production, 1960), in hertz.
_PITCH_HZ = (90.0, 250.0)
_FORMANTS_HZ = ((280.0, 800.0), (850.0, 2300.0), (2300.0, 3200.0))
_BANDWIDTHS_HZ = (80.0, 120.0, 180.0)
# Syllables a second, where speech's level changes most (Houtgast and Steeneken 1985).
_SYLLABLES_HZ = (3.0, 6.0)
_PITCH_DEVIATION = 0.12  # of log pitch, over a phrase
_PAUSES = 0.25  # share of the syllables that nothing is said in
_BREATH = 0.3  # of the source, noise
_LEVEL_DB = 6.0  # deviation of talkers' levels: near ones and far ones


def coloured_noise(
    size: int, sample_rate: int, colour: float, random: np.random.Generator
) -> Floats:
    """Return Gaussian noise whose power falls with frequency.

    Parameters
    ----------
    size : int
    sample_rate : int
        In hertz.
    colour : float
        Power goes as frequency to the power of minus this.
    random : numpy.random.Generator

    Returns
    -------
    ndarray of float64, shape (size,)
        Of any level.
    """
    length = fft_size(size)
    hertz = np.fft.rfftfreq(length, 1.0 / sample_rate)
    parts = random.standard_normal((2, hertz.size))
    spectrum = (parts[0] + 1j * parts[1]) * np.maximum(hertz, _FLAT_BELOW_HZ) ** (-colour / 2.0)
    spectrum[0] = 0.0
    return np.asarray(np.fft.irfft(spectrum, length)[:size])


def swelled(
    noise: Floats, sample_rate: int, swell_db: float, swell_s: float, random: np.random.Generator
) -> Floats:
    """Let the level of noise go up and down.

    Parameters
    ----------
    noise : ndarray of float64, shape (n,)
    sample_rate : int
        In hertz.
    swell_db : float
        Standard deviation of the level, in dB.
    swell_s : float
        Time between levels that are drawn; straight lines in dB between them.
    random : numpy.random.Generator
    """
    knots = np.arange(0.0, noise.size / sample_rate + swell_s, swell_s)
    levels = swell_db * random.standard_normal(knots.size)
    decibels = np.interp(np.arange(noise.size) / sample_rate, knots, levels)
    return np.asarray(noise * 10.0 ** (decibels / 20.0))


def babble(size: int, sample_rate: int, talkers: int, random: np.random.Generator) -> Floats:
    """Return people who talk at once, made by formula.

    Each is a source of harmonics and breath, whose pitch wanders, through three formants that
    move from syllable to syllable. Nobody's voice is in it, so that no held-out speaker's is.

    Parameters
    ----------
    size : int
    sample_rate : int
        In hertz.
    talkers : int
    random : numpy.random.Generator

    Returns
    -------
    ndarray of float64, shape (size,)
        Of any level.
    """
    together = np.zeros(size)
    for _ in range(talkers):
        voice = _talker(size, sample_rate, random)
        power = float(np.mean(voice**2)) if size else 0.0
        if power > 0.0:
            level = 10.0 ** (_LEVEL_DB * random.standard_normal() / 20.0)
            together += level * voice / np.sqrt(power)
    return together


def _talker(size: int, sample_rate: int, random: np.random.Generator) -> Floats:
    frame, hop = round(_FRAME_S * sample_rate), round(_HOP_S * sample_rate)
    count = size // hop + 2
    envelopes = _envelopes(count, frame, sample_rate, random)
    source = np.zeros((count + 1) * hop + frame)
    source[:] = _source(source.size, sample_rate, random)
    frames = np.lib.stride_tricks.sliding_window_view(source, frame)[::hop][:count]
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(frame) / frame)
    spectra = np.fft.rfft(frames * window) * envelopes
    spoken = np.fft.irfft(spectra, frame)
    voice = np.zeros((count + 1) * hop)
    for half in (slice(0, hop), slice(hop, 2 * hop)):
        begin = half.start
        voice[begin : begin + count * hop] += spoken[:, half].ravel()
    return voice[hop : hop + size]


def _source(size: int, sample_rate: int, random: np.random.Generator) -> Floats:
    """Return a sawtooth, as of vocal folds, whose pitch wanders, and breath."""
    knots = np.arange(0.0, size / sample_rate + 1.0, 0.4)
    middle = random.uniform(*np.log(_PITCH_HZ))
    log_pitch = middle + _PITCH_DEVIATION * random.standard_normal(knots.size)
    pitch = np.exp(np.interp(np.arange(size) / sample_rate, knots, log_pitch))
    phase = np.cumsum(pitch) / sample_rate
    return np.asarray(2.0 * (phase % 1.0) - 1.0 + _BREATH * random.standard_normal(size))


def _envelopes(count: int, frame: int, sample_rate: int, random: np.random.Generator) -> Floats:
    """Return the magnitude of formants, and of syllables, at each frame and bin."""
    step_s = 1.0 / random.uniform(*_SYLLABLES_HZ)
    times = np.arange(count) * _HOP_S
    knots = np.arange(0.0, count * _HOP_S + step_s, step_s)
    hertz = np.fft.rfftfreq(frame, 1.0 / sample_rate)
    magnitude = np.ones((count, hertz.size))
    for (low, high), bandwidth in zip(_FORMANTS_HZ, _BANDWIDTHS_HZ, strict=True):
        formant = np.interp(times, knots, random.uniform(low, high, knots.size))[:, None]
        # A resonance of second order, of gain 1 at 0 Hz.
        magnitude *= formant**2 / np.hypot(formant**2 - hertz**2, bandwidth * hertz)
    loud = np.where(random.random(knots.size) < _PAUSES, 0.0, random.uniform(0.3, 1.0, knots.size))
    said = np.interp(times, knots, loud) * (1.0 - 0.8 * np.cos(2.0 * np.pi * times / step_s))
    return np.asarray(magnitude * said[:, None])
