"""A folder to run documented commands in, with what they expect of a checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from lightsernet_edge.model.file import read_model
from tests.places import CLIPS, EXAMPLES, GOLDEN

TIMEOUT_S = 1200
# Made-up speakers of the data set: two is the least that can be left out in turn.
_SPEAKERS = ("03", "08")
# Programs that somebody built there.
_NOT_COPIED = shutil.ignore_patterns("firmware", "__pycache__")


def make_scratch(folder: Path) -> Path:
    """Copy the examples, and put beside them what readers have.

    ``.venv`` is the environment of this process, ``data/emodb`` a data set in EMO-DB's
    layout, in which each made-up speaker says all of the sample clips, and
    ``their.tflite`` a model without a record.
    """
    shutil.copytree(EXAMPLES, folder / "examples", ignore=_NOT_COPIED)
    (folder / ".venv").symlink_to(sys.prefix)
    recordings = folder / "data" / "emodb" / "wav"
    recordings.mkdir(parents=True)
    for clip in sorted(CLIPS.glob("*.wav")):
        code = clip.stem.partition("_")[2]
        for speaker in _SPEAKERS:
            shutil.copy(clip, recordings / f"{speaker}{code[2:]}.wav")
    (folder / "their.tflite").write_bytes(read_model(GOLDEN / "float32.tflite").model)
    return folder


def environment() -> dict[str, str]:
    """Return the environment of a user whose virtual environment is active."""
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def run_in(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a program in the scratch folder, with nothing on stdin."""
    return subprocess.run(
        command,
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
