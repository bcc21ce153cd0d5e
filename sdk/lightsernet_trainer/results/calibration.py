"""Temperature and thresholds: how far a model's posteriors can be believed.

Both are fitted on posteriors of clips that the model was not trained on, as ``crossval``
gives them. What they are worth is cross-fitted: for each speaker from the clips of the
other speakers alone. The models that gave those posteriors were trained on that speaker
too; only a cross-validation within each fold would leave that out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.decision import LEAST_POSTERIOR, with_temperature
from lightsernet_edge.errors import InputError

from .reliability import Reliability, reliability
from .result import Result
from .result import outputs as outputs_of
from .result import truth as truth_of

COVERAGES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)
# Range of the temperature; over its logarithm the loss has one minimum.
_LOW, _HIGH = 1 / 16, 16.0
_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0
_STEPS = 60
# Below 0.5, calibrated, a label is wrong more often than right; it is never reported.
_EVEN = 0.5
# The least number of clips whose accuracy a threshold is judged by.
_LEAST_CLIPS = 5

Posteriors = NDArray[np.float64]
Truth = NDArray[np.int64]


def negative_log_likelihood(posteriors: Posteriors, truth: Truth) -> float:
    """Return the mean of -ln of the true labels' posteriors.

    Parameters
    ----------
    posteriors : ndarray of float64, shape (n, n_labels)
        In 0..1; 0 counts as half a step of int8.
    truth : ndarray of int, shape (n,)
        Places in label order.
    """
    chosen = posteriors[np.arange(len(truth)), truth]
    return float(-np.log(np.maximum(chosen, LEAST_POSTERIOR)).mean())


def fit_temperature(posteriors: Posteriors, truth: Truth) -> float:
    """Return the temperature with the least negative log-likelihood (Guo et al. 2017).

    A golden-section search over its logarithm, between temperatures of 1/16 and 16.

    Parameters
    ----------
    posteriors : ndarray of float64, shape (n, n_labels)
        In 0..1.
    truth : ndarray of int, shape (n,)
        Places in label order.

    Raises
    ------
    InputError
        If there is no clip.
    """
    if not len(truth):
        raise InputError("calibration: found no clip, expected some to fit a temperature on")

    logits = np.log(np.maximum(posteriors, LEAST_POSTERIOR))

    def loss(log_temperature: float) -> float:
        # Convex only while no posterior is held up by the least one.
        scaled = logits / math.exp(log_temperature)
        chosen = scaled[np.arange(len(truth)), truth]
        return float((np.logaddexp.reduce(scaled, axis=1) - chosen).mean())

    low, high = math.log(_LOW), math.log(_HIGH)
    for _ in range(_STEPS):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        low, high = (low, right) if loss(left) <= loss(right) else (left, high)
    return math.exp((low + high) / 2.0)


def fit_thresholds(posteriors: Posteriors, truth: Truth, goal: float) -> NDArray[np.float64]:
    """Return, per label, the least threshold above which the label is right often enough.

    No threshold is below 0.5, however often the label is right.

    Parameters
    ----------
    posteriors : ndarray of float64, shape (n, n_labels)
        With the temperature applied, in 0..1.
    truth : ndarray of int, shape (n,)
        Places in label order.
    goal : float
        The share of reported labels that shall be right, above 0 and below 1.

    Returns
    -------
    ndarray of float64, shape (n_labels,)
        For a label that is never right often enough, the threshold that leaves the five clips
        with the highest posterior of it.

    Raises
    ------
    InputError
        If the goal is out of range.
    """
    _expect_share(goal)
    thresholds = np.full(posteriors.shape[1], _EVEN)
    best, confidence = posteriors.argmax(axis=1), posteriors.max(axis=1)
    for label in range(posteriors.shape[1]):
        mine = (best == label) & (confidence >= _EVEN)
        order = np.argsort(-confidence[mine], kind="stable")
        sorted_confidence = confidence[mine][order]
        right = (truth[mine] == label)[order]
        if not right.size:
            continue
        # Of the n most confident; clips of equal confidence pass together or not at all.
        shares = np.cumsum(right) / np.arange(1, right.size + 1)
        is_last = np.append(sorted_confidence[1:] < sorted_confidence[:-1], True)
        enough = np.flatnonzero((shares >= goal) & is_last)
        count = int(enough[-1]) + 1 if enough.size else min(_LEAST_CLIPS, right.size)
        count = max(count, min(_LEAST_CLIPS, right.size))
        if count < right.size:
            thresholds[label] = sorted_confidence[count - 1]
    return thresholds


@dataclass(frozen=True)
class Coverage:
    """How often the reported labels are right, if they are reported for some clips only.

    Attributes
    ----------
    coverage : float
        Share of the clips for which a label is reported, in 0..1.
    accuracy : float
        Share of those whose label is right, in 0..1.
    """

    coverage: float
    accuracy: float


def coverage_table(posteriors: Posteriors, truth: Truth) -> list[Coverage]:
    """Return the accuracy on the most confident clips, for each share in `COVERAGES`.

    Parameters
    ----------
    posteriors : ndarray of float64, shape (n, n_labels)
    truth : ndarray of int, shape (n,)
        Places in label order.
    """
    order = np.argsort(-posteriors.max(axis=1), kind="stable")
    right = (posteriors.argmax(axis=1) == truth)[order]
    counts = [max(1, round(share * len(truth))) for share in COVERAGES]
    return [Coverage(count / len(truth), float(right[:count].mean())) for count in counts]


def reported(posteriors: Posteriors, thresholds: NDArray[np.float64], truth: Truth) -> Coverage:
    """Return how many labels pass their thresholds, and how many of these are right.

    Parameters
    ----------
    posteriors : ndarray of float64, shape (n, n_labels)
    thresholds : ndarray of float64, shape (n_labels,) or (n, n_labels)
    truth : ndarray of int, shape (n,)
        Places in label order.
    """
    rows, best = np.arange(len(truth)), posteriors.argmax(axis=1)
    floors = np.broadcast_to(thresholds, posteriors.shape)[rows, best]
    passes = posteriors[rows, best] >= floors
    right = best == truth
    return Coverage(float(passes.mean()), float(right[passes].mean()) if passes.any() else 0.0)


def cross_fitted(
    speakers: Sequence[str], fit: Callable[[NDArray[np.bool_]], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Return, per clip, what was fitted on the clips of the other speakers.

    Parameters
    ----------
    speakers : sequence of str
        One entry per clip.
    fit : callable
        Takes the clips to fit on, as a mask of shape (n,), and returns an array.

    Returns
    -------
    ndarray of float64, shape (n, ...)

    Raises
    ------
    InputError
        If there is one speaker only.
    """
    names = np.array(speakers)
    if len(set(speakers)) < 2:
        raise InputError("calibration: found one speaker, expected two or more to hold some out")
    parts = {name: fit(names != name) for name in sorted(set(speakers))}
    return np.array([parts[name] for name in speakers])


