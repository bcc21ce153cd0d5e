"""A clip in a scene: the signal that a draw's features are of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..conditions.noise import at_snr, stretch_of
from ..conditions.room import reverberate
from ..conditions.sample_types import Floats
from ..conditions.speed import change_speed
from .magnitudes import filtered
from .noises import babble, coloured_noise, swelled
from .recipe import DrawRecipe
from .rooms import response_of
from .scene import BABBLE, RECORDED, Noise, Scene

# Of full scale.
_NOISE_LEVEL = 0.1

Recordings = Mapping[str, NDArray[np.floating[Any]]]


def hear(
    samples: Floats,
    scene: Scene,
    recipe: DrawRecipe,
    sample_rate: int,
    recordings: Recordings,
    random: np.random.Generator,
) -> Floats:
    """Let a clip go through a scene.

    Parameters
    ----------
    samples : ndarray of float64, shape (n,)
        In units of full scale.
    scene : Scene
    recipe : DrawRecipe
        That the scene was drawn from.
    sample_rate : int
        In hertz.
    recordings : dict of str to ndarray
        The noises that scenes name.
    random : numpy.random.Generator
        Of the stretch of noise.

    Returns
    -------
    ndarray of float64, shape (about n / speed,)
        Not rounded, and not clipped at full scale.
    """
    samples = change_speed(samples, scene.speed)
    if scene.room is not None:
        samples = reverberate(samples, response_of(scene.room, sample_rate))
    if scene.equaliser is not None:
        samples = filtered(samples, scene.equaliser.magnitude, sample_rate)
    if scene.noise is not None:
        stretch = _stretch(scene.noise, recipe, samples.size, sample_rate, recordings, random)
        samples = at_snr(samples, stretch, scene.noise.snr_db, sample_rate)
    if scene.band is not None:
        samples = filtered(samples, scene.band.magnitude, sample_rate)
    return np.asarray(samples * 10.0 ** (scene.gain_db / 20.0))


def hear_noise(
    scene: Scene,
    recipe: DrawRecipe,
    size: int,
    sample_rate: int,
    recordings: Recordings,
    random: np.random.Generator,
) -> Floats:
    """Return the noise of a scene where nobody speaks, through its response and band.

    Parameters
    ----------
    scene : Scene
        One with noise.
    recipe : DrawRecipe
        That the scene was drawn from.
    size : int
        Number of samples.
    sample_rate : int
        In hertz.
    recordings : dict of str to ndarray
        The noises that scenes name.
    random : numpy.random.Generator
        Of the stretch of noise.

    Returns
    -------
    ndarray of float64, shape (size,)
        With a deviation of 0.1 before the scene's gain.
    """
    assert scene.noise is not None
    samples = _stretch(scene.noise, recipe, size, sample_rate, recordings, random)
    for change in (scene.equaliser, scene.band):
        if change is not None:
            samples = filtered(samples, change.magnitude, sample_rate)
    level = float(np.std(samples)) or 1.0
    return np.asarray(samples * (_NOISE_LEVEL / level * 10.0 ** (scene.gain_db / 20.0)))


def _stretch(
    noise: Noise,
    recipe: DrawRecipe,
    size: int,
    sample_rate: int,
    recordings: Recordings,
    random: np.random.Generator,
) -> Floats:
    if noise.kind == RECORDED:
        return stretch_of(recordings[noise.name], size, random)
    if noise.kind == BABBLE:
        steady = babble(size, sample_rate, noise.talkers, random)
    else:
        steady = coloured_noise(size, sample_rate, noise.colour, random)
    return swelled(steady, sample_rate, noise.swell_db, recipe.swell_s, random)
