"""Temperature and thresholds against scikit-learn, SciPy and brute force."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import softmax
from sklearn.metrics import log_loss

from lightsernet_edge import InputError
from lightsernet_edge.cli import main
from lightsernet_trainer.results.calibration import (
    calibrate,
    coverage_table,
    cross_fitted,
    fit_temperature,
    fit_thresholds,
    negative_log_likelihood,
    reported,
)
from lightsernet_trainer.results.file import write_results
from lightsernet_trainer.results.key import ResultKey
from lightsernet_trainer.results.result import ClipResult, FoldResult, Result

LABELS = ("anger", "boredom", "neutral")


def sampled(
    seed: int, count: int, sharpness: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Labels drawn from honest posteriors, which are then told `sharpness` times too sharp."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 1.5, (count, len(LABELS)))
    honest = softmax(logits, axis=1)
    truth = np.array([random.choice(len(LABELS), p=p) for p in honest])
    return softmax(sharpness * logits, axis=1), truth


@settings(max_examples=20)
@given(st.integers(0, 1000), st.integers(30, 200), st.floats(0.4, 2.5))
@example(209, 30, 1.0)  # One clip is all but impossible at low temperatures.
def test_temperature_is_the_minimum_that_scipy_finds(
    seed: int, count: int, sharpness: float
) -> None:
    posteriors, truth = sampled(seed, count, sharpness)
    posteriors = np.maximum(posteriors, 1 / 512)
    posteriors /= posteriors.sum(axis=1, keepdims=True)

    def loss(log_temperature: float) -> float:
        told = softmax(np.log(posteriors) / np.exp(log_temperature), axis=1)
        return float(log_loss(truth, told, labels=range(len(LABELS))))

    best = minimize_scalar(loss, bounds=(-2.7, 2.7), method="bounded", options={"xatol": 1e-9})
    found = fit_temperature(posteriors, truth)
    assert loss(np.log(found)) <= best.fun + 1e-4


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 1.5])
def test_temperature_undoes_what_was_too_sharp(sharpness: float) -> None:
    posteriors, truth = sampled(1, 4000, sharpness)
    assert fit_temperature(posteriors, truth) == pytest.approx(sharpness, rel=0.1)


def test_likelihood_is_scikit_learns() -> None:
    posteriors, truth = sampled(3, 500, 0.7)
    assert negative_log_likelihood(posteriors, truth) == pytest.approx(log_loss(truth, posteriors))


@settings(max_examples=40)
@given(st.integers(0, 1000), st.integers(1, 80), st.floats(0.3, 0.95), st.booleans())
def test_thresholds_by_brute_force(seed: int, count: int, goal: float, coarse: bool) -> None:
    posteriors, truth = sampled(seed, count, 1.0)
    if coarse:  # many equal ones, as int8 gives
        posteriors = np.round(posteriors * 8) / 8
    found = fit_thresholds(posteriors, truth, goal)
    best, confidence = posteriors.argmax(axis=1), posteriors.max(axis=1)
    for label in range(len(LABELS)):
        mine = best == label
        passing = mine & (confidence >= found[label])
        assert found[label] >= 0.5
        # What is more often right than wrong.
        probable = mine & (confidence >= 0.5)
        if not probable.any():
            continue
        assert passing.sum() >= min(5, probable.sum())
        # No lower threshold would do.
        for lower in [0.5, *np.unique(confidence[probable & (confidence < found[label])])]:
            if lower < found[label]:
                more = mine & (confidence >= lower)
                assert (truth[more] == label).mean() < goal


def test_coverage() -> None:
    posteriors = np.array([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6], [0.55, 0.45]])
    truth = np.array([0, 0, 0, 1])
    table = coverage_table(posteriors, truth)
    assert (table[0].coverage, table[0].accuracy) == (1.0, 0.5)
    assert (table[-1].coverage, table[-1].accuracy) == (0.5, 1.0)
    found = reported(posteriors, np.array([0.8, 0.7]), truth)
    assert (found.coverage, found.accuracy) == (0.5, 1.0)
    assert reported(posteriors, np.array([1.0, 1.0]), truth).coverage == 0.0


def test_nothing_of_a_speaker_reaches_its_own_clips() -> None:
    speakers = ["a", "b", "a", "c"]
    masks = cross_fitted(speakers, lambda others: others.astype(float))
    for speaker, mask in zip(speakers, masks, strict=True):
        assert [mask[i] == 0.0 for i in range(4)] == [other == speaker for other in speakers]
    with pytest.raises(InputError, match="one speaker"):
        cross_fitted(["a", "a"], lambda others: others.astype(float))


def result(count: int = 300, speakers: int = 6) -> Result:
    posteriors, truth = sampled(5, count, 2.0)
    clips = [
        ClipResult(f"{i}.wav", f"s{i % speakers}", f"s{i % speakers}", LABELS[truth[i]], tuple(row))
        for i, row in enumerate(posteriors)
    ]
    folds = [FoldResult(f"s{k}", 1, count // speakers, 1, 1) for k in range(speakers)]
    key = ResultKey("loso", "edge", "cross-entropy", "int8", 0)
    return Result(key, "made up", {}, LABELS, {}, tuple(clips), tuple(folds))


def test_what_is_reported_is_of_held_out_speakers() -> None:
    found = calibrate(result(), 0.8)
    assert found.after.ece < found.before.ece
    assert found.nll_after < found.nll_before
    low, high = found.temperatures
    assert low < found.temperature < high
    assert low == pytest.approx(2.0, rel=0.4)
    assert found.reported.accuracy > found.coverages[0].accuracy


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "result.json"
    # Only one of the two is asked for.
    changed = dataclasses.replace(result(240), key=dataclasses.replace(result().key, seed=3))
    write_results(path, [changed, result()])
    folder = tmp_path / "pictures"
    command = ["calibrate", str(path)]
    assert main([*command, "--json", "--pictures", str(folder)]) == 0
    facts = json.loads(capsys.readouterr().out)
    found = calibrate(result(), 0.8)
    assert (facts["temperature"], facts["ece_after"]) == (found.temperature, found.after.ece)
    assert facts["thresholds"] == found.thresholds
    picture = (folder / "reliability-after.svg").read_text()
    assert ElementTree.fromstring(picture).tag.endswith("svg")
    # Outside the page nothing says what its colours are.
    assert "var(" not in picture
    assert main([*command, "--seed", "3"]) == 0
    assert f"temperature {calibrate(changed, 0.8).temperature:.3f}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["no.json"], "no.json: no such file"),
        (["result.json", "--goal", "1"], "goal: found 1, expected a share between 0 and 1"),
        (["result.json", "--seed", "7"], "no result of precision int8, seed 7 and condition clean"),
        (["result.json", "--pictures", "result.json"], "pictures: result.json cannot be made"),
    ],
)
def test_wrong_commands_are_one_line(
    words: list[str],
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    write_results(tmp_path / "result.json", [result()])
    assert main(["calibrate", *words]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert says in printed.err


@pytest.mark.parametrize("goal", [-0.1, 0.0, 1.0, float("nan")])
def test_a_goal_is_a_share(goal: float) -> None:
    posteriors, truth = sampled(1, 30, 1.0)
    with pytest.raises(InputError, match=r"goal: found .*, expected a share between 0 and 1"):
        fit_thresholds(posteriors, truth, goal)
