"""Losses and schedules against Keras's own and the original code's arithmetic."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightsernet_trainer.network.losses import loss_function
from lightsernet_trainer.network.schedules import learning_rate_schedule


def some_batch(seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    truth = np.eye(7, dtype=np.float32)[random.integers(0, 7, 16)]
    return truth, random.dirichlet(np.ones(7), 16).astype(np.float32)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), gamma=st.floats(0.0, 5.0), smoothing=st.sampled_from([0.0, 0.1]))
def test_focal_loss_equals_keras(seed: int, gamma: float, smoothing: float) -> None:
    truth, posteriors = some_batch(seed)
    ours = loss_function("focal", gamma, smoothing)(truth, posteriors)
    theirs = keras.losses.CategoricalFocalCrossentropy(
        alpha=1.0, gamma=gamma, label_smoothing=smoothing
    )(truth, posteriors)
    assert float(ours) == pytest.approx(float(theirs), rel=1e-4, abs=1e-5)


def test_focal_loss_with_gamma_0_is_cross_entropy() -> None:
    truth, posteriors = some_batch(1)
    focal = loss_function("focal", 0.0, 0.0)(truth, posteriors)
    cross_entropy = -np.log(posteriors[truth == 1]).mean()
    assert float(focal) == pytest.approx(cross_entropy, rel=1e-4)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_cross_entropy_smooths_the_labels(smoothing: float) -> None:
    truth, posteriors = some_batch(2)
    soft = truth * (1 - smoothing) + smoothing / 7
    expected = -(soft * np.log(posteriors)).sum(axis=1).mean()
    assert float(loss_function("cross-entropy", 0.0, smoothing)(truth, posteriors)) == (
        pytest.approx(expected, rel=1e-4)
    )


def test_original_schedule() -> None:
    """The original callback: times exp(-0.15) when the epoch is above 50 and divides by 20."""
    steps = 15
    schedule = learning_rate_schedule("original", 1e-4, 300, steps)
    rate = 1e-4
    for epoch in range(300):
        if epoch >= 50 and epoch % 20 == 0:
            rate *= np.exp(-0.15)
        for step in (epoch * steps, epoch * steps + steps - 1):
            assert float(schedule(step)) == pytest.approx(rate, rel=1e-5)


def test_one_cycle_rises_then_falls_to_nothing() -> None:
    schedule = learning_rate_schedule("one-cycle", 1e-2, 10, 100)
    rates = [float(schedule(step)) for step in range(1000)]
    top = int(np.argmax(rates))
    assert top == 250
    assert rates[top] == pytest.approx(1e-2)
    assert rates[0] > 0
    assert all(np.diff(rates[: top + 1]) > 0)
    assert all(np.diff(rates[top:]) < 0)
    assert rates[-1] < 1e-7


def test_trapezoid_rises_stays_and_falls_to_a_tenth() -> None:
    schedule = learning_rate_schedule("trapezoid", 1e-2, 10, 100)
    rates = np.array([float(schedule(step)) for step in range(1000)])
    np.testing.assert_allclose(rates[:125], 1e-2 * np.arange(1, 126) / 125, rtol=1e-4)
    np.testing.assert_allclose(rates[125:500], 1e-2, rtol=1e-5)
    np.testing.assert_allclose(rates[500:], np.linspace(1e-2, 1e-3, 501)[:-1], rtol=1e-4)
