"""An error's one line, of the unexpected and of the real command; none where the reader left."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from tests.edge.cli.class_folders import write_folders
from tests.edge.cli.command_lines import EVALUATE, MODEL, TRAIN, start
from tests.edge.cli.refusals import PREFIX, Command, one_line, tree
from tests.edge.cli.sealed_model import SealedModel, last_byte_flipped


def test_unexpected_error_is_one_short_line(
    command: Command, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a library says of its arguments may hold a whole model."""

    def open_engine(*_: object) -> None:
        raise TypeError("takes a number,\nfound " + "TFL3" * 10**5)

    monkeypatch.setattr("lightsernet_edge.classifier.open_engine", open_engine)
    outcome = command("classify", *MODEL, "good.wav")
    assert (outcome.status, outcome.stdout) == (1, "")
    (line,) = outcome.stderr.splitlines()
    assert line.startswith(f"{PREFIX}unexpected TypeError: takes a number, found TFL3")
    assert line.endswith("... (--debug shows where)")
    assert len(line) < 400


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (PermissionError(errno.EACCES, "Permission denied", "/a/b"), 2,
         "/a/b: cannot be used (Permission denied)"),
        (OSError(errno.ENOSPC, "No space left on device", b"/c"), 2,
         "/c: cannot be used (No space left on device)"),
        (MemoryError(), 1, "out of memory"),
    ],
)  # fmt: skip
def test_errors_of_the_system(
    error: Exception,
    status: int,
    says: str,
    command: Command,
    desk: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def open_engine(*_: object) -> None:
        raise error

    monkeypatch.setattr("lightsernet_edge.classifier.open_engine", open_engine)
    outcome = command("classify", *MODEL, "good.wav")
    assert (outcome.status, outcome.stderr) == (status, f"{PREFIX}{says}\n")


def test_warnings_that_are_made_errors(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are printed all the same: whoever sets this wants to hear of them."""
    samples, _ = soundfile.read(desk / "good.wav")
    soundfile.write(desk / "low.wav", samples, 8000)
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    process = start("listen", *MODEL, "--fast", "--input", "low.wav", cwd=desk)
    assert process.returncode == 0
    assert b"warning: low.wav: recorded at 8000 Hz" in process.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(
            ("classify", *MODEL, "absent.wav"),
            ["absent.wav", "no such file"],
            id="missing",
        ),
        pytest.param(
            ("classify", *MODEL, "cut.wav"),
            ["cut.wav", "truncated", "1000 bytes"],
            id="truncated",
        ),
        pytest.param(("info", "bad.tflite"), ["bad.tflite", "SHA-256"], id="hash"),
        pytest.param(("classify", "--nonsense"), ["FILE"], id="flag"),
        pytest.param(
            (*TRAIN, "--dataset", "folders", "--data", "data", "--loss", "nonsense"),
            ["--loss", "'nonsense'", "cross-entropy"],
            id="train",
        ),
        pytest.param(
            (*EVALUATE, "--dataset", "folders", "--data", "none"),
            ["none", "no audio"],
            id="evaluate",
        ),
    ],
)
def test_in_a_process_of_its_own(
    arguments: tuple[str, ...], says: list[str], desk: Path, sealed: SealedModel
) -> None:
    (desk / "cut.wav").write_bytes((desk / "good.wav").read_bytes()[:1000])
    (desk / "bad.tflite").write_bytes(last_byte_flipped(sealed.content))
    (desk / "none").mkdir()
    write_folders(desk / "data", {"anger": 2, "fear": 2}, desk / "good.wav")
    before = tree(desk)
    process = start(*arguments, cwd=desk, stdout=subprocess.PIPE)
    one_line(process.stderr.decode(), says)
    assert (process.returncode, process.stdout) == (2, b"")
    assert tree(desk) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("classify", *MODEL, "--json", *["good.wav"] * 5),
        ("classify", *MODEL, *["good.wav"] * 5),
        ("info", "model.tflite"),
        ("--help",),
    ],
    ids=["json", "table", "info", "help"],
)
def test_reader_that_went_away(arguments: tuple[str, ...], desk: Path) -> None:
    """As with `| head -1`: nobody is there to read what follows, or to be told."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        process = start(*arguments, cwd=desk, stdout=writing)
    finally:
        os.close(writing)
    assert process.stderr == b""
    assert process.returncode != 2


def test_first_line_alone_is_read(desk: Path) -> None:
    words = [sys.executable, "-m", "lightsernet_edge", "classify", "--model", "model.tflite"]
    with subprocess.Popen(
        [*words, "--json", *["good.wav"] * 100],
        cwd=desk,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert json.loads(first)["file"] == "good.wav"
