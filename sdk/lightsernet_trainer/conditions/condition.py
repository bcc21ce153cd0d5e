"""Conditions by name, for the command line and for training."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from lightsernet_edge.errors import InputError

from .codecs import mp3, mu_law
from .filters import telephone
from .formants import FORMANT_RANGE, shift_formants
from .level import gain
from .noise import Noises, add_noise, noise_digests
from .room import DISTANCE_M, DISTANCE_RANGE_M, RT60_RANGE_S, RT60_S, reverberate, room_response
from .sample_types import Floats, Samples, for_both_types
from .speed import SPEED_RANGE, change_speed

GRAMMAR = (
    "clean, gain:DB, noise:NAME:DB (or noise:any:DB), telephone, room[:RT60_S[:DISTANCE_M]], "
    "mp3, mu-law, speed:FACTOR, formants:FACTOR; a number may be a range, LOW..HIGH, to draw "
    "from; several joined by +"
)
CLEAN = "clean"

Step = Callable[[Floats, np.random.Generator], Floats]
Range = tuple[float, float]

_GAIN_RANGE_DB = (-90.0, 90.0)
_SNR_RANGE_DB = (-30.0, 90.0)


@dataclass(frozen=True)
class Condition:
    """Changes by name, applied one after the other.

    Attributes
    ----------
    name : str
        As it was parsed.
    steps : tuple of callable
        Each takes float64 samples and a generator, and gives float64 samples.
    """

    name: str
    steps: tuple[Step, ...]

    def __call__(self, samples: Samples, random: np.random.Generator) -> Samples:
        """Apply the changes.

        Parameters
        ----------
        samples : ndarray of float64 or int16, shape (n,)
        random : numpy.random.Generator
            `clip_random` gives one that depends on the clip alone.

        Returns
        -------
        ndarray of the same type
            As long, unless the speed is changed.
        """
        return _in_turn(samples, self.steps, random)


@for_both_types
def _in_turn(samples: Floats, steps: Sequence[Step], random: np.random.Generator) -> Floats:
    for step in steps:
        samples = step(samples, random)
    return samples


def clip_random(file: str, seed: int = 0) -> np.random.Generator:
    """Return random numbers that depend on a clip's file name and a seed alone.

    So a clip meets the same noise whatever else is scored, and in whatever order.
    """
    return np.random.default_rng((seed, zlib.crc32(file.encode(errors="surrogateescape"))))


def parse_condition(text: str, sample_rate: int, noises: Noises | None = None) -> Condition:
    """Read a condition as it is written on the command line.

    Parameters
    ----------
    text : str
        See `GRAMMAR`.
    sample_rate : int
        Of the clips, in hertz.
    noises : dict of str to ndarray, optional
        From `read_noises`; needed for ``noise``.

    Raises
    ------
    InputError
        If there is no such condition, or a number is out of its range.
    """
    steps = [_step(part, sample_rate, noises) for part in text.split("+") if part != CLEAN]
    return Condition(text, tuple(steps))


def noises_used(conditions: Iterable[str], noises: Noises | None) -> dict[str, str]:
    """Return what tells the noises that conditions name from others of the same name.

    Parameters
    ----------
    conditions : iterable of str
        That `parse_condition` takes with the same noises.
    noises : dict of str to ndarray, or None

    Returns
    -------
    dict of str to str
        SHA-256 of the samples by name, sorted; empty where no noise is named.
    """
    parts = [part.split(":") for text in conditions for part in text.split("+")]
    named = {words[1] for words in parts if words[0] == "noise" and len(words) == 3}
    return noise_digests(
        {
            name: samples
            for name, samples in (noises or {}).items()
            if name in named or "any" in named
        }
    )


def _step(text: str, sample_rate: int, noises: Noises | None) -> Step:
    name, *arguments = text.split(":")
    match name, len(arguments):
        case "gain", 1:
            decibels = _range(text, arguments[0], _GAIN_RANGE_DB)
            return lambda samples, random: gain(samples, _draw(decibels, random))
        case "noise", 2:
            return _noise_step(text, arguments[0], arguments[1], sample_rate, noises)
        case "telephone", 0:
            return lambda samples, random: telephone(samples, sample_rate)
        case "room", 0 | 1 | 2:
            return _room_step(text, arguments, sample_rate)
        case "mp3", 0:
            return lambda samples, random: mp3(samples, sample_rate)
        case "mu-law", 0:
            return lambda samples, random: mu_law(samples)
        case "speed", 1:
            factor = _range(text, arguments[0], SPEED_RANGE)
            return lambda samples, random: change_speed(samples, _draw(factor, random))
        case "formants", 1:
            shift = _range(text, arguments[0], FORMANT_RANGE)
            return lambda samples, random: shift_formants(
                samples, _draw(shift, random), sample_rate
            )
    raise InputError(f"condition {text!r}: unknown, expected {GRAMMAR}")


def _noise_step(text: str, name: str, snr: str, sample_rate: int, noises: Noises | None) -> Step:
    if not noises:
        raise InputError(f"condition {text!r}: expected a folder of noise recordings")
    if name not in (*noises, "any"):
        raise InputError(f"condition {text!r}: noise is none of {', '.join(noises)}, any")
    names = sorted(noises) if name == "any" else [name]
    decibels = _range(text, snr, _SNR_RANGE_DB)

    def step(samples: Floats, random: np.random.Generator) -> Floats:
        noise = noises[names[int(random.integers(len(names)))]]
        return add_noise(samples, noise, _draw(decibels, random), sample_rate, random)

    return step


def _room_step(text: str, arguments: Sequence[str], sample_rate: int) -> Step:
    ranges = [(RT60_S, RT60_S), (DISTANCE_M, DISTANCE_M)]
    limits = (RT60_RANGE_S, DISTANCE_RANGE_M)
    for i, argument in enumerate(arguments):
        ranges[i] = _range(text, argument, limits[i])
    rt60_s, distance_m = ranges
    if rt60_s[0] == rt60_s[1] and distance_m[0] == distance_m[1]:
        fixed = room_response(sample_rate, rt60_s[0], distance_m[0])
        return lambda samples, random: reverberate(samples, fixed)

    def step(samples: Floats, random: np.random.Generator) -> Floats:
        drawn = _draw(rt60_s, random), _draw(distance_m, random)
        seed = int(random.integers(2**31))
        return reverberate(samples, room_response(sample_rate, *drawn, seed))

    return step


def _range(text: str, number: str, limits: Range) -> Range:
    low, _, high = number.partition("..")
    try:
        found = float(low), float(high or low)
    except ValueError:
        found = math.nan, math.nan
    if not limits[0] <= found[0] <= found[1] <= limits[1]:
        raise InputError(
            f"condition {text!r}: found {number!r}, expected a number or a range LOW..HIGH in "
            f"{limits[0]:g}..{limits[1]:g}"
        )
    return found


def _draw(numbers: Range, random: np.random.Generator) -> float:
    low, high = numbers
    return low if low == high else float(random.uniform(low, high))
