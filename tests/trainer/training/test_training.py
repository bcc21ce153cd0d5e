"""Runs end to end, on few clips and a narrow network."""

from __future__ import annotations

import dataclasses
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lightsernet_edge import InputError
from lightsernet_edge.cli import main
from lightsernet_edge.model.file import read_model
from lightsernet_trainer.configuration import TrainingConfiguration
from lightsernet_trainer.datasets import load
from lightsernet_trainer.datasets.clip import Clip, Corpus
from lightsernet_trainer.datasets.splits import Split, hold_out_share, hold_out_speakers
from lightsernet_trainer.training import fitting
from lightsernet_trainer.training import run as training

KILLED_COMMAND = Path(__file__).parents[1] / "killed_command.py"
SMALL = TrainingConfiguration(epochs=3, width=0.1, batch_size=16, seconds=1.0, mixup=0.2)


@pytest.fixture(scope="module")
def few(emodb: Path) -> Corpus:
    """Seven clips of every class, of six speakers."""
    corpus = load("emodb", emodb)
    clips: list[Clip] = []
    for label in corpus.labels:
        of_label = [clip for clip in corpus.clips if clip.label == label]
        clips += of_label[:: max(1, len(of_label) // 7)][:7]
    return dataclasses.replace(corpus, clips=tuple(clips))


def run(corpus: Corpus, split: Split, out: Path, **changes: Any) -> training.TrainingResult:
    configuration = dataclasses.replace(SMALL, **changes)
    return training.train(corpus, split, configuration, out, cache="memory")


def weights(result: training.TrainingResult) -> bytes:
    return result.models["int8"].model


def test_an_interrupted_run_ends_as_an_uninterrupted_one(
    few: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    split = hold_out_speakers(few, [few.speakers[0]])
    whole = run(few, split, tmp_path / "whole")

    fit_epoch = fitting.fit_epoch

    def break_off(network: Any, batches: Any, epoch: int) -> dict[str, float]:
        if epoch == 2:
            raise KeyboardInterrupt
        return fit_epoch(network, batches, epoch)

    monkeypatch.setattr(fitting, "fit_epoch", break_off)
    with pytest.raises(KeyboardInterrupt):
        run(few, split, tmp_path / "broken")
    assert not (tmp_path / "broken" / "int8.tflite").exists()
    monkeypatch.setattr(fitting, "fit_epoch", fit_epoch)
    resumed = run(few, split, tmp_path / "broken")
    assert weights(resumed) == weights(whole)
    losses = [[entry["loss"] for entry in result.history] for result in (whole, resumed)]
    assert losses[0] == losses[1]
    assert len(losses[0]) == 3


def test_held_out_clips_are_used_for_the_score_alone(few: Corpus, tmp_path: Path) -> None:
    """Without the held-out speakers' clips the models are the same to the last byte."""
    split = hold_out_speakers(few, few.speakers[:2])
    scored = run(few, split, tmp_path / "scored")
    blind = run(few, dataclasses.replace(split, test=()), tmp_path / "blind")
    for precision in ("float32", "float16", "int8"):
        assert scored.models[precision].model == blind.models[precision].model
    assert not blind.scores
    assert blind.agreement is None
    record = scored.models["int8"].record
    assert record.features == blind.models["int8"].record.features
    assert record.data is not None
    assert not set(record.data.speakers) & set(few.speakers[:2])
    assert record.scores[0].protocol == split.protocol
    assert record.scores[0].clips == len(split.test) == scored.scores["int8"].clips


def test_another_run_in_the_same_folder_is_refused(few: Corpus, tmp_path: Path) -> None:
    split = hold_out_share(few, 0.2, 0)
    run(few, split, tmp_path, epochs=1)
    with pytest.raises(InputError, match="holds a run with other data or settings"):
        run(few, split, tmp_path, epochs=2)


@pytest.mark.parametrize(
    "changes",
    [
        {"features": "psf", "loss": "focal"},
        {"features": "light-sernet", "standardise": False, "schedule": "original"},
        {"input_type": "mel-spectrogram", "level": "none", "padding": "zeros"},
        {"features": "light-sernet", "input_type": "spectrogram", "seconds": 0.5},
    ],
)
def test_every_front_end_trains_and_scores(
    changes: dict[str, Any], few: Corpus, tmp_path: Path
) -> None:
    result = run(few, hold_out_share(few, 0.2, 0), tmp_path, epochs=1, **changes)
    assert set(result.scores) == {"float32", "float16", "int8"}
    for precision, model in result.models.items():
        assert read_model(model.path).graph.precision == precision
    assert np.isfinite(result.history[0]["loss"])


def test_the_verb_train_then_evaluate(
    few: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = tmp_path / "clips.csv"
    lines = [f"{clip.path},{clip.label},{clip.speaker}" for clip in few.clips]
    manifest.write_text("\n".join(["file,label,speaker", *lines]))
    out = tmp_path / "out"
    data = ["--dataset", "manifest", "--data", str(manifest)]
    settings = ["--epochs", "1", "--width", "0.1", "--seconds", "1", "--test-speakers", "03,08"]
    assert main(["train", *data, "--out", str(out), *settings, "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert {path.name for path in out.iterdir()} == {
        "run", "summary.json", "history.png", "confusion.png",
        "float32.tflite", "float16.tflite", "int8.tflite",
    }  # fmt: skip
    assert json.loads((out / "summary.json").read_text()) == summary
    model = str(out / "int8.tflite")
    assert main(["evaluate", "--model", model, *data, "--speakers", "03,08", "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)
    for field in ("ua", "wa", "f1", "confusion", "per_speaker"):
        assert scores[field] == summary[field]
    assert scores["protocol"] == "no speaker of the model's training data (manifest)"
    assert main(["evaluate", "--model", model, *data, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["protocol"].startswith("NOT held out")


def test_killed_in_mid_run_and_started_again(few: Corpus, tmp_path: Path) -> None:
    """SIGKILL leaves a folder that the same command completes."""
    manifest = tmp_path / "clips.csv"
    lines = [f"{clip.path},{clip.label},{clip.speaker}" for clip in few.clips]
    manifest.write_text("\n".join(["file,label,speaker", *lines]))
    out = tmp_path / "out"
    command = [
        "train", "--dataset", "manifest", "--data", str(manifest), "--out", str(out),
        "--epochs", "6", "--width", "0.1", "--seconds", "1", "--test-speakers", "03",
    ]  # fmt: skip
    killed = subprocess.run(
        [sys.executable, KILLED_COMMAND, out / "run", "2", *command],
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not (out / "int8.tflite").exists()
    with np.load(out / "run" / "state.npz", allow_pickle=False) as kept:
        begun = json.loads(str(kept["history"]))
    assert len(begun) == 2
    assert main(command) == 0
    history = json.loads((out / "summary.json").read_text())["history"]
    assert len(history) == 6
    # Seconds and all: these epochs were not trained again.
    assert history[: len(begun)] == begun
