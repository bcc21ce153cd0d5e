"""Noise by formula: its slope by Welch's estimate, its swells, and that babble is like speech."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from lightsernet_trainer.draws.noises import babble, coloured_noise, swelled

RATE = 16000


@pytest.mark.parametrize("colour", [0.0, 1.0, 2.0])
def test_colour_is_the_slope_of_power(colour: float, figure: Callable[[str], None]) -> None:
    signal = pytest.importorskip("scipy.signal")
    noise = coloured_noise(30 * RATE, RATE, colour, np.random.default_rng(0))
    hertz, power = signal.welch(noise, RATE, nperseg=4096)
    fitted = (hertz > 100) & (hertz < 7000)
    slope = np.polyfit(np.log(hertz[fitted]), np.log(power[fitted]), 1)[0]
    figure(f"asked for {-colour}, measured {slope:.3f}")
    assert slope == pytest.approx(-colour, abs=0.05)


def test_swells_are_as_deep_as_asked_for() -> None:
    steady = np.ones(100 * RATE)
    found = swelled(steady, RATE, 4.0, 0.125, np.random.default_rng(0))
    eighths = 20 * np.log10(found).reshape(800, RATE // 8)
    at_knots = eighths[:, 0]
    assert np.std(at_knots) == pytest.approx(4.0, rel=0.1)
    halfway = eighths[:-1, RATE // 16]
    assert np.allclose(halfway, (at_knots[:-1] + at_knots[1:]) / 2), "no straight lines in dB"
    assert np.array_equal(swelled(steady, RATE, 0.0, 0.5, np.random.default_rng(0)), steady)


def modulation(samples: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the spectrum of the level over time."""
    signal = pytest.importorskip("scipy.signal")
    frames = samples[: samples.size // 160 * 160].reshape(-1, 160)
    level = np.sqrt(np.mean(frames**2, axis=1))
    hertz, power = signal.welch(level / level.mean(), 100.0, nperseg=512)
    return hertz, power


@pytest.mark.parametrize("seed", range(3))
def test_a_talker_has_syllables_and_formants(seed: int) -> None:
    signal = pytest.importorskip("scipy.signal")
    voice = babble(60 * RATE, RATE, 1, np.random.default_rng(seed))
    hertz, power = modulation(voice)
    syllables = power[(hertz > 2) & (hertz < 8)].mean()
    assert syllables > 5 * power[(hertz > 16) & (hertz < 50)].mean()
    hertz, power = signal.welch(voice, RATE, nperseg=1024)
    # Most of speech's power lies below 1 kHz (Byrne et al. 1994).
    assert power[hertz < 1000].sum() > 0.5 * power.sum()
    assert power[hertz > 5000].sum() < 0.05 * power.sum()


def test_many_talkers_are_steadier_than_one() -> None:
    depths = []
    for talkers in (1, 8):
        _, power = modulation(babble(30 * RATE, RATE, talkers, np.random.default_rng(1)))
        depths.append(power[1:].sum())
    assert depths[1] < depths[0] / 2


@pytest.mark.parametrize("size", [0, 1, 100, 16001])
def test_noise_is_as_long_as_asked_for(size: int) -> None:
    for make in (
        lambda: coloured_noise(size, RATE, 1.0, np.random.default_rng(0)),
        lambda: babble(size, RATE, 3, np.random.default_rng(0)),
        lambda: swelled(np.ones(size), RATE, 4.0, 0.7, np.random.default_rng(0)),
    ):
        assert make().shape == (size,)
        assert np.isfinite(make()).all()
        assert np.array_equal(make(), make())
