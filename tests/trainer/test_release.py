"""The model that ships: its record says what cross-validation says, and nothing else goes in."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lightsernet_edge import InputError
from lightsernet_edge.cli import main
from lightsernet_edge.model.file import read_model
from lightsernet_trainer.configuration import TrainingConfiguration
from lightsernet_trainer.release import release
from lightsernet_trainer.results import calibration
from lightsernet_trainer.results.file import write_results
from lightsernet_trainer.results.key import ResultKey
from lightsernet_trainer.results.result import ClipResult, FoldResult, Result
from tests.places import GOLDEN
from tests.trainer.results.made_up_results import result_of

INT8 = GOLDEN / "int8.tflite"
RECORD = read_model(INT8).record
assert RECORD.data is not None
CLIPS = RECORD.data.clips
LABELS = RECORD.labels
CONFIGURATION = TrainingConfiguration(front_end=(f"log_floor={RECORD.features.log_floor}",))
SPEAKERS = ("03", "08", "11")


def result(seed: int = 0, precision: str = "int8", **changes: Any) -> Result:
    """Make up the posteriors of as many clips as the model was trained on, too confident."""
    random = np.random.default_rng(seed)
    truth = np.arange(CLIPS) % len(LABELS)
    logits = 3 * (random.normal(size=(CLIPS, len(LABELS))) + 2 * np.eye(len(LABELS))[truth])
    rows = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    fields: dict[str, Any] = {
        "command": "made up",
        "versions": {},
        "labels": LABELS,
        "configuration": CONFIGURATION.to_json(),
        "clips": [
            ClipResult(f"{i}.wav", SPEAKERS[i % 3], SPEAKERS[i % 3], LABELS[label], tuple(row))
            for i, (label, row) in enumerate(zip(truth, rows.tolist(), strict=True))
        ],
        "folds": [
            FoldResult(name, CLIPS - len(held_out), len(held_out), 1, 1, ())
            for name, held_out in ((name, range(CLIPS)[i::3]) for i, name in enumerate(SPEAKERS))
        ],
    }
    key = ResultKey("loso", "edge", "cross-entropy", precision, seed)
    return result_of(key, fields | changes)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """The golden model without the summary of its training."""
    (tmp_path / "all").mkdir()
    (tmp_path / "all" / "int8.tflite").write_bytes(INT8.read_bytes())
    return tmp_path / "all" / "int8.tflite"


def test_the_record_says_what_the_results_say(model: Path, tmp_path: Path) -> None:
    results = [result(0), result(1), result(0, "float32"), result(1, "float32")]
    file = release(model, results, 0.9, tmp_path / "out.tflite")
    record = read_model(tmp_path / "out.tflite").record
    assert record == file.record
    assert [(score.precision, score.clips) for score in record.scores] == [
        ("float32", CLIPS),
        ("int8", CLIPS),
    ]
    assert record.scores[0].ua == pytest.approx((results[2].ua + results[3].ua) / 2)
    assert record.scores[1].ua == pytest.approx((results[0].ua + results[1].ua) / 2)
    assert "mean over seeds 0, 1" in record.scores[0].protocol
    assert record.features == RECORD.features
    # Which file came first makes no difference.
    release(model, results[::-1], 0.9, tmp_path / "again.tflite")
    assert (tmp_path / "again.tflite").read_bytes() == (tmp_path / "out.tflite").read_bytes()


def test_the_decision_is_that_of_the_calibration(model: Path, tmp_path: Path) -> None:
    kept = result(0)
    decision = release(model, [kept], 0.9, tmp_path / "out.tflite").record.decision
    expected = calibration.calibrate(kept, 0.9)
    assert decision.temperature == pytest.approx(expected.temperature, abs=1e-3)
    assert decision.temperature > 1.2
    assert decision.thresholds == pytest.approx(expected.thresholds, abs=2e-3)
    before = RECORD.decision
    assert (
        dataclasses.replace(decision, temperature=before.temperature, thresholds=before.thresholds)
        == before
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"protocol": "random"}, "expected protocol loso"),
        ({"condition": "mp3"}, "results: found none, expected some on clean audio"),
        ({"configuration": {"features": "psf"}}, "expected the labels and features of"),
        ({"precision": "float32"}, "found none of precision int8"),
    ],
)
def test_other_results_are_refused(
    changes: dict[str, Any],
    words: str,
    model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path, out = tmp_path / "result.json", tmp_path / "out.tflite"
    write_results(path, [result(**changes)])
    command = ["release", "--model", str(model), "--results", str(path), "--out", str(out)]
    assert main(command) == 2
    assert words in capsys.readouterr().err
    assert not out.exists()


def test_the_command_takes_what_is_on_clean_audio(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "result.json", tmp_path / "out.tflite"
    float32, integer = result(0, "float32"), result()
    # Of float32 there are more seeds than of int8, so that it has to be left out.
    write_results(path, [float32, integer, result(condition="mp3"), result(1, "float32")])
    command = ["release", "--model", str(model), "--results", str(path), "--out", str(out)]
    assert main(command) == 2
    assert "found seeds" in capsys.readouterr().err
    assert main([*command, "--precisions", "int8", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    record = read_model(out).record
    assert printed["scores"] == [vars(score) for score in record.scores]
    assert printed["thresholds"] == record.decision.thresholds
    assert [(score.precision, score.ua) for score in record.scores] == [("int8", integer.ua)]
    assert main([*command, "--precisions", "int4"]) == 2
    assert "--precisions: found 'int4', expected some of float32, int8" in capsys.readouterr().err


def test_a_result_under_a_condition_is_refused(model: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"results loso-.*-mp3: expected protocol loso on clean"):
        release(model, [result(condition="mp3")], 0.9, tmp_path / "out.tflite")


def other(**settings: Any) -> dict[str, Any]:
    return dataclasses.replace(CONFIGURATION, **settings).to_json()


def few() -> Result:
    """Return the result of one speaker."""
    whole = result()
    clips = [clip for clip in whole.clips if clip.fold == SPEAKERS[0]]
    return result(clips=clips, folds=whole.folds[:1])


@pytest.mark.parametrize(
    ("results", "words"),
    [
        ([result(), result(1, configuration=other(epochs=7))], "trained with epochs 7"),
        (
            [result(), result(precision="float32", configuration=other(mixed_precision="float16"))],
            "trained with mixed_precision 'none', expected 'float16' as in .*-float32-seed0",
        ),
        ([few()], f"clips, expected all that .* was trained on: {CLIPS}"),
        (
            [result(), result(1), result(0, "float32")],
            "found seeds .0, 1. of int8 and .0. of",
        ),
        ([result(), result()], "each once"),
    ],
    ids=["settings", "mixed-precision", "speakers", "seeds", "twice"],
)
def test_results_that_are_none_of_the_model(
    results: list[Result], words: str, model: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=words):
        release(model, results, 0.9, tmp_path / "out.tflite")
    assert not (tmp_path / "out.tflite").exists()


def test_the_model_was_trained_as_the_results_were(model: Path, tmp_path: Path) -> None:
    """As far as the summary beside it says; the seed may be another."""
    summary = model.parent / "summary.json"
    summary.write_text(json.dumps({"configuration": other(seed=5)}))
    release(model, [result()], 0.9, tmp_path / "out.tflite")
    for content, words in (
        (json.dumps({"configuration": other(mixup=0.3)}), "summary.json: trained with mixup 0.3"),
        ("{", "summary.json: damaged"),
    ):
        summary.write_text(content)
        with pytest.raises(InputError, match=words):
            release(model, [result()], 0.9, tmp_path / "out.tflite")
