"""A small room by formula: direct sound, first reflections, decaying noise."""

from __future__ import annotations

import numpy as np

from lightsernet_edge.errors import InputError

from .filters import convolve
from .sample_types import Floats, for_both_types

RT60_S = 0.4
DISTANCE_M = 1.0
RT60_RANGE_S = (0.15, 1.5)
DISTANCE_RANGE_M = (0.2, 2.0)

_SPEED_OF_SOUND = 343.0  # m/s at 20 degrees
# A living room's length, width and height, and where the speaker stands in it.
_SIZE_M = np.array([4.2, 3.4, 2.6])
_SPEAKER_M = np.array([1.1, 1.3, 1.5])
_TO_MICROPHONE = np.array([0.8, 0.6, 0.0])
_VOLUME = float(np.prod(_SIZE_M))
_SURFACE = 2.0 * float(_SIZE_M[0] * _SIZE_M[1] + _SIZE_M[0] * _SIZE_M[2] + _SIZE_M[1] * _SIZE_M[2])
_SABINE = 0.161  # s/m
_CRITICAL_DISTANCE = 0.057  # of an omnidirectional source: times sqrt(volume / RT60)


def room_response(
    sample_rate: int, rt60_s: float = RT60_S, distance_m: float = DISTANCE_M, seed: int = 0
) -> Floats:
    """Return a room's impulse response, from the direct sound on, of energy 1.

    The six first reflections of a box of 37 m3 come as those of image sources (Allen and
    Berkley 1979); its walls reflect, alike at all frequencies, what Sabine's formula says of
    the reverberation time. Noise that decays by 60 dB in that time follows, one mean free
    path after the direct sound. Together they have the energy of a diffuse field at that
    distance (Kuttruff, Room Acoustics: critical distance).

    Parameters
    ----------
    sample_rate : int
        In hertz, above 0.
    rt60_s : float
        Reverberation time, in 0.15..1.5 s.
    distance_m : float
        From mouth to microphone, in 0.2..2 m.
    seed : int
        Of the noise.

    Raises
    ------
    InputError
        If a number is out of its range.
    """
    for name, value, (low, high) in (
        ("RT60", rt60_s, RT60_RANGE_S),
        ("distance", distance_m, DISTANCE_RANGE_M),
    ):
        if not low <= value <= high:
            raise InputError(f"room: {name} is {value}, expected {low}..{high}")
    reflected_energy = 1.0 - _SABINE * _VOLUME / (_SURFACE * rt60_s)
    distances = _image_distances(_SPEAKER_M + distance_m * _TO_MICROPHONE)
    time = np.arange(round(rt60_s * sample_rate)) / sample_rate
    early = np.zeros(time.size)
    places = np.rint((distances - distance_m) / _SPEED_OF_SOUND * sample_rate).astype(int)
    np.add.at(early, places, np.sqrt(reflected_energy) * distance_m / distances)
    tail = np.random.default_rng(seed).standard_normal(time.size) * 10.0 ** (-3.0 * time / rt60_s)
    tail[time < 4.0 * _VOLUME / _SURFACE / _SPEED_OF_SOUND] = 0.0
    tail[places] = 0.0
    critical_distance = _CRITICAL_DISTANCE * np.sqrt(_VOLUME / rt60_s)
    diffuse_energy = (distance_m / critical_distance) ** 2 - np.sum(early**2)
    response = early + tail * np.sqrt(diffuse_energy / np.sum(tail**2))
    response[0] += 1.0
    return np.asarray(response / np.sqrt(np.sum(response**2)))


@for_both_types
def reverberate(samples: Floats, response: Floats) -> Floats:
    """Put a recording into a room; it ends when the dry one does.

    Parameters
    ----------
    samples : ndarray of float64 or int16, shape (n,)
    response : ndarray of float64, shape (m,)
        From `room_response`.
    """
    return convolve(samples, response)


def _image_distances(microphone: Floats) -> Floats:
    """Return the distances of the speaker's six mirror images from the microphone, in metres."""
    images = np.tile(_SPEAKER_M, (6, 1))
    for axis in range(3):
        images[2 * axis, axis] = -_SPEAKER_M[axis]
        images[2 * axis + 1, axis] = 2.0 * _SIZE_M[axis] - _SPEAKER_M[axis]
    return np.asarray(np.linalg.norm(images - microphone, axis=1))
