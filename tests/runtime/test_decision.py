"""Posteriors into decisions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax, softmax

from lightsernet_edge.decision import DecisionRule, with_temperature


def test_the_first_of_equal_labels_wins() -> None:
    emotion = DecisionRule(("c", "b", "a")).decide(np.array([0.2, 0.4, 0.4]), 1.0, 2.5)
    assert (emotion.label, emotion.confidence) == ("b", 0.4)
    assert emotion.posteriors == {"c": 0.2, "b": 0.4, "a": 0.4}
    assert (emotion.start_s, emotion.end_s) == (1.0, 2.5)


@given(st.lists(st.floats(-3, 3), min_size=2, max_size=9), st.floats(0.3, 5.0))
def test_temperature_divides_the_logits(logits: list[float], temperature: float) -> None:
    posteriors = softmax(np.array(logits))
    if posteriors.min() < 1 / 512:
        return
    expected = softmax(log_softmax(np.array(logits)) / temperature)
    np.testing.assert_allclose(with_temperature(posteriors, temperature), expected, rtol=1e-9)


def test_temperature_takes_a_zero_as_half_a_step() -> None:
    softened = with_temperature(np.array([255 / 256, 0.0, 1 / 256]), 2.0)
    assert softened.sum() == pytest.approx(1.0)
    assert softened[0] > softened[2] > softened[1] > 0