@dataclass(frozen=True)
class Calibration:
    """A temperature, thresholds, and what they are worth.

    Attributes
    ----------
    temperature : float
        Fitted on all clips: for the model's record.
    thresholds : dict of str to float
        By label, in 0.5..1, fitted on all clips.
    before, after : Reliability
        Without a temperature, and with the cross-fitted ones.
    nll_before, nll_after : float
        Negative log-likelihood of the true labels, the same.
    temperatures : tuple of float
        The least and the largest of the cross-fitted ones.
    coverages : list of Coverage
        With the cross-fitted temperatures; of the most confident clips whatever their label.
    reported : Coverage
        With cross-fitted temperatures and thresholds.
    """

    temperature: float
    thresholds: dict[str, float]
    before: Reliability
    after: Reliability
    nll_before: float
    nll_after: float
    temperatures: tuple[float, float]
    coverages: list[Coverage]
    reported: Coverage


def calibrate(result: Result, goal: float) -> Calibration:
    """Fit temperature and thresholds, and tell what they are worth on held-out speakers.

    Parameters
    ----------
    result : Result
    goal : float
        The share of reported labels that shall be right, above 0 and below 1.

    Raises
    ------
    InputError
        If the goal is out of range, or the result holds one speaker only.
    """
    _expect_share(goal)
    raw = outputs_of(result)
    n_labels = len(result.labels)
    truth = truth_of(result)
    speakers = [clip.speaker for clip in result.clips]
    temperatures = cross_fitted(
        speakers, lambda others: np.array(fit_temperature(raw[others], truth[others]))
    )
    calibrated = np.array(
        [with_temperature(row, float(t)) for row, t in zip(raw, temperatures, strict=True)]
    )

    def thresholds_of(others: NDArray[np.bool_]) -> NDArray[np.float64]:
        temperature = fit_temperature(raw[others], truth[others])
        return fit_thresholds(with_temperature(raw[others], temperature), truth[others], goal)

    temperature = fit_temperature(raw, truth)
    thresholds = fit_thresholds(with_temperature(raw, temperature), truth, goal)[:n_labels]
    labelled = calibrated[:, :n_labels]
    return Calibration(
        temperature=temperature,
        thresholds=dict(zip(result.labels, thresholds.tolist(), strict=True)),
        before=reliability(truth, raw[:, :n_labels]),
        after=reliability(truth, labelled),
        nll_before=negative_log_likelihood(raw, truth),
        nll_after=negative_log_likelihood(calibrated, truth),
        temperatures=(float(temperatures.min()), float(temperatures.max())),
        coverages=coverage_table(labelled, truth),
        reported=reported(calibrated, cross_fitted(speakers, thresholds_of), truth),
    )


def _expect_share(goal: float) -> None:
    if not 0.0 < goal < 1.0:
        raise InputError(f"goal: found {goal:g}, expected a share between 0 and 1")
