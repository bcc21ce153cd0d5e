"""Completes a model's record: trained on all speakers, scored by cross-validation.

A model trained on all speakers cannot be scored on any. Its record carries what the
same settings got under ``loso``, and the decision fitted on those posteriors.

Usage: python -m lightsernet_trainer.release --model ALL.tflite --results RESULT.json ...
       --out FILE [--goal 0.8]
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lightsernet_edge.decision import with_temperature
from lightsernet_edge.errors import InputError, LightSernetError
from lightsernet_edge.extras import exit_without_trainer
from lightsernet_edge.model.file import ModelFile, read_model, write_model
from lightsernet_edge.model.record import DecisionDefaults, ModelRecord, Score

if __name__ == "__main__":
    exit_without_trainer("release")

from .configuration import TrainingConfiguration
from .results.calibration import fit_temperature, fit_thresholds
from .results.checks import check, expect_same_settings
from .results.file import read_result
from .results.result import Result, posteriors
from .training.summary import SUMMARY

PROGRAM = "python -m lightsernet_trainer.release"


def release(model: Path, results: Sequence[Result], goal: float, out: Path) -> ModelFile:
    """Write `model` to `out` with scores and decision from `results`.

    Parameters
    ----------
    model : Path
        A `.tflite` with its record, trained on all speakers.
    results : sequence of Result
        Of protocol ``loso`` without a condition, of some precisions, int8 among them, and
        the same seeds of each; over all clips that the model was trained on, with its labels,
        front end and settings, as far as ``summary.json`` beside it tells.
    goal : float
        Share, in 0..1, of what is said that shall be right; see `calibration.fit_thresholds`.
    out : Path

    Raises
    ------
    ModelError
        If the model cannot be read.
    InputError
        If a result is none of this model's settings.
    """
    file = read_model(model)
    for result in results:
        _check(result, file.record, model)
        expect_same_settings(f"--results {result.name}", result.settings, results[0])
    _expect_settings_of(model, results[0])
    _expect_same_seeds(results)
    record = dataclasses.replace(
        file.record,
        scores=_scores(results),
        decision=_decision(results, goal, file.record.decision),
    )
    return write_model(out, file.model, record)


def _check(result: Result, record: ModelRecord, model: Path) -> None:
    name = f"--results {result.name}"
    if result.protocol != "loso" or result.condition is not None:
        raise InputError(f"{name}: expected protocol loso on clean audio")
    spec, features = result.settings.feature_spec(), record.features
    if (
        result.labels != record.labels
        or spec.without_standardisation() != features.without_standardisation()
        or spec.utterance_mean_prior_s != features.utterance_mean_prior_s
    ):
        raise InputError(f"{name}: expected the labels and features of {model}")
    if record.data is None or len(result.clips) != record.data.clips:
        trained = "not recorded" if record.data is None else f"{record.data.clips}"
        raise InputError(
            f"{name}: holds {len(result.clips)} clips, expected all that {model} was trained on: "
            f"{trained}"
        )
    check(result, name)


def _expect_settings_of(model: Path, result: Result) -> None:
    """Compare with what `summary.write_summary` left beside the model, if it did."""
    summary = model.parent / SUMMARY
    if not summary.exists():
        return
    try:
        fields = json.loads(summary.read_text(encoding="utf-8"))["configuration"]
        configuration = TrainingConfiguration.from_json(fields)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{summary}: damaged, expected the summary of a training") from None
    expect_same_settings(f"{summary}", configuration, result)


def _expect_same_seeds(results: Sequence[Result]) -> None:
    seeds: dict[str, list[int]] = {}
    for result in results:
        seeds.setdefault(result.precision, []).append(result.seed)
    first = next(iter(seeds))
    for precision, found in seeds.items():
        if len(set(found)) < len(found) or set(found) != set(seeds[first]):
            raise InputError(
                f"--results: found seeds {found} of {precision} and {seeds[first]} of {first}, "
                "expected the same of both, each once"
            )


def _scores(results: Sequence[Result]) -> tuple[Score, ...]:
    scores = []
    for precision in dict.fromkeys(result.precision for result in results):
        mine = [result for result in results if result.precision == precision]
        ua, wa, f1 = np.mean([(result.ua, result.wa, result.f1) for result in mine], axis=0)
        seeds = ", ".join(str(result.seed) for result in mine)
        seeds = f"mean over seeds {seeds}" if len(mine) > 1 else f"seed {seeds}"
        protocol = (
            "loso: these settings, trained without one speaker at a time and scored on that "
            f"speaker; {seeds}. This model heard all speakers"
        )
        clips = len(mine[0].clips)
        scores.append(Score(protocol, precision, float(ua), float(wa), float(f1), clips))
    return tuple(scores)


def _decision(
    results: Sequence[Result], goal: float, defaults: DecisionDefaults
) -> DecisionDefaults:
    integer = [result for result in results if result.precision == "int8"]
    if not integer:
        raise InputError("--results: found none of precision int8, expected some to calibrate on")
    raw = np.concatenate([posteriors(result) for result in integer])
    truth = np.array([r.labels.index(clip.truth) for r in integer for clip in r.clips])
    temperature = round(fit_temperature(raw, truth), 3)
    thresholds = fit_thresholds(with_temperature(raw, temperature), truth, goal)
    # Rounded up, so that none says more than what was fitted.
    rounded = [math.ceil(value * 1000) / 1000 for value in thresholds.tolist()]
    return dataclasses.replace(
        defaults,
        temperature=temperature,
        thresholds=dict(zip(integer[0].labels, rounded, strict=True)),
    )


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line and return the exit status.

    Parameters
    ----------
    arguments : list of str, optional
        Those of the process by default.
    """
    parser = argparse.ArgumentParser(prog=PROGRAM, description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--results", type=Path, nargs="+", required=True)
    parser.add_argument("--goal", type=float, default=0.8, help="accuracy of what is said")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    try:
        results = [read_result(path) for path in options.results]
        written = release(options.model, results, options.goal, options.out)
    except LightSernetError as error:
        print(f"{PROGRAM}: error: {error}", file=sys.stderr)
        return error.exit_status
    print(written.path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
