"""Rooms that are drawn: direct sound, a few reflections, a tail that loses its high notes first.

By formula, because 120 draws of EMO-DB need some 22,000 rooms. pyroomacoustics 0.10.1, which is
well kept and installs as a wheel, was tried on one core for rooms of 15 to 130 m3. Its image
sources take 0.09 s for a reverberation time of 0.2 s, 0.55 s for 0.4 s and 11.6 s for 0.9 s; with
reflections of the third order and rays for the rest it takes 0.19, 0.43 and 0.98 s. That is some
three hours where this takes half a minute. Image sources up to the sixth order take 3 ms, but leave
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
# Single reflections arrive in this time; in the tail after its beginning all at once.
_EARLY_S = (0.001, 0.03)
_TAIL_FROM_S = (0.002, 0.008)
# Share of the energy that a wall reflects.
_REFLECTED = (0.3, 0.9)
# What is left to the tail where single reflections have all the energy of the field.
_LEAST_TAIL = 0.1


@dataclass(frozen=True)
class Room:
    """A room, a speaker and a microphone in it.

    Attributes
    ----------
    rt60_s : float
        Reverberation time of low frequencies.
    distance_m : float
        From mouth to microphone.
    volume_m3 : float
    reflections : int
        Single ones, before the tail and among its beginning.
    high_rt60 : float
        Reverberation time of high frequencies, as a share of that of the low ones.
    crossover_hz : float
        Where both have half of the power.
    seed : int
        Of reflections and tail.
    """

    rt60_s: float
    distance_m: float
    volume_m3: float
    reflections: int
    high_rt60: float
    crossover_hz: float
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
    size = round(max(room.rt60_s, _EARLY_S[1]) * sample_rate) + 1
    delays_s = random.uniform(*_EARLY_S, room.reflections)
    amplitudes = np.sqrt(random.uniform(*_REFLECTED, room.reflections))
    amplitudes *= room.distance_m / (room.distance_m + delays_s * _SPEED_OF_SOUND)
    response = np.zeros(size)
    np.add.at(response, np.rint(delays_s * sample_rate).astype(int), amplitudes)
    tail = _tail(room, size, sample_rate, random)
    tail[: round(random.uniform(*_TAIL_FROM_S) * sample_rate)] = 0.0
    critical_m = _CRITICAL_DISTANCE * np.sqrt(room.volume_m3 / room.rt60_s)
    field = (room.distance_m / critical_m) ** 2
    left = max(field - float(np.sum(response**2)), _LEAST_TAIL * field)
    response += tail * np.sqrt(left / np.sum(tail**2))
    response[0] += 1.0
    return np.asarray(response / np.sqrt(np.sum(response**2)))


def _tail(room: Room, size: int, sample_rate: int, random: np.random.Generator) -> Floats:
    """Return noise whose low and high frequencies decay each in their own time."""
    time = np.arange(size) / sample_rate
    length = fft_size(size)
    hertz = np.fft.rfftfreq(length, 1.0 / sample_rate)
    spectrum = np.fft.rfft(random.standard_normal(length))
    # Power of a Butterworth filter of second order, and what that leaves.
    low = 1.0 / (1.0 + (hertz / room.crossover_hz) ** 4)
    tail = np.zeros(size)
    for share, rt60_s in ((low, room.rt60_s), (1.0 - low, room.high_rt60 * room.rt60_s)):
        noise = np.fft.irfft(spectrum * np.sqrt(share), length)[:size]
        tail += noise * 10.0 ** (-3.0 * time / rt60_s)
    return tail
