"""Plots: whatever the labels and the user's settings, and never at the price of a run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import matplotlib
import pytest

from lightsernet_trainer.configuration import TrainingConfiguration
from lightsernet_trainer.datasets.clip import Clip, Corpus
from lightsernet_trainer.datasets.splits import Split
from lightsernet_trainer.results.scores import score
from lightsernet_trainer.training import plots
from lightsernet_trainer.training.run import TrainingResult
from lightsernet_trainer.training.summary import write_summary

LABELS = ("a$^$b", "J\udcfcrgen", "\\frac", "\x1b[2J")


def test_labels_that_look_like_mathematics(tmp_path: Path) -> None:
    found = score(LABELS, LABELS, list("1234"), LABELS)
    with matplotlib.rc_context({"text.usetex": True, "figure.figsize": (1, 1)}):
        plots.plot_confusion(found, LABELS, "speakers a$^$b held out", tmp_path / "a.png")
        assert matplotlib.rcParams["text.usetex"]
    assert (tmp_path / "a.png").read_bytes()[1:4] == b"PNG"


@pytest.mark.parametrize("backend", ["module://matplotlib_inline.backend_inline", "nonsense"])
def test_a_notebooks_backend_is_not_asked_for(backend: str) -> None:
    code = "import lightsernet_trainer.cli.train, lightsernet_trainer.training.plots"
    environment = {**os.environ, "MPLBACKEND": backend}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)


def test_a_plot_that_fails_costs_a_run_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no such font")

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", broken)
    clips = tuple(Clip(tmp_path / f"{i}.wav", label, "03") for i, label in enumerate("abab"))
    corpus, split = Corpus("made up", ("a", "b"), clips), Split(clips[:2], clips[2:], "made up")
    epoch = {"epoch": 1.0, "loss": 1.0, "accuracy": 0.5, "learning_rate": 0.001, "seconds": 1.0}
    scores = {"int8": score(["a", "b"], ["a", "b"], ["03", "03"], ["a", "b"])}
    result = TrainingResult({}, scores, 1.0, [epoch])
    said: list[str] = []
    summary = write_summary(tmp_path, corpus, split, TrainingConfiguration(), result, said.append)
    assert said == [f"{tmp_path}: a picture is missing (RuntimeError: no such font)"]
    assert json.loads((tmp_path / "summary.json").read_text()) == summary
    assert summary["ua"] == 1.0
