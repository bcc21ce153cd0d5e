"""Names that are no files, streams that are closed or full, and a file read and written at once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lightsernet_edge.model.file import default_model_path
from tests.places import CLIPS, GOLDEN

CLIP = CLIPS / "anger_03a02Wc.wav"
LABELS = "a,b,c,d,e,f,g"
# A hang fails, however slow the machine.
TIMEOUT_S = 120


def run(folder: Path, *arguments: str, shell: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, with a redirection of the shell's."""
    command = [sys.executable, "-m", "lightsernet_edge", *arguments]
    return subprocess.run(
        ["bash", "-c", f'exec "$@" {shell}', "bash", *command],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )


def refused(done: subprocess.CompletedProcess[str], *words: str, status: int = 2) -> None:
    (line,) = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (status, "")
    assert line.startswith("lightsernet-edge: error: ")
    assert "unexpected" not in line
    for word in words:
        assert word in line


@pytest.mark.parametrize(
    "arguments",
    [
        ("classify", "pipe"),
        ("info", "pipe"),
        ("listen", "--fast", "--input", "pipe"),
        ("enrol", "--input", "pipe", "--output", "me.json"),
        ("classify", "--profile", "pipe", str(CLIP)),
        ("adopt", "pipe", "--labels", LABELS, "--features", "edge"),
    ],
    ids=lambda arguments: arguments[0],
)
@pytest.mark.parametrize("device", [False, True], ids=["pipe", "device"])
def test_a_pipe_or_device_is_refused_and_not_waited_for(
    device: bool, arguments: tuple[str, ...], tmp_path: Path
) -> None:
    if device:
        arguments = tuple("/dev/zero" if word == "pipe" else word for word in arguments)
    else:
        os.mkfifo(tmp_path / "pipe")
    refused(run(tmp_path, *arguments), "is a pipe or device, expected a")


@pytest.mark.parametrize(
    "arguments",
    [
        ("enrol", "--input", str(CLIP), "--output", "pipe"),
        ("adopt", str(GOLDEN / "int8.tflite"), "--labels", LABELS, "--features", "edge",
         "--output", "pipe"),
    ],
    ids=lambda arguments: arguments[0],
)  # fmt: skip
def test_what_is_no_file_is_not_replaced(arguments: tuple[str, ...], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    refused(run(tmp_path, *arguments), "pipe: is a pipe or device, expected a file or a new name")
    assert (tmp_path / "pipe").is_fifo()
    assert len(list(tmp_path.iterdir())) == 1


def test_no_verb_writes_over_what_it_reads(tmp_path: Path) -> None:
    shutil.copy(CLIP, tmp_path / "me.wav")
    shutil.copy(default_model_path(), tmp_path / "model.tflite")
    # Without its record.
    (tmp_path / "bare.json").write_bytes(read_bare())
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    refused(
        run(tmp_path, "enrol", "--input", "me.wav", "--output", "./me.wav"),
        "--output: me.wav is a recording of --input",
    )
    adopt = ("--labels", LABELS, "--features", "edge")
    refused(
        run(tmp_path, "adopt", "model.tflite", *adopt, "--output", "./model.tflite"),
        "has the record of its training, which would be lost",
    )
    refused(
        run(tmp_path, "adopt", "bare.json", *adopt, "--sidecar"),
        "bare.json: has the name of its sidecar",
    )
    assert before == {path: path.read_bytes() for path in tmp_path.iterdir()}


def read_bare() -> bytes:
    from lightsernet_edge.model.file import without_record

    return without_record((GOLDEN / "int8.tflite").read_bytes())


@pytest.mark.parametrize("arguments", [("--version",), ("info", "--json"), ("devices", "--json")])
def test_stdout_that_is_closed(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = run(tmp_path, *arguments, shell=">&-")
    assert done.returncode == 0
    assert "error" not in done.stderr


def test_an_error_stays_off_stdout_where_stderr_is_closed(tmp_path: Path) -> None:
    done = run(tmp_path, "info", "missing.tflite", "--json", shell="2>&-")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "")


def test_all_streams_closed(tmp_path: Path) -> None:
    """What is opened in their place has their numbers; only the status tells how it went."""
    clip = str(CLIPS / "anger_03a02Wc.wav")
    done = run(tmp_path, "classify", clip, shell="<&- >&- 2>&-")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_stdout_that_is_full(tmp_path: Path) -> None:
    done = run(tmp_path, "info", "--json", shell=">/dev/full")
    refused(done, "stdout: cannot be written", status=1)


def test_the_seconds_of_listen_are_the_same_however_fast(tmp_path: Path) -> None:
    """Though what is read at once is longer."""
    found = [
        run(tmp_path, "listen", "--input", str(CLIP), "--seconds", "0.7", "--json", *fast)
        for fast in ((), ("--fast",))
    ]
    assert found[0].stdout == found[1].stdout
    assert found[0].stdout.count("\n") == 1
    assert found[0].stderr == found[1].stderr
    assert found[0].stderr.startswith("heard 0.7 s")
    assert "load" not in found[0].stderr
