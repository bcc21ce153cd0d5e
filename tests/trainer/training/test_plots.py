"""Plots: whatever the labels and the user's settings, and never at the price of a run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import matplotlib
import pytest

from lightsernet_trainer.results.scores import score
from lightsernet_trainer.training import plots

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
