"""The model that ships: its record says what cross-validation says, and nothing else goes in."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lightsernet_edge.model_file import read_model
from lightsernet_trainer import calibration
from lightsernet_trainer.configuration import TrainingConfiguration
from lightsernet_trainer.release import main, release
from lightsernet_trainer.result_file import write_result
from lightsernet_trainer.results import ClipResult, FoldResult, Result

MODEL = Path(__file__).parents[1] / "golden" / "without_speakers_13_15" / "int8.tflite"
RECORD = read_model(MODEL).record
LABELS = RECORD.labels
CONFIGURATION = TrainingConfiguration(front_end=(f"log_floor={RECORD.features.log_floor}",))
SPEAKERS = ("03", "08", "11")


def result(seed: int = 0, precision: str = "int8", **changes: Any) -> Result:
    """Make up the posteriors of 210 clips, too sure of themselves."""
    random = np.random.default_rng(seed)
    truth = np.arange(210) % len(LABELS)
    logits = 3 * (random.normal(size=(210, len(LABELS))) + 2 * np.eye(len(LABELS))[truth])
    rows = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    fields: dict[str, Any] = {
        "protocol": "loso",
        "recipe": "edge",
        "loss": "cross-entropy",
        "precision": precision,
        "seed": seed,
        "command": "made up",
        "versions": {},
        "labels": LABELS,
        "configuration": CONFIGURATION.to_json(),
        "clips": [
            ClipResult(f"{i}.wav", SPEAKERS[i % 3], SPEAKERS[i % 3], LABELS[label], tuple(row))
            for i, (label, row) in enumerate(zip(truth, rows.tolist(), strict=True))
        ],
        "folds": [FoldResult(name, 140, 70, 1, 1, ()) for name in SPEAKERS],
    }
    return Result.from_clips(**fields | changes)


def test_the_record_says_what_the_results_say(tmp_path: Path) -> None:
    results = [result(0), result(1), result(0, "float32")]
    file = release(MODEL, results, 0.9, tmp_path / "out.tflite")
    record = read_model(tmp_path / "out.tflite").record
    assert record == file.record
    assert [(score.precision, score.clips) for score in record.scores] == [
        ("int8", 210),
        ("float32", 210),
    ]
    assert record.scores[0].ua == pytest.approx((results[0].ua + results[1].ua) / 2)
    assert record.scores[1].ua == pytest.approx(results[2].ua)
    assert "mean over seeds 0, 1" in record.scores[0].protocol
    assert record.features == RECORD.features


def test_the_decision_is_that_of_the_calibration(tmp_path: Path) -> None:
    kept = result(0)
    decision = release(MODEL, [kept], 0.9, tmp_path / "out.tflite").record.decision
    expected = calibration.calibrate(kept, 0.9)
    assert decision.temperature == pytest.approx(expected.temperature, abs=1e-3)
    assert decision.temperature > 1.2
    assert decision.thresholds == pytest.approx(expected.thresholds, abs=2e-3)
    assert max(decision.thresholds.values()) > 0.0
    before = RECORD.decision
    assert (
        dataclasses.replace(decision, temperature=before.temperature, thresholds=before.thresholds)
        == before
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"protocol": "random"}, "expected protocol loso"),
        ({"condition": "mp3"}, "expected protocol loso on clean audio"),
        ({"configuration": {"features": "psf"}}, "expected the labels and features of"),
        ({"precision": "float32"}, "found none of precision int8"),
    ],
)
def test_other_results_are_refused(
    changes: dict[str, Any], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "result.json", tmp_path / "out.tflite"
    write_result(path, result(**changes))
    words_of_command = ["--model", str(MODEL), "--results", str(path), "--out", str(out)]
    assert main(words_of_command) == 2
    assert words in capsys.readouterr().err
    assert not out.exists()
