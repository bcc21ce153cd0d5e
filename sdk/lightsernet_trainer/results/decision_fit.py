"""A decision for strangers: fitted on held-out actors, on foreign speech and on ordinary speech.

Temperature and thresholds that were fitted on a corpus alone are worth little on anybody else. Here
they are those with which most is said, among those with which what is said is right often enough:
of the corpus, of other people's speech, and of ordinary speech, of which nothing should be said but
that it is neutral.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.decision import with_temperature

# Candidates: temperatures, and thresholds of a label.
_TEMPERATURES = np.geomspace(0.4, 1.6, 15)
_LEVELS = tuple(round(0.4 + 0.02 * step, 2) for step in range(30))
# Weight of foreign speech beside the corpus in how much is said.
_FOREIGN_WEIGHT = 0.5
# What is given of it for each part that is missing to a goal.
_PRICE = 4.0

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Goals:
    """What a decision shall reach.

    Attributes
    ----------
    right : float
        Share of what is said of held-out speakers of the corpus that shall be right.
    foreign : float
        The same of other people's speech.
    ordinary : float
        The largest share of ordinary speech that may be given an emotion other than neutral.
    """

    right: float = 0.88
    foreign: float = 0.52
    ordinary: float = 0.18


@dataclass(frozen=True)
class Evidence:
    """What models answered to a kind of speech.

    Attributes
    ----------
    outputs : ndarray of float64, shape (n, n_outputs)
        Posteriors of temperature 1.
    truth : ndarray of int, shape (n,)
        Places of the labels; -1 where every label but neutral is wrong.
    speakers : tuple of str
        One entry per clip.
    """

    outputs: Floats
    truth: NDArray[np.int64]
    speakers: tuple[str, ...]

    def of(self, chosen: NDArray[np.bool_]) -> Evidence:
        """Return the part of it that a mask of shape (n,) chooses."""
        names = tuple(name for name, is_in in zip(self.speakers, chosen, strict=True) if is_in)
        return Evidence(self.outputs[chosen], self.truth[chosen], names)


@dataclass(frozen=True)
class Worth:
    """What a decision is worth on some speech.

    Attributes
    ----------
    said : float
        Share of the clips that a label is said of, in 0..1.
    right : float
        Share of these whose label is right, in 0..1; 1 if nothing is said.
    emotion : float
        Share of the clips that a label other than neutral is said of, in 0..1.
    """

    said: float
    right: float
    emotion: float


@dataclass(frozen=True)
class FittedDecision:
    """A temperature and one threshold per label, in label order."""

    temperature: float
    thresholds: tuple[float, ...]

    def worth(self, evidence: Evidence, neutral: int) -> Worth:
        """Return what the decision is worth; `neutral` is the place of that label, or -1."""
        return _Decided.of(evidence, self.temperature).worth(np.array(self.thresholds), neutral)


@dataclass(frozen=True)
class _Decided:
    """The likeliest output of each clip at a temperature."""

    best: NDArray[np.int64]
    confidence: Floats
    truth: NDArray[np.int64]

    @classmethod
    def of(cls, evidence: Evidence, temperature: float) -> _Decided:
        posteriors = with_temperature(evidence.outputs, temperature)
        return cls(posteriors.argmax(axis=1), posteriors.max(axis=1), evidence.truth)

    def worth(self, thresholds: Floats, neutral: int) -> Worth:
        # The output for what is no label is never said.
        said = self.confidence >= np.append(thresholds, np.inf)[self.best]
        right = (self.best == self.truth)[said]
        return Worth(
            float(said.mean()),
            float(right.mean()) if right.size else 1.0,
            float((said & (self.best != neutral)).mean()),
        )


def fit_decision(
    corpus: Evidence,
    foreign: Evidence,
    ordinary: Evidence,
    n_labels: int,
    neutral: int,
    goals: Goals = Goals(),
) -> FittedDecision:
    """Return the decision that says most among those that reach the goals.

    For each temperature the thresholds begin at 0.4, and move one at a time. Where no decision
    reaches the goals, it is the one that comes nearest.

    Parameters
    ----------
    corpus, foreign, ordinary : Evidence
        Each of at least one clip.
    n_labels : int
        Number of labels; there may be one output more.
    neutral : int
        Place of the label neutral, -1 if there is none.
    goals : Goals
    """
    found = []
    for temperature in _TEMPERATURES:
        kinds = [_Decided.of(each, temperature) for each in (corpus, foreign, ordinary)]
        judge = functools.partial(_judged, kinds, neutral, goals)
        # Straight to the goals, and first by a trade of one for the other: thresholds that
        # hurry to the goals get stuck, and so do those that trade, but seldom in the same place.
        for ranks in ((_strict,), (_traded, _strict)):
            thresholds = np.full(n_labels, _LEVELS[0])
            for rank in ranks:
                thresholds = _settled(thresholds, judge, rank)
            decision = FittedDecision(float(temperature), tuple(thresholds.tolist()))
            found.append((_strict(*judge(thresholds)), decision))
    return max(found, key=lambda each: each[0])[1]


def _settled(
    thresholds: Floats,
    judge: Callable[[Floats], tuple[float, float]],
    rank: Callable[[float, float], tuple[float, ...]],
) -> Floats:
    """Move one threshold at a time to where it ranks highest, until none moves."""
    best, moved = rank(*judge(thresholds)), True
    while moved:
        moved = False
        for label, level in itertools.product(range(len(thresholds)), _LEVELS):
            tried = thresholds.copy()
            tried[label] = level
            found = rank(*judge(tried))
            if found > best:
                best, thresholds, moved = found, tried, True
    return thresholds


def _strict(said: float, missing: float) -> tuple[float, ...]:
    return -missing, said


def _traded(said: float, missing: float) -> tuple[float, ...]:
    return (said - _PRICE * missing,)


def _judged(
    kinds: Sequence[_Decided], neutral: int, goals: Goals, thresholds: Floats
) -> tuple[float, float]:
    """Return how much is said, and what is missing to the goals, 0 if they are reached."""
    corpus, foreign, ordinary = (kind.worth(thresholds, neutral) for kind in kinds)
    missing = (
        max(0.0, goals.right - corpus.right)
        + max(0.0, goals.foreign - foreign.right)
        + max(0.0, ordinary.emotion - goals.ordinary)
    )
    return corpus.said + _FOREIGN_WEIGHT * foreign.said, missing


def cross_fitted_worth(
    corpus: Evidence,
    foreign: Evidence,
    ordinary: Evidence,
    n_labels: int,
    neutral: int,
    goals: Goals = Goals(),
) -> tuple[Worth, Worth]:
    """Return what such decisions are worth on speakers that they were not fitted on.

    One speaker of the corpus and one of the foreign speech are left out at a time, in turn.

    Returns
    -------
    corpus, foreign : Worth
    """
    parts: list[list[tuple[int, Worth]]] = [[], []]
    sets = (corpus, foreign)
    names = [sorted(set(each.speakers)) for each in sets]
    for turn in range(max(map(len, names))):
        out = [
            np.array([speaker == mine[turn % len(mine)] for speaker in each.speakers])
            for each, mine in zip(sets, names, strict=True)
        ]
        fitted = fit_decision(
            corpus.of(~out[0]), foreign.of(~out[1]), ordinary, n_labels, neutral, goals
        )
        for part, each, mine, left_out in zip(parts, sets, names, out, strict=True):
            if turn < len(mine):
                part.append((int(left_out.sum()), fitted.worth(each.of(left_out), neutral)))
    return _pooled(parts[0]), _pooled(parts[1])


def _pooled(parts: Sequence[tuple[int, Worth]]) -> Worth:
    clips = sum(count for count, _ in parts)
    said = sum(count * worth.said for count, worth in parts)
    right = sum(count * worth.said * worth.right for count, worth in parts)
    emotion = sum(count * worth.emotion for count, worth in parts)
    return Worth(said / clips, right / said if said else 1.0, emotion / clips)
