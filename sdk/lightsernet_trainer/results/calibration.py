"""Temperature and thresholds: how far a model's posteriors can be believed.

Both are fitted on posteriors of clips that the model was not trained on, as
`crossval` writes them, and what is said of them is cross-fitted: for each speaker
from the other speakers' clips alone. The models that gave those were trained on the
speaker too: only a cross-validation within each fold would leave that out.

Usage: python -m lightsernet_trainer.results.calibration RESULT.json [--goal 0.8]
       [--pictures DIR] [--json]
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.decision import LEAST_POSTERIOR, with_temperature
from lightsernet_edge.errors import InputError, LightSernetError
from lightsernet_edge.extras import exit_without_trainer
from lightsernet_edge.files.atomic_write import write_atomically

if __name__ == "__main__":
    exit_without_trainer("calibration")

from .file import read_result
from .reliability import Reliability, reliability
from .result import Result
from .result import posteriors as posteriors_of

PROGRAM = "python -m lightsernet_trainer.results.calibration"
COVERAGES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)
# Temperatures looked at; the loss has one minimum in the logarithm of it.
_LOW, _HIGH = 1 / 16, 16.0
_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0
_STEPS = 60
# Of what is less probable, calibrated, more is wrong than right: it is never said.
_EVEN = 0.5
# A threshold must leave so many clips to show for its accuracy.
_LEAST_CLIPS = 5

Posteriors = NDArray[np.float64]
Truth = NDArray[np.int64]


def negative_log_likelihood(posteriors: Posteriors, truth: Truth) -> float:
    """Return the mean of -ln of the true labels' posteriors; 0 counts as half an int8 step.

    Parameters
    ----------
    posteriors : ndarray of float64, shape (n, n_labels)
    truth : ndarray of int, shape (n,)
    """
    chosen = posteriors[np.arange(len(truth)), truth]
    return float(-np.log(np.maximum(chosen, LEAST_POSTERIOR)).mean())


def fit_temperature(posteriors: Posteriors, truth: Truth) -> float:
    """Return the temperature with the least negative log-likelihood (Guo et al. 2017).

    By golden-section search over the logarithm of it, in 1/16 .. 16.

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
    """Return each label's least threshold above which it is right often enough.

    It is at least `_EVEN`, however often the label is right.

    Parameters
    ----------
    posteriors : ndarray of float64, shape (n, n_labels)
        Calibrated ones.
    truth : ndarray of int, shape (n,)
    goal : float
        Share, in 0..1, of what is said that shall be right.

    Returns
    -------
    ndarray of float64, shape (n_labels,)
        Where a label is never right often enough, the threshold that leaves its five
        surest clips.
    """
    thresholds = np.full(posteriors.shape[1], _EVEN)
    best, confidence = posteriors.argmax(axis=1), posteriors.max(axis=1)
    for label in range(posteriors.shape[1]):
        mine = (best == label) & (confidence >= _EVEN)
        order = np.argsort(-confidence[mine], kind="stable")
        sorted_confidence = confidence[mine][order]
        right = (truth[mine] == label)[order]
        if not right.size:
            continue
        # Of the n surest; clips of equal confidence are all said or all not.
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
    """How often what is said is right, if only some of it is said.

    Attributes
    ----------
    coverage : float
        Share of the clips of which something is said.
    accuracy : float
        Share of those that is right.
    """

    coverage: float
    accuracy: float


def coverage_table(posteriors: Posteriors, truth: Truth) -> list[Coverage]:
    """Say of `COVERAGES` of the clips, the surest ones, how often they are right."""
    order = np.argsort(-posteriors.max(axis=1), kind="stable")
    right = (posteriors.argmax(axis=1) == truth)[order]
    counts = [max(1, round(share * len(truth))) for share in COVERAGES]
    return [Coverage(count / len(truth), float(right[:count].mean())) for count in counts]


def said(posteriors: Posteriors, thresholds: NDArray[np.float64], truth: Truth) -> Coverage:
    """Say how much passes the thresholds, one a label or one a clip and label, and is right."""
    rows, best = np.arange(len(truth)), posteriors.argmax(axis=1)
    floors = np.broadcast_to(thresholds, posteriors.shape)[rows, best]
    passes = posteriors[rows, best] >= floors
    right = best == truth
    return Coverage(float(passes.mean()), float(right[passes].mean()) if passes.any() else 0.0)


