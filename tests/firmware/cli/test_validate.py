"""``validate`` on the command line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import soundfile

from lightsernet_edge.cli import main
from lightsernet_edge.model.file import ModelFile
from tests.firmware.cli.command_output import json_of


def test_validate_native(
    smallest: ModelFile, recordings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = json_of(
        capsys, "validate", str(smallest.path), "--audio", str(recordings), "--engine", "native"
    )
    assert facts["clips"] == facts["identical"] == facts["labels_agree"] == 3
    assert facts["max_lsb"] == 0
    assert facts["features_identical"] > 0.99
    assert facts["features_max_lsb"] <= 1
    assert facts["pcm_labels_agree"] == 3


@pytest.mark.no_preload
@pytest.mark.skipif(not shutil.which("qemu-system-arm"), reason="needs qemu-system-arm")
def test_validate_on_a_board(
    smallest: ModelFile, recordings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["validate", str(smallest.path), "--audio", str(recordings), "--engine"]
    board, native = (json_of(capsys, *command, engine) for engine in ("cortex-m4", "native"))
    assert {**board, "engine": "native"} == native


def test_validate_cuts_and_pads(
    smallest: ModelFile, recordings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["validate", str(smallest.path), "--audio", str(recordings), "--seconds", "2"]
    assert json_of(capsys, *command, "--limit", "2")["clips"] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--engine", "cortex-m1"], "cortex-m1"),
        (["--limit", "0"], "--limit"),
        (["--seconds", "-1"], "--seconds"),
    ],
)
def test_validate_with_wrong_flags(
    arguments: list[str],
    message: str,
    smallest: ModelFile,
    recordings: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command = ["validate", str(smallest.path), "--audio", str(recordings), *arguments]
    assert main(command) == 2
    assert message in capsys.readouterr().err


def test_validate_takes_the_files_that_classify_takes(
    smallest: ModelFile, recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pcm, rate = soundfile.read(recordings / "1.wav")
    (tmp_path / "sub").mkdir()
    for name in ("a.mp3", "b.ogg", "sub/c.FLAC", "sub/d.wav"):
        soundfile.write(tmp_path / name, pcm, rate)
        assert main(["classify", "--model", str(smallest.path), str(tmp_path / name)]) == 0
    # As macOS leaves it beside a file.
    (tmp_path / "._a.mp3").write_bytes(b"no audio")
    capsys.readouterr()
    facts = json_of(capsys, "validate", str(smallest.path), "--audio", str(tmp_path))
    assert facts["clips"] == 4


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("absent", ["not found", "expected a folder of recordings"]),
        ("notes.txt", ["is a file", "expected a folder of recordings"]),
        (".", ["found no recording", "expected WAV, FLAC, OGG"]),
    ],
)
def test_validate_without_recordings(
    place: str,
    says: list[str],
    smallest: ModelFile,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "notes.txt").write_text("no audio")
    assert main(["validate", str(smallest.path), "--audio", str(tmp_path / place)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    for part in ("--audio", str(tmp_path / place), *says):
        assert part in line
