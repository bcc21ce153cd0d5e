"""Additive noise at a ratio to the speech."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.audio.recording import read_recording
from lightsernet_edge.audio.scan import audio_files
from lightsernet_edge.errors import InputError

from .level import active_power
from .sample_types import Floats, for_both_types

PARTS = ("train", "test", "all")

Noises = Mapping[str, Floats]


def read_noises(folders: Path | Iterable[Path], sample_rate: int, part: str = "all") -> Noises:
    """Read the noise recordings of one folder or of several.

    Parameters
    ----------
    folders : Path or iterable of Path
        Of WAV, FLAC, OGG or MP3 files.
    sample_rate : int
        To bring them to, in hertz.
    part : {"all", "train", "test"}
        The first half of each recording trains, the second tests: a model is not scored on
        noise that it was trained with.

    Returns
    -------
    dict of str to ndarray of float64
        By the files' names without ending, sorted; without offset.

    Raises
    ------
    InputError
        If a folder holds no recording, one cannot be read, or two have the same name.
    """
    if part not in PARTS:
        raise InputError(f"part: found {part!r}, expected one of {', '.join(PARTS)}")
    paths: dict[str, Path] = {}
    for folder in [folders] if isinstance(folders, Path) else folders:
        found = audio_files(folder) if folder.is_dir() else []
        if not found:
            raise InputError(f"{folder}: holds no noise, expected a folder of recordings")
        for path in found:
            if paths.setdefault(path.stem, path) != path:
                raise InputError(
                    f"{path}: is named as {paths[path.stem]} is, expected another name"
                )
    noises = {}
    for name, path in sorted(paths.items()):
        samples = read_recording(path, sample_rate).samples
        middle = samples.size // 2
        samples = {"train": samples[:middle], "test": samples[middle:]}.get(part, samples)
        if samples.size == 0 or not np.ptp(samples):
            raise InputError(f"{path}: is silent, expected noise")
        noises[name] = samples - samples.mean()
    return noises


def noise_digests(noises: Noises) -> dict[str, str]:
    """Return what tells noises from others of the same name: SHA-256 of the samples, sorted."""
    return {
        name: hashlib.sha256(samples.tobytes()).hexdigest()
        for name, samples in sorted(noises.items())
    }


@for_both_types
def add_noise(
    samples: Floats, noise: Floats, snr_db: float, sample_rate: int, random: np.random.Generator
) -> Floats:
    """Add a stretch of noise from a random place on, looped where it ends.

    Parameters
    ----------
    samples : ndarray of float64 or int16, shape (n,)
        Silence is returned as it is.
    noise : ndarray of float64, shape (m,)
        Of any level.
    snr_db : float
        See `at_snr`.
    sample_rate : int
        Of both, in hertz.
    random : numpy.random.Generator
        One number is drawn.
    """
    return at_snr(samples, stretch_of(noise, samples.size, random), snr_db, sample_rate)


def stretch_of(noise: NDArray[np.floating[Any]], size: int, random: np.random.Generator) -> Floats:
    """Return so many samples of noise from a random place on, looped where it ends."""
    start = int(random.integers(noise.size))
    return np.asarray(noise[(start + np.arange(size)) % noise.size], dtype=np.float64)


def at_snr(samples: Floats, stretch: Floats, snr_db: float, sample_rate: int) -> Floats:
    """Add as much noise as gives a ratio.

    The ratio is that of the speech's power without its pauses (`active_power`) to the power
    of the stretch added: pauses make a clip no noisier. Neither is weighted by frequency.

    Parameters
    ----------
    samples : ndarray of float64, shape (n,)
        Silence is returned as it is.
    stretch : ndarray of float64, shape (n,)
        Of any level.
    snr_db : float
    sample_rate : int
        Of both, in hertz.
    """
    speech_power = active_power(samples, sample_rate)
    noise_power = float(np.mean(stretch**2)) if samples.size else 0.0
    if speech_power == 0.0 or noise_power == 0.0:
        return samples
    factor = math.sqrt(speech_power / noise_power * 10.0 ** (-snr_db / 10.0))
    return np.asarray(samples + factor * stretch)
