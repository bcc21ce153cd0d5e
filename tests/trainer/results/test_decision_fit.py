"""A decision for strangers: it reaches its goals, says as much as it can, and never "other"."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightsernet_edge.decision import UNCERTAIN, DecisionRule
from lightsernet_trainer.results import decision_fit
from lightsernet_trainer.results.decision_fit import (
    Evidence,
    FittedDecision,
    Goals,
    cross_fitted_worth,
    fit_decision,
)

N_LABELS, NEUTRAL = 3, 2
LABELS = ("anger", "fear", "neutral")


def evidence(seed: int, count: int, skill: float, truth: int | None = None) -> Evidence:
    """Posteriors of four outputs, the last for none; right the more often, the more skill."""
    random = np.random.default_rng(seed)
    places = random.integers(0, N_LABELS, count) if truth is None else np.full(count, truth)
    logits = 2.0 * random.normal(size=(count, N_LABELS + 1))
    logits[np.arange(count), places] += skill
    outputs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truths = np.where(places < N_LABELS, places, -1)
    return Evidence(outputs, truths, tuple("abcd"[i % 4] for i in range(count)))


Kinds = tuple[Evidence, Evidence, Evidence]


def three(seed: int) -> Kinds:
    return (
        evidence(seed, 120, 3.0),
        evidence(seed + 1, 80, 1.0),
        evidence(seed + 2, 60, 2.0, truth=N_LABELS),
    )


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000))
def test_the_goals_are_reached(seed: int) -> None:
    corpus, foreign, ordinary = three(seed)
    goals = Goals(right=0.8, foreign=0.6, ordinary=0.2)
    found = fit_decision(corpus, foreign, ordinary, N_LABELS, NEUTRAL, goals)
    assert found.worth(corpus, NEUTRAL).right >= goals.right
    assert found.worth(foreign, NEUTRAL).right >= goals.foreign
    assert found.worth(ordinary, NEUTRAL).emotion <= goals.ordinary
    assert found.worth(corpus, NEUTRAL).said > 0.2


def test_worth_is_what_the_rule_says() -> None:
    """Beside `DecisionRule`, which decides on devices."""
    corpus, _, _ = three(5)
    decision = FittedDecision(0.7, (0.5, 0.8, 0.45))
    rule = DecisionRule(LABELS, 0.7, dict(zip(LABELS, decision.thresholds, strict=True)))
    said = [rule.label_of(rule.calibrated(row)) for row in corpus.outputs]
    truth = [LABELS[place] for place in corpus.truth]
    heard = [(a, b) for a, b in zip(said, truth, strict=True) if a != UNCERTAIN]
    worth = decision.worth(corpus, NEUTRAL)
    assert worth.said == pytest.approx(len(heard) / len(said))
    assert worth.right == pytest.approx(np.mean([a == b for a, b in heard]))
    assert worth.emotion == pytest.approx(np.mean([a not in ("neutral", UNCERTAIN) for a in said]))


def test_little_is_lost_beside_trying_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """One temperature, coarse thresholds: all combinations can be tried."""
    monkeypatch.setattr(decision_fit, "_TEMPERATURES", np.array([1.0]))
    levels = tuple(round(0.4 + 0.06 * step, 2) for step in range(10))
    monkeypatch.setattr(decision_fit, "_LEVELS", levels)
    goals = Goals(right=0.8, foreign=0.6, ordinary=0.2)
    lost = []
    for seed in range(10):
        kinds = three(10 * seed)

        def missing_and_said(decision: FittedDecision, kinds: Kinds = kinds) -> tuple[float, float]:
            corpus, foreign, ordinary = (decision.worth(each, NEUTRAL) for each in kinds)
            missing = (
                max(0.0, goals.right - corpus.right)
                + max(0.0, goals.foreign - foreign.right)
                + max(0.0, ordinary.emotion - goals.ordinary)
            )
            return -missing, corpus.said + 0.5 * foreign.said

        best = max(
            missing_and_said(FittedDecision(1.0, thresholds))
            for thresholds in itertools.product(levels, repeat=N_LABELS)
        )
        found = missing_and_said(fit_decision(*kinds, N_LABELS, NEUTRAL, goals))
        assert found[0] == best[0]
        lost.append(best[1] - found[1])
    assert np.mean(lost) < 0.02


def test_cross_fitting_leaves_each_speaker_out_once() -> None:
    corpus, foreign, ordinary = three(3)
    goals = Goals(right=0.8, foreign=0.6, ordinary=0.2)
    found = cross_fitted_worth(corpus, foreign, ordinary, N_LABELS, NEUTRAL, goals)
    said = 0.0
    for name in "abcd":
        out = [
            np.array([speaker == name for speaker in each.speakers]) for each in (corpus, foreign)
        ]
        fitted = fit_decision(
            corpus.of(~out[0]), foreign.of(~out[1]), ordinary, N_LABELS, NEUTRAL, goals
        )
        said += fitted.worth(corpus.of(out[0]), NEUTRAL).said * out[0].sum()
    assert found[0].said == pytest.approx(said / len(corpus.truth))


def test_where_nothing_reaches_the_goals_the_nearest_is_taken() -> None:
    corpus, foreign, ordinary = three(1)
    found = fit_decision(
        corpus, foreign, ordinary, N_LABELS, NEUTRAL, Goals(right=1.0, foreign=1.0, ordinary=0.0)
    )
    assert all(0.0 < threshold <= 1.0 for threshold in found.thresholds)
