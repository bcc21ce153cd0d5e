"""Short clips of nobody, written to files: what draws need no speech for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from lightsernet_edge.features import FeatureSpec, recipe
from lightsernet_trainer.datasets.clip import Clip
from lightsernet_trainer.draws.recipe import DrawRecipe
from lightsernet_trainer.draws.store import DrawStore

RATE = 16000
SPEC: FeatureSpec = recipe("edge")
RECIPE = DrawRecipe(only_sped=0.1, noise=0.9)
NOISES = {
    "hum": np.random.default_rng(8).normal(size=9000),
    "running_tap": np.random.default_rng(9).normal(size=7000),
}


def syllables(seconds: float, seed: int = 0) -> NDArray[np.float64]:
    """Tones of 0.1 s between pauses as long, and a little noise."""
    random = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    tone = 0.2 * np.sin(2 * np.pi * random.uniform(150, 600) * time)
    return tone * (time // 0.1 % 2 == 0) + 1e-4 * random.normal(size=time.size)


def write_clips(folder: Path, count: int) -> list[Clip]:
    """Write clips of 0.4 to 0.6 s, two of each speaker."""
    folder.mkdir(parents=True, exist_ok=True)
    clips = []
    for number in range(count):
        path = folder / f"clip{number}.wav"
        seconds = 0.4 + 0.2 * number / max(1, count - 1)
        soundfile.write(path, syllables(seconds, number), RATE)
        clips.append(Clip(path, "neutral", f"speaker{number // 2}"))
    return clips


def disk_store(folder: Path, n_draws: int = 8, recipe: DrawRecipe = RECIPE) -> DrawStore:
    """Return a store that keeps draws in a folder."""
    return DrawStore(SPEC, recipe, n_draws, NOISES, "disk", folder)


def contents(folder: Path) -> dict[str, bytes]:
    """Return all that a folder holds, hidden files as well."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}
