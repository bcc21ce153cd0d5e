"""What a clip goes through, in the order of the recipe, at the ratio and in the band drawn."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lightsernet_edge.audio.recording import read_recording
from lightsernet_trainer.conditions.level import active_power
from lightsernet_trainer.draws.hearing import hear, hear_noise
from lightsernet_trainer.draws.magnitudes import Band
from lightsernet_trainer.draws.recipe import DrawRecipe
from lightsernet_trainer.draws.scene import (
    BABBLE,
    COLOURED,
    RECORDED,
    Noise,
    Scene,
    draw_scene,
    random_of,
)
from tests.trainer.draws.made_up_clips import NOISES, RATE, syllables

QUIET = Scene(1.0, None, None, None, None, 0.0)
CLIP = syllables(1.0)


def heard(scene: Scene, samples: NDArray[np.float64] = CLIP) -> NDArray[np.float64]:
    return hear(samples, scene, DrawRecipe(), RATE, NOISES, np.random.default_rng(0))


def test_a_quiet_scene_changes_nothing() -> None:
    assert np.array_equal(heard(QUIET), CLIP)


@settings(max_examples=30)
@given(st.sampled_from([RECORDED, COLOURED, BABBLE]), st.floats(-5, 40), st.integers(0, 2**31))
def test_noise_has_its_ratio(kind: str, snr_db: float, seed: int) -> None:
    noise = Noise(kind, "hum" if kind == RECORDED else "", snr_db, 1.0, 3, 4.0)
    scene = dataclasses.replace(QUIET, noise=noise)
    mixed = hear(CLIP, scene, DrawRecipe(), RATE, NOISES, np.random.default_rng(seed))
    measured = 10 * np.log10(active_power(CLIP, RATE) / np.mean((mixed - CLIP) ** 2))
    assert measured == pytest.approx(snr_db, abs=1e-6)


@pytest.mark.parametrize("name", NOISES)
def test_the_recording_that_was_drawn_is_heard(name: str) -> None:
    noise = Noise(RECORDED, name, 0.0, 1.0, 3, 4.0)
    added = heard(dataclasses.replace(QUIET, noise=noise)) - CLIP
    match = {
        other: np.abs(np.correlate(np.tile(samples, 3), added[:2000])).max()
        for other, samples in NOISES.items()
    }
    assert max(match, key=lambda other: match[other]) == name


def test_noise_is_in_the_band_as_speech_is() -> None:
    """What a line cuts off, it cuts off of noise too."""
    signal = pytest.importorskip("scipy.signal")
    scene = dataclasses.replace(
        QUIET, noise=Noise(COLOURED, "", 0.0, 0.0, 3, 4.0), band=Band(300.0, 3000.0, 6.0, 6.0)
    )
    hertz, power = signal.welch(heard(scene), RATE)
    assert power[hertz > 6000].max() < 1e-3 * power[(hertz > 500) & (hertz < 2500)].mean()


def test_level_is_last_and_nothing_is_clipped() -> None:
    loud = dataclasses.replace(
        QUIET, noise=Noise(COLOURED, "", 0.0, 0.0, 3, 4.0), band=Band(50.0, 7000.0, 1.0, 1.0)
    )
    once = heard(loud)
    louder = heard(dataclasses.replace(loud, gain_db=40.0))
    assert np.abs(louder).max() > 1.0
    assert np.allclose(louder, 100.0 * once, rtol=1e-12)


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.sampled_from([0, 1, 300, 8000]))
def test_every_scene_can_be_heard(number: int, size: int) -> None:
    scene = draw_scene(DrawRecipe(), "clip", number, list(NOISES))
    random = random_of(0, "clip", "clip", number)
    found = hear(CLIP[:size], scene, DrawRecipe(), RATE, NOISES, random)
    assert np.isfinite(found).all()
    assert found.size == pytest.approx(size / scene.speed, abs=1)
    again = random_of(0, "clip", "clip", number)
    assert np.array_equal(found, hear(CLIP[:size], scene, DrawRecipe(), RATE, NOISES, again))


def test_real_speech_is_as_loud_as_before_its_level_is_changed(emodb: Path) -> None:
    speech = read_recording(emodb / "wav" / "03a01Fa.wav", RATE).samples
    levels = []
    for number in range(60):
        scene = dataclasses.replace(draw_scene(DrawRecipe(), "a", number, ()), gain_db=0.0)
        levels.append(10 * np.log10(active_power(heard(scene, speech), RATE)))
    original = 10 * np.log10(active_power(speech, RATE))
    # Rooms have energy 1, equalisers a mean of 0 dB, noise at most half of the power.
    assert np.median(levels) == pytest.approx(original, abs=2.0)
    assert np.abs(np.array(levels) - original).max() < 15.0


@settings(max_examples=20)
@given(
    st.sampled_from([RECORDED, COLOURED, BABBLE]),
    st.floats(-24, 6),
    st.booleans(),
    st.integers(0, 99),
)
def test_noise_alone_has_its_level(kind: str, gain_db: float, in_band: bool, seed: int) -> None:
    noise = Noise(kind, "hum" if kind == RECORDED else "", 20.0, 1.0, 3, 4.0)
    band = Band(300.0, 3400.0, 8.0, 8.0) if in_band else None
    scene = dataclasses.replace(QUIET, noise=noise, band=band, gain_db=gain_db)
    heard = hear_noise(scene, DrawRecipe(), RATE, RATE, NOISES, np.random.default_rng(seed))
    assert heard.shape == (RATE,)
    assert np.std(heard) == pytest.approx(0.1 * 10 ** (gain_db / 20))
    if in_band:
        power = np.abs(np.fft.rfft(heard)) ** 2
        assert power[6000:].sum() < 1e-2 * power.sum()
