"""Completes a model's record: trained on all speakers, scored by cross-validation.

A model trained on all speakers cannot be scored on any. Its record carries the scores of
the same settings under ``loso``, and the decision fitted on those posteriors.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lightsernet_edge.decision import with_temperature
from lightsernet_edge.errors import InputError
from lightsernet_edge.labels import NEUTRAL
from lightsernet_edge.model.file import ModelFile, read_model, write_model
from lightsernet_edge.model.record import DecisionDefaults, ModelRecord, Score

from .configuration import TrainingConfiguration
from .datasets.ordinary import NAME as ORDINARY
from .results.answers import Answers
from .results.calibration import fit_temperature, fit_thresholds
from .results.checks import expect_same_settings
from .results.decision_fit import (
    Evidence,
    FittedDecision,
    Goals,
    Worth,
    cross_fitted_worth,
    fit_decision,
)
from .results.result import Result, outputs, truth
from .training.summary import SUMMARY


def release(
    model: Path,
    results: Sequence[Result],
    goal: float,
    out: Path,
    answers: Sequence[Answers] = (),
) -> ModelFile:
    """Write `model` to `out` with scores and decision from `results`.

    Parameters
    ----------
    model : Path
        A `.tflite` with its record, trained on all speakers.
    results : sequence of Result
        At least one; of protocol ``loso`` on clean audio, of some precisions, int8 among
        them, and the same seeds of each; over all clips that the model was trained on, with
        its labels, front end and settings, as far as ``summary.json`` beside it tells.
    goal : float
        The share of reported labels that shall be right, in 0..1; see
        `calibration.fit_thresholds`.
    answers : sequence of Answers
        What the model said of other people's speech, some of it ordinary: with them the
        decision is fitted on these too (`decision_fit`), and `goal` is what of the corpus
        shall be right.
    out : Path
        Gets the model with its new record.

    Returns
    -------
    ModelFile
        What was written.

    Raises
    ------
    ModelError
        If the model cannot be read.
    InputError
        If a result has other settings than the model, or `out` cannot be written to.
    """
    file = read_model(model)
    if not results:
        raise InputError("results: found none, expected some on clean audio")
    # In an order of their own, so that the record does not depend on the files.
    results = sorted(results, key=lambda result: (result.key.precision, result.key.seed))
    for result in results:
        _check(result, file.record, model)
        expect_same_settings(f"results {result.key.name}", result.settings, results[0])
    _expect_settings_of(model, results[0])
    _expect_same_seeds(results)
    record = dataclasses.replace(
        file.record,
        scores=_scores(results),
        decision=_decision(results, goal, file.record, answers),
    )
    return write_model(out, file.model, record)


def _check(result: Result, record: ModelRecord, model: Path) -> None:
    name = f"results {result.key.name}"
    if result.key.protocol != "loso" or not result.key.is_clean:
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
        seeds.setdefault(result.key.precision, []).append(result.key.seed)
    first = next(iter(seeds))
    for precision, found in seeds.items():
        if len(set(found)) < len(found) or set(found) != set(seeds[first]):
            raise InputError(
                f"results: found seeds {found} of {precision} and {seeds[first]} of {first}, "
                "expected the same of both, each once"
            )


def _scores(results: Sequence[Result]) -> tuple[Score, ...]:
    scores = []
    for precision in dict.fromkeys(result.key.precision for result in results):
        mine = [result for result in results if result.key.precision == precision]
        ua, wa, f1 = np.mean([(result.ua, result.wa, result.f1) for result in mine], axis=0)
        seeds = ", ".join(str(result.key.seed) for result in mine)
        seeds = f"mean over seeds {seeds}" if len(mine) > 1 else f"seed {seeds}"
        protocol = (
            "loso: these settings, trained without one speaker at a time and scored on that "
            f"speaker; {seeds}. This model heard all speakers"
        )
        clips = len(mine[0].clips)
        scores.append(Score(protocol, precision, float(ua), float(wa), float(f1), clips))
    return tuple(scores)


def _decision(
    results: Sequence[Result], goal: float, record: ModelRecord, answers: Sequence[Answers]
) -> DecisionDefaults:
    corpus = _corpus(results)
    if answers:
        kinds = _kinds(corpus, record, answers)
        fitted = fit_decision(*kinds, len(record.labels), _neutral(record), Goals(right=goal))
        temperature, thresholds = round(fitted.temperature, 3), np.array(fitted.thresholds)
    else:
        temperature = round(fit_temperature(corpus.outputs, corpus.truth), 3)
        calibrated = with_temperature(corpus.outputs, temperature)
        thresholds = fit_thresholds(calibrated, corpus.truth, goal)
    # Rounded up: no threshold lets pass more than the fitted one.
    rounded = [math.ceil(round(value * 1000, 6)) / 1000 for value in thresholds.tolist()]
    return dataclasses.replace(
        record.decision,
        temperature=temperature,
        # One more where there is an output for what is none of the labels: it needs none.
        thresholds=dict(zip(record.labels, rounded, strict=False)),
    )


def worth_for_strangers(
    results: Sequence[Result], goal: float, record: ModelRecord, answers: Sequence[Answers]
) -> dict[str, Worth]:
    """Return what a decision that `release` fits on answers is worth.

    Parameters
    ----------
    results, goal, answers
        As for `release`.
    record : ModelRecord
        That `release` wrote.

    Returns
    -------
    dict of str to Worth
        ``corpus`` and ``foreign``: on speakers that it was not fitted on (`cross_fitted_worth`);
        ``ordinary``: on the recordings that it was fitted on.
    """
    corpus, foreign, ordinary = _kinds(_corpus(results), record, answers)
    n_labels, neutral = len(record.labels), _neutral(record)
    found = cross_fitted_worth(corpus, foreign, ordinary, n_labels, neutral, Goals(right=goal))
    decision = FittedDecision(
        record.decision.temperature,
        tuple(record.decision.thresholds[label] for label in record.labels),
    )
    return {
        "corpus": found[0],
        "foreign": found[1],
        "ordinary": decision.worth(ordinary, neutral),
    }


def _corpus(results: Sequence[Result]) -> Evidence:
    integer = [result for result in results if result.key.precision == "int8"]
    if not integer:
        raise InputError("results: found none of precision int8, expected some to calibrate on")
    return Evidence(
        np.concatenate([outputs(result) for result in integer]),
        np.concatenate([truth(result) for result in integer]),
        tuple(clip.speaker for result in integer for clip in result.clips),
    )


def _neutral(record: ModelRecord) -> int:
    return record.labels.index(NEUTRAL) if NEUTRAL in record.labels else -1


def _kinds(
    corpus: Evidence, record: ModelRecord, answers: Sequence[Answers]
) -> tuple[Evidence, Evidence, Evidence]:
    """Return corpus, foreign and ordinary speech; refuse answers of another model."""
    for each in answers:
        if (each.model, each.labels) != (record.sha256, record.outputs):
            raise InputError(f"answers: those to {each.data} are another model's")
        if each.temperature != 1.0 or each.enrolled:
            raise InputError(
                f"answers: those to {each.data} have a temperature of {each.temperature:g} and "
                f"{each.enrolled} enrolment clips, expected 1 and none"
            )
    foreign = [each for each in answers if each.data != ORDINARY]
    ordinary = [each for each in answers if each.data == ORDINARY]
    if not foreign or not ordinary:
        raise InputError(
            "answers: found only one kind, expected some of speech with labels and some of "
            "ordinary speech"
        )
    return corpus, _evidence(foreign), _evidence(ordinary)


def _evidence(answers: Sequence[Answers]) -> Evidence:
    return Evidence(
        np.concatenate([each.outputs for each in answers]),
        np.concatenate([each.truth for each in answers]),
        tuple(clip.speaker for each in answers for clip in each.clips),
    )
