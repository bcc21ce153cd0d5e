"""`Scene`: where and through what a clip is heard, as it was drawn."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .magnitudes import Band, Equaliser
from .recipe import DrawRecipe, Range
from .rooms import Room

RECORDED, COLOURED, BABBLE = "recorded", "coloured", "babble"
_EQUALISER_KNOTS = 9
_SEEDS = 2**31


@dataclass(frozen=True)
class Noise:
    """Noise of a scene; the stretch of it is each clip's own.

    Attributes
    ----------
    kind : {"recorded", "coloured", "babble"}
    name : str
        Of the recording; empty for the others.
    snr_db : float
    colour : float
        Exponent of power over frequency, of coloured noise.
    talkers : int
        Of a babble.
    swell_db : float
        Standard deviation of the slow changes of level of noise by formula.
    """

    kind: str
    name: str
    snr_db: float
    colour: float
    talkers: int
    swell_db: float


@dataclass(frozen=True)
class Scene:
    """What happens to a clip, in this order; None is left out.

    Attributes
    ----------
    speed : float
        Factor.
    room : Room or None
    equaliser : Equaliser or None
    noise : Noise or None
    band : Band or None
    gain_db : float
    """

    speed: float
    room: Room | None
    equaliser: Equaliser | None
    noise: Noise | None
    band: Band | None
    gain_db: float


def draw_scene(recipe: DrawRecipe, who: str, number: int, noise_names: Sequence[str]) -> Scene:
    """Draw a scene.

    Every number is drawn whether it is used or not, so that a change of one share changes
    nothing else of a scene.

    Parameters
    ----------
    recipe : DrawRecipe
    who : str
        What clips that share scenes have in common.
    number : int
        Of the draw, from 0.
    noise_names : sequence of str
        Recordings that may be drawn; without any, noise is by formula.
    """
    random = random_of(recipe.seed, "scene", who, number)
    changed = random.random() >= recipe.only_sped
    speed = _geometric(recipe.speed, random)
    room = Room(
        _geometric(recipe.rt60_s, random),
        _geometric(recipe.distance_m, random),
        _geometric(recipe.volume_m3, random),
        int(random.integers(*recipe.reflections, endpoint=True)),
        random.uniform(*recipe.high_rt60),
        _geometric(recipe.crossover_hz, random),
        int(random.integers(_SEEDS)),
    )
    levels = recipe.equaliser_db * random.standard_normal(_EQUALISER_KNOTS)
    noise = _draw_noise(recipe, random, noise_names)
    band = Band(
        _geometric(recipe.high_pass_hz, random),
        _geometric(recipe.low_pass_hz, random),
        _geometric(recipe.high_pass_order, random),
        _geometric(recipe.low_pass_order, random),
    )
    gain_db = random.uniform(*recipe.gain_db)
    happens = random.random(4)
    return Scene(
        speed,
        room if changed and happens[0] < recipe.room else None,
        Equaliser(tuple(levels.tolist())) if changed and happens[1] < recipe.equaliser else None,
        noise if changed and happens[2] < recipe.noise else None,
        band if changed and happens[3] < recipe.band else None,
        gain_db,
    )


def _draw_noise(
    recipe: DrawRecipe, random: np.random.Generator, noise_names: Sequence[str]
) -> Noise:
    recorded, babble, place = random.random(3)
    kind, name = (BABBLE if babble < recipe.babble else COLOURED), ""
    if noise_names and recorded < recipe.recorded:
        kind, name = RECORDED, noise_names[int(place * len(noise_names))]
    return Noise(
        kind,
        name,
        random.uniform(*recipe.snr_db),
        random.uniform(*recipe.colour),
        int(random.integers(*recipe.talkers, endpoint=True)),
        random.uniform(*recipe.swell_db),
    )


def random_of(seed: int, purpose: str, who: str, number: int) -> np.random.Generator:
    """Return random numbers that depend on these alone."""
    words = f"{purpose}\n{number}\n{who}".encode(errors="surrogateescape")
    digest = hashlib.sha256(words).digest()
    return np.random.default_rng((seed, int.from_bytes(digest[:8], "little")))


def _geometric(numbers: Range, random: np.random.Generator) -> float:
    """Draw a number whose logarithm is uniform."""
    low, high = numbers
    return float(math.exp(random.uniform(math.log(low), math.log(high))))
