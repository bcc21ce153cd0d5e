"""The examples run as their first lines say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lightsernet_edge.model.file import read_model
from tests.places import EXAMPLES


def run(name: str, *arguments: object) -> str:
    command = [sys.executable, str(EXAMPLES / name), *(str(item) for item in arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_classify_folder() -> None:
    lines = run("classify_folder.py", EXAMPLES / "clips").splitlines()
    clips = sorted((EXAMPLES / "clips").glob("*.wav"))
    assert [line.split()[0] for line in lines[:-1]] == [clip.name for clip in clips]
    assert "anger 1" in lines[-1]


def test_stream_features() -> None:
    clip = EXAMPLES / "clips" / "anger_03a02Wc.wav"
    lines = run("stream_features.py", clip).splitlines()
    samples = (clip.stat().st_size - 44) // 2
    expected = 1 + (samples - 1024) // 256
    assert lines[-1] == f"{expected} rows of 40 coefficients"
    assert len(lines) == expected + 1


def test_stream_features_without_its_clip() -> None:
    command = [sys.executable, str(EXAMPLES / "stream_features.py"), "missing.wav"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "stream_features.py: missing.wav: no such file, expected a recording\n"


def test_export_firmware(tmp_path: Path) -> None:
    lines = run("export_firmware.py", tmp_path / "exported").splitlines()
    flash = (tmp_path / "exported" / "model.lsn").stat().st_size
    files = [path for path in (tmp_path / "exported").rglob("*") if path.is_file()]
    assert lines[-2] == f"{len(files)} files, {flash} bytes of flash for the model"
    assert lines[-1] == "33552 bytes of RAM for a stream"
    assert "STM32F4DISCOVERY" in lines[-3]
    assert sum("M MAC" in line for line in lines) == 7


def test_export_firmware_of_a_model_that_is_not_there(tmp_path: Path) -> None:
    command = [sys.executable, str(EXAMPLES / "export_firmware.py"), str(tmp_path), "absent.tflite"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("export_firmware.py: absent.tflite: ")


def test_train_small(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow", reason="the extra train is not installed")
    *models, last = run("train_small.py", tmp_path).splitlines()
    assert [line.split()[0] for line in models] == [
        "float32.tflite", "float16.tflite", "int8.tflite",
    ]  # fmt: skip
    for line in models:
        model = read_model(tmp_path / line.split()[0])
        assert int(line.split()[1]) == len(model.model)
        assert f"{model.record.scores[0].ua:.0%}" == line.split()[-1]
    assert last.startswith("trained on 7 clips, scored on 7: 50% of the clips held out")


@pytest.mark.parametrize("program", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_every_example_says_how_it_is_used(program: Path) -> None:
    assert f"Usage: python {program.name}" in program.read_text()
