"""Posteriors into decisions."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax, softmax

from lightsernet_edge import DecisionDefaults, ModelError, ModelRecord
from lightsernet_edge.decision import UNCERTAIN, ContinuousDecision, DecisionRule, with_temperature
from lightsernet_edge.endpointing.settings import EndpointSettings
from lightsernet_edge.features import recipe


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


def test_below_its_threshold_a_label_is_uncertain() -> None:
    rule = DecisionRule(("a", "b"), thresholds={"b": 0.7})
    for posteriors, label in (
        ([0.51, 0.49], "a"),
        ([0.3, 0.7], "b"),
        ([0.31, 0.69], UNCERTAIN),
    ):
        emotion = rule.decide(np.array(posteriors), 0.0, 1.0)
        assert (emotion.label, emotion.confidence) == (label, max(posteriors))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.floats(0.1, 10), st.floats(0.1, 2))
def test_smoothing_is_an_exponential_mean(
    values: list[float], smoothing_s: float, step_s: float
) -> None:
    rule = DecisionRule(("a", "b"), smoothing_s=smoothing_s, hold_s=0.0)
    decision = ContinuousDecision(rule, step_s)
    for n in range(1, len(values) + 1):
        emotion = decision.decide(np.array([values[n - 1], 1 - values[n - 1]]), 0.0, 1.0)
        keep = math.exp(-step_s / smoothing_s)
        weights = [(1 - keep) * keep**k for k in range(n - 1)] + [keep ** (n - 1)]
        expected = sum(w * v for w, v in zip(weights, reversed(values[:n]), strict=True))
        assert emotion.posteriors["a"] == pytest.approx(expected, abs=1e-9)
        assert emotion.label == ("a" if emotion.posteriors["a"] >= emotion.posteriors["b"] else "b")


def test_a_new_label_is_held_back_for_a_while() -> None:
    rule = DecisionRule(("a", "b"), smoothing_s=0.0, hold_s=1.0)
    decision = ContinuousDecision(rule, 0.5)
    a, b = np.array([0.9, 0.1]), np.array([0.1, 0.9])
    said = [decision.decide(p, 0.0, 1.0).label for p in (a, b, a, b, b, b, a, a, a)]
    # The first at once; a single b never; two in a row, a second, then.
    assert said == ["a", "a", "a", "a", "b", "b", "b", "a", "a"]
    decision.reset()
    assert decision.decide(b, 0.0, 1.0).label == "b"


def record(**decision: object) -> bytes:
    """A record as JSON, with these fields of `decision` only."""
    made = ModelRecord(("a", "b"), recipe("edge"), sha256="0" * 64, size=1)
    data = json.loads(made.to_bytes())
    data["decision"] = decision
    return json.dumps(data).encode()


def test_records_without_the_newer_fields_are_read() -> None:
    old = ModelRecord.from_bytes(record(temperature=1.5, min_seconds=0.5)).decision
    assert old == DecisionDefaults(temperature=1.5, min_seconds=0.5)
    assert old.endpointing == EndpointSettings()
    new = ModelRecord.from_bytes(
        record(thresholds={"b": 0.7}, endpointing={"hang_over_s": 0.8, "later": 1}, later=2)
    )
    assert new.decision.thresholds == {"b": 0.7}
    assert new.decision.endpointing.hang_over_s == 0.8
    assert ModelRecord.from_bytes(new.to_bytes()) == new


@pytest.mark.parametrize(
    "wrong",
    [
        {"thresholds": {"b": 1.5}},
        {"thresholds": {"b": "0.5"}},
        {"thresholds": {"c": 0.5}},
        {"thresholds": [0.5, 0.5]},
        {"hold_s": -1},
        {"smoothing_s": True},
        {"window_s": 31},
        {"step_s": 0},
        {"endpointing": None},
        {"endpointing": {"hang_over_s": "long"}},
        {"endpointing": {"maximum_s": 1000}},
    ],
)
def test_damaged_decisions_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ModelError, match=r"record: decision\."):
        ModelRecord.from_bytes(record(**wrong))


def test_uncertain_cannot_be_a_label_with_a_threshold() -> None:
    with pytest.raises(ModelError, match="uncertain"):
        ModelRecord(
            (UNCERTAIN, "b"), recipe("edge"), decision=DecisionDefaults(thresholds={"b": 0.5})
        )
