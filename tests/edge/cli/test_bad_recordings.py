"""Bad recordings: one line that says what is wrong, exit status 2, and nothing written."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from tests.edge.cli.command_lines import MODEL, start
from tests.edge.cli.refusals import PREFIX, Command, Refuse, one_line, tree
from tests.places import CLIPS

CLIP = CLIPS / "anger_03a02Wc.wav"
# Where canonical WAV files hold the sizes of the file and of the samples.
RIFF_SIZE, DATA_SIZE = slice(4, 8), slice(40, 44)


def missing(path: Path, voice: NDArray[np.int16]) -> None:
    pass


def directory(path: Path, voice: NDArray[np.int16]) -> None:
    path.mkdir()


def empty(path: Path, voice: NDArray[np.int16]) -> None:
    path.touch()


def text(path: Path, voice: NDArray[np.int16]) -> None:
    path.write_text("file,label,speaker\n" * 100)


def text_after_riff(path: Path, voice: NDArray[np.int16]) -> None:
    path.write_bytes(b"RIFF\xff\0\0\0WAVE" + b"not a chunk at all, only text. " * 50)


def truncated(path: Path, voice: NDArray[np.int16]) -> None:
    soundfile.write(path, voice, 16000)
    path.write_bytes(path.read_bytes()[:20000])


def truncated_by_a_byte(path: Path, voice: NDArray[np.int16]) -> None:
    soundfile.write(path, voice, 16000)
    path.write_bytes(path.read_bytes()[:-1])


def truncated_stereo_24_bit(path: Path, voice: NDArray[np.int16]) -> None:
    soundfile.write(path, np.stack([voice, voice], axis=1), 16000, subtype="PCM_24")
    path.write_bytes(path.read_bytes()[:-6])


def truncated_in_header(path: Path, voice: NDArray[np.int16]) -> None:
    soundfile.write(path, voice, 16000)
    path.write_bytes(path.read_bytes()[:30])


def truncated_flac(path: Path, voice: NDArray[np.int16]) -> None:
    soundfile.write(path, voice, 16000, format="FLAC")
    path.write_bytes(path.read_bytes()[:-2000])


def no_samples(path: Path, voice: NDArray[np.int16]) -> None:
    soundfile.write(path, voice[:0], 16000)


def short(path: Path, voice: NDArray[np.int16]) -> None:
    soundfile.write(path, voice[:4799], 16000)


def short_at_another_rate(path: Path, voice: NDArray[np.int16]) -> None:
    # As many samples as 0.3 s have at the model's rate.
    soundfile.write(path, voice[:4800], 48000)


def not_finite(value: float, index: int) -> Callable[[Path, NDArray[np.int16]], None]:
    def write(path: Path, voice: NDArray[np.int16]) -> None:
        samples = voice / 32768
        samples[index] = value
        soundfile.write(path, samples, 16000, subtype="FLOAT")

    return write


RECORDINGS = [
    pytest.param(missing, ["no such file", "expected a recording"], id="missing"),
    pytest.param(directory, ["is a directory", "expected a recording"], id="directory"),
    pytest.param(empty, ["empty", "expected a recording"], id="empty"),
    pytest.param(text, ["cannot be read as audio", "expected WAV, FLAC, OGG"], id="text"),
    pytest.param(text_after_riff, ["cannot be read as audio", "expected WAV"], id="text-in-riff"),
    pytest.param(truncated, ["truncated", "20000 bytes", "32044"], id="truncated"),
    pytest.param(truncated_by_a_byte, ["truncated", "32043 bytes", "32044"], id="truncated-1"),
    pytest.param(truncated_stereo_24_bit, ["truncated", "bytes"], id="truncated-24-bit"),
    pytest.param(truncated_in_header, ["cannot be read as audio", "expected"], id="header-only"),
    pytest.param(truncated_flac, ["bad.wav"], id="truncated-flac"),
    pytest.param(no_samples, ["no samples", "expected a recording"], id="no-samples"),
    pytest.param(short, ["0.2999 s", "expected at least 0.3 s"], id="short"),
    pytest.param(short_at_another_rate, ["0.1000 s", "at least 0.3 s"], id="short-48-khz"),
    pytest.param(not_finite(np.nan, 0), ["NaN or Inf", "expected finite"], id="nan"),
    pytest.param(not_finite(np.inf, 15999), ["NaN or Inf", "expected finite"], id="inf"),
    pytest.param(not_finite(-np.inf, 8000), ["NaN or Inf", "expected finite"], id="-inf"),
]
Write = Callable[[Path, NDArray[np.int16]], None]


@pytest.mark.parametrize("flags", [(), ("--json",), ("--utterances",)], ids=["table", "json", "u"])
@pytest.mark.parametrize(("write", "says"), RECORDINGS)
def test_recording(
    write: Write,
    says: list[str],
    flags: tuple[str, ...],
    desk: Path,
    refuse: Refuse,
    voice: NDArray[np.int16],
) -> None:
    write(desk / "bad.wav", voice)
    refuse("classify", *MODEL, *flags, "bad.wav", says=["bad.wav", *says])


@pytest.mark.parametrize("as_json", [False, True], ids=["table", "json"])
@pytest.mark.parametrize(("write", "says"), RECORDINGS)
def test_bad_file_among_good_ones(
    write: Write,
    says: list[str],
    as_json: bool,
    desk: Path,
    command: Command,
    voice: NDArray[np.int16],
) -> None:
    write(desk / "bad.wav", voice)
    soundfile.write(desk / "also.flac", voice, 16000)
    before = tree(desk)
    flags = ["--json"] if as_json else []
    outcome = command("classify", *MODEL, *flags, "good.wav", "bad.wav", "also.flac")
    assert outcome.status == 2
    one_line(outcome.stderr, ["bad.wav", *says])
    if as_json:
        rows = [json.loads(line) for line in outcome.stdout.splitlines()]
        assert [row["file"] for row in rows] == ["good.wav", "also.flac"]
        assert rows[0]["posteriors"] == rows[1]["posteriors"]
    else:
        rows = [line.split()[0] for line in outcome.stdout.splitlines()[1:]]
        assert rows == ["good.wav", "also.flac"]
    assert tree(desk) == before


def test_debug_shows_where_also_among_good_ones(desk: Path, command: Command) -> None:
    outcome = command("--debug", "classify", *MODEL, "--json", "good.wav", "bad.wav", "good.wav")
    assert outcome.status == 2
    assert len(outcome.stdout.splitlines()) == 2
    first, *_, last = outcome.stderr.splitlines()
    assert first == "Traceback (most recent call last):"
    assert last.startswith(f"{PREFIX}bad.wav: no such file")


def test_just_long_enough(desk: Path, command: Command) -> None:
    clip, _ = soundfile.read(CLIP, dtype="int16")
    soundfile.write(desk / "just.wav", clip[8000:12800], 16000)
    outcome = command("classify", *MODEL, "--json", "just.wav")
    assert (outcome.status, outcome.stderr) == (0, "")
    assert json.loads(outcome.stdout)["end_s"] == 0.3


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFF000, 0x80000000])
def test_sizes_that_pipes_write(size: int, desk: Path, command: Command) -> None:
    content = bytearray((desk / "good.wav").read_bytes())
    content[RIFF_SIZE] = content[DATA_SIZE] = size.to_bytes(4, "little")
    (desk / "piped.wav").write_bytes(content)
    outcome = command("classify", *MODEL, "--json", "good.wav", "piped.wav")
    assert (outcome.status, outcome.stderr) == (0, "")
    whole, piped = (json.loads(line) for line in outcome.stdout.splitlines())
    assert {**whole, "file": "piped.wav"} == piped


def test_half_the_band_is_missing(desk: Path, command: Command, voice: NDArray[np.int16]) -> None:
    """A warning, on stderr, and a result all the same."""
    soundfile.write(desk / "phone.wav", voice[:8000], 8000)
    outcome = command("classify", *MODEL, "--json", "phone.wav")
    assert outcome.status == 0
    assert json.loads(outcome.stdout)["file"] == "phone.wav"
    (line,) = outcome.stderr.splitlines()
    assert line.startswith("lightsernet-edge: warning: phone.wav: ")
    for words in ("8000 Hz", "4000 Hz", "16000 Hz"):
        assert words in line


NAMES = [
    "a b.wav",
    "[bold]x.wav",
    "[/b].wav",
    "[:smile:].wav",
    "Ärger.wav",
    "clip.raw",
    b"\xe4.wav",
]


@pytest.mark.parametrize("as_json", [False, True], ids=["table", "json"])
@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_odd_file_names(name: str | bytes, as_json: bool, desk: Path) -> None:
    """A name is neither markup nor a format, and need not be UTF-8."""
    file = os.fsdecode(name)
    try:
        (desk / file).parent.mkdir(exist_ok=True)
        (desk / file).write_bytes((desk / "good.wav").read_bytes())
    except OSError:
        pytest.skip("the file system takes no such name")
    flags = ["--json"] if as_json else []
    process = start("classify", *MODEL, *flags, file, cwd=desk, stdout=subprocess.PIPE)
    assert (process.returncode, process.stderr) == (0, b"")
    if as_json:
        assert json.loads(process.stdout)["file"] == file
    elif isinstance(name, str):
        assert file in process.stdout.decode()


@pytest.mark.parametrize("length", [300, 5000], ids=["name", "path"])
def test_name_too_long(length: int, refuse: Refuse) -> None:
    name = "a" * length
    refuse("classify", *MODEL, f"{name}.wav", says=[name])
    refuse("classify", "--model", f"{name}.tflite", "good.wav", says=[name])