def cross_fitted(
    speakers: Sequence[str], fit: Callable[[NDArray[np.bool_]], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Give every clip what was fitted on the other speakers' clips.

    Parameters
    ----------
    speakers : sequence of str, one entry a clip
    fit : callable
        From the clips to fit on, as a mask, to an array.

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
    """What was fitted, and what it is worth.

    Attributes
    ----------
    temperature : float
        Fitted on all clips: for the record.
    thresholds : dict of str to float
        The same, for the goal.
    before, after : Reliability
        Without a temperature, and with cross-fitted ones.
    nll_before, nll_after : float
    temperatures : tuple of float
        The least and the largest of the cross-fitted ones.
    coverages : list of Coverage
        After; the surest clips whatever their label.
    said : Coverage
        After, with cross-fitted thresholds.
    """

    temperature: float
    thresholds: dict[str, float]
    before: Reliability
    after: Reliability
    nll_before: float
    nll_after: float
    temperatures: tuple[float, float]
    coverages: list[Coverage]
    said: Coverage


def calibrate(result: Result, goal: float) -> Calibration:
    """Fit temperature and thresholds, and say what they are worth on held-out speakers.

    Raises
    ------
    InputError
        If the goal is out of range, or the result holds one speaker only.
    """
    if not 0.0 < goal < 1.0:
        raise InputError(f"--goal: found {goal:g}, expected a share between 0 and 1")
    raw = posteriors_of(result)
    truth = np.array([result.labels.index(clip.truth) for clip in result.clips])
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
    thresholds = fit_thresholds(with_temperature(raw, temperature), truth, goal)
    return Calibration(
        temperature=temperature,
        thresholds=dict(zip(result.labels, thresholds.tolist(), strict=True)),
        before=reliability(truth, raw),
        after=reliability(truth, calibrated),
        nll_before=negative_log_likelihood(raw, truth),
        nll_after=negative_log_likelihood(calibrated, truth),
        temperatures=(float(temperatures.min()), float(temperatures.max())),
        coverages=coverage_table(calibrated, truth),
        said=said(calibrated, cross_fitted(speakers, thresholds_of), truth),
    )


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line and return the exit status.

    Parameters
    ----------
    arguments : list of str, optional
        Those of the process by default.
    """
    parser = argparse.ArgumentParser(prog=PROGRAM, description="Fit temperature and thresholds.")
    parser.add_argument("result", metavar="RESULT.json", type=Path)
    parser.add_argument("--goal", type=float, default=0.8, help="accuracy of what is said")
    parser.add_argument("--pictures", metavar="DIR", type=Path, help="reliability diagrams, as SVG")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    try:
        found = calibrate(read_result(options.result), options.goal)
        if options.pictures is not None:
            _draw(found, options.pictures)
    except LightSernetError as error:
        print(f"{PROGRAM}: error: {error}", file=sys.stderr)
        return error.exit_status
    print(json.dumps(_facts(found)) if options.json else _text(found, options.goal))
    return 0


def _draw(found: Calibration, folder: Path) -> None:
    from ..report.pictures import reliability_picture, standalone

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--pictures: {folder} cannot be made ({error.strerror})") from None
    for name in ("before", "after"):
        picture = reliability_picture(f"reliability-{name}", getattr(found, name))
        write_atomically(folder / f"reliability-{name}.svg", standalone(picture).encode())


def _facts(found: Calibration) -> dict[str, object]:
    return {
        "temperature": found.temperature,
        "thresholds": found.thresholds,
        "ece_before": found.before.ece,
        "ece_after": found.after.ece,
        "nll_before": found.nll_before,
        "nll_after": found.nll_after,
        "temperatures": list(found.temperatures),
        "coverages": [vars(item) for item in found.coverages],
        "said": vars(found.said),
    }


def _text(found: Calibration, goal: float) -> str:
    low, high = found.temperatures
    lines = [
        f"temperature {found.temperature:.3f}, fitted on all clips",
        f"held-out speakers, with {low:.3f} to {high:.3f}, fitted on the others:",
        f"  ECE {found.before.ece:.1%} before, {found.after.ece:.1%} after",
        f"  negative log-likelihood {found.nll_before:.3f} before, {found.nll_after:.3f} after",
        "  coverage  accuracy",
        *(f"  {item.coverage:8.0%}  {item.accuracy:8.1%}" for item in found.coverages),
        f"thresholds for {goal:.0%}: "
        + ", ".join(f"{label} {value:.2f}" for label, value in found.thresholds.items()),
        f"  held-out speakers: {found.said.accuracy:.1%} of what is said is right, and of "
        f"{found.said.coverage:.0%} something is said",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
