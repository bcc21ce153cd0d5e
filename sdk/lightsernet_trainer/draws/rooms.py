"""Rooms that are drawn: direct sound, a few reflections, a tail that loses its high notes first.

By formula, because 120 draws of EMO-DB need some 22,000 rooms. pyroomacoustics 0.10.1, which is
well kept and installs as a wheel, was tried on one core for rooms of 15 to 130 m3. Its image
sources take 0.09 s for a reverberation time of 0.2 s, 0.55 s for 0.4 s and 11.6 s for 0.9 s; with
reflections of the third order and rays for the rest it takes 0.19, 0.43 and 0.98 s. That is some
four hours where this takes one minute. Image sources up to the sixth order take 3 ms, but leave
no tail.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..conditions.sample_types import Floats
from .magnitudes import fft_size

_SPEED_OF_SOUND = 343.0  # m/s at 20 degrees
# Of an omnidirectional source in m: times sqrt(volume / RT60) (Kuttruff, Room Acoustics).
_CRITICAL_DISTANCE = 0.057
# A shoebox of a living room's shape has this surface, times volume to the power of 2/3; it
# gives the mean free path, 4 V / S, before which only single reflections arrive.
_SURFACE = 6.4
_EARLY_S = 0.03
# Reflections keep a share of their amplitude.
_REFLECTED = (0.4, 0.9)
# Middle frequencies, where a reverberation time is stated (ISO 3382-1: 500 Hz and 1 kHz).
_MIDDLE_HZ = 1000.0
# Edges of the bands that decay alike, an octave apart.
_EDGES_HZ = _MIDDLE_HZ * 2.0 ** np.arange(0.5, 4.0)


@dataclass(frozen=True)
class Room:
    """A room, a speaker and a microphone in it.

    Attributes
    ----------
    rt60_s : float
        Reverberation time up to 1 kHz.
    distance_m : float
        From mouth to microphone.
    volume_m3 : float
    reflections : int
        Single ones, before the tail and among its beginning.
    high_decay : float
        Exponent by which the reverberation time falls above 1 kHz.
    seed : int
        Of reflections and tail.
    """

    rt60_s: float
    distance_m: float
    volume_m3: float
    reflections: int
    high_decay: float
    seed: int


def response_of(room: Room, sample_rate: int) -> Floats:
    """Return the impulse response, from the direct sound on, of energy 1.

    Reflections and tail together have the energy of a diffuse field at that distance: that of
    the direct sound, times the square of the distance over the critical distance.

    Parameters
    ----------
    room : Room
    sample_rate : int
        In hertz.

    Returns
    -------
    ndarray of float64, shape (m,)
        As long as the reverberation time, and no shorter than the early reflections.
    """
    random = np.random.default_rng(room.seed)
    size = round(max(room.rt60_s, _EARLY_S) * sample_rate) + 1
    reverberant = np.zeros(size)
    path_m = 4.0 * room.volume_m3 / (_SURFACE * room.volume_m3 ** (2 / 3))
    delays_s = random.uniform(0.5 / sample_rate, _EARLY_S, room.reflections)
    amplitudes = random.uniform(*_REFLECTED, room.reflections)
    amplitudes *= room.distance_m / (room.distance_m + delays_s * _SPEED_OF_SOUND)
    np.add.at(reverberant, np.rint(delays_s * sample_rate).astype(int), amplitudes)
    critical_m = _CRITICAL_DISTANCE * np.sqrt(room.volume_m3 / room.rt60_s)
    wanted = (room.distance_m / critical_m) ** 2
    tail = _tail(room, size, sample_rate, random)
    tail[: round(path_m / _SPEED_OF_SOUND * sample_rate)] = 0.0
    # Near the mouth single reflections may have it all, and more.
    left = max(wanted - float(np.sum(reverberant**2)), 0.1 * wanted)
    energy = float(np.sum(tail**2))
    response = reverberant + tail * np.sqrt(left / energy) if energy > 0.0 else reverberant
    response[0] += 1.0
    return np.asarray(response / np.sqrt(np.sum(response**2)))


def _tail(room: Room, size: int, sample_rate: int, random: np.random.Generator) -> Floats:
    """Return noise whose octave bands decay each in its own time."""
    time = np.arange(size) / sample_rate
    edges = _EDGES_HZ[: np.searchsorted(_EDGES_HZ, sample_rate / 2)]
    length = fft_size(size)
    bins = np.searchsorted(edges, np.fft.rfftfreq(length, 1.0 / sample_rate))
    spectrum = np.fft.rfft(random.standard_normal(length))
    tail = np.zeros(size)
    for band in range(edges.size + 1):
        rt60_s = room.rt60_s * 2.0 ** (-room.high_decay * band)
        noise = np.fft.irfft(np.where(bins == band, spectrum, 0.0), length)[:size]
        tail += noise * 10.0 ** (-3.0 * time / rt60_s)
    return tail
