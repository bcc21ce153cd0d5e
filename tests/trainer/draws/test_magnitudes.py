"""Bands against SciPy's Butterworth filters, equalisers at their knots."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightsernet_trainer.draws.magnitudes import Band, Equaliser, fft_size, filtered

RATE = 16000
HERTZ = np.linspace(1.0, 8000.0, 500)


@pytest.mark.parametrize("high_order", [1, 2, 5])
@pytest.mark.parametrize("low_order", [1, 3, 6])
def test_bands_are_butterworths(high_order: int, low_order: int) -> None:
    signal = pytest.importorskip("scipy.signal")
    expected = np.ones(HERTZ.size)
    for order, edge, kind in ((high_order, 300.0, "highpass"), (low_order, 3400.0, "lowpass")):
        b, a = signal.butter(order, edge, kind, analog=True)
        expected *= np.abs(signal.freqs(b, a, HERTZ)[1])
    found = Band(300.0, 3400.0, high_order, low_order).magnitude(HERTZ, RATE)
    assert 20 * np.log10(found) == pytest.approx(20 * np.log10(expected), abs=1e-6)


# Orders so high that one edge is no part of the other.
@given(st.floats(50, 420), st.floats(2500, 7800), st.floats(2.0, 24.0), st.floats(2.0, 24.0))
def test_edges_lose_three_decibels_of_a_signal(
    high_pass: float, low_pass: float, high_order: float, low_order: float
) -> None:
    band = Band(high_pass, low_pass, high_order, low_order)
    time = np.arange(RATE) / RATE
    for edge in (high_pass, low_pass):
        tone = np.sin(2 * np.pi * edge * time)
        heard = filtered(tone, band.magnitude, RATE)
        middle = slice(RATE // 4, 3 * RATE // 4)
        loss = 10 * np.log10(np.mean(heard[middle] ** 2) / np.mean(tone[middle] ** 2))
        assert loss == pytest.approx(-3.01, abs=0.15)


@given(st.lists(st.floats(-12, 12), min_size=9, max_size=9))
def test_an_equaliser_has_its_levels_at_its_knots(levels: list[float]) -> None:
    knots = np.geomspace(60.0, 8000.0, 9)
    equaliser = Equaliser(tuple(levels))
    found = 20 * np.log10(equaliser.magnitude(knots, RATE))
    assert found == pytest.approx(levels, abs=1e-9)
    between = 20 * np.log10(
        Equaliser(tuple(levels)).magnitude(np.sqrt(knots[:-1] * knots[1:]), RATE)
    )
    assert between == pytest.approx((np.array(levels[:-1]) + levels[1:]) / 2, abs=1e-9)


def test_what_is_left_alone_is_left_alone() -> None:
    samples = np.random.default_rng(0).normal(size=5000)
    assert np.allclose(filtered(samples, Equaliser((0.0,) * 9).magnitude, RATE), samples)


@given(st.integers(1, 10**7))
def test_transforms_have_a_fast_length(least: int) -> None:
    size = fft_size(least)
    assert least <= size <= max(2, 1.34 * least)
    odd = size // (size & -size)
    assert odd in (1, 3, 5)
    assert size % 2 == 0 or size == odd
