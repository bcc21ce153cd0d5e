"""The verb ``listen`` on files and pipes: what it prints, keeps and refuses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from lightsernet_edge import EmotionRecognizer, EmotionStream
from lightsernet_edge.audio.recording import as_pcm16, read_recording
from tests.places import CLIP_FILES

RATE = 16000
TIMEOUT_S = 60
FIELDS = [
    *("event", "file", "start_s", "end_s", "label", "confidence", "posteriors"),
    *("broken", "overflows", "stalls"),
]

Command = Callable[..., Any]


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three clips with pauses of 1.5 s."""
    pause = np.zeros(3 * RATE // 2, np.int16)
    clips = [as_pcm16(read_recording(clip, RATE).samples) for clip in CLIP_FILES[:3]]
    path = tmp_path_factory.mktemp("talk") / "talk.wav"
    soundfile.write(path, np.concatenate([part for clip in clips for part in (clip, pause)]), RATE)
    return path


def lines(outcome: Any) -> list[dict[str, Any]]:
    assert outcome.status == 0, outcome.stderr
    return [json.loads(line) for line in outcome.stdout.splitlines()]


def through_stdin(content: bytes, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "lightsernet_edge", "listen", "--input", "-", *arguments],
        input=content,
        capture_output=True,
        check=False,
        timeout=TIMEOUT_S,
    )


def test_events_are_those_of_the_stream(command: Command, talk: Path) -> None:
    outcome = command("listen", "--input", talk, "--fast", "--json")
    rows = lines(outcome)
    with EmotionStream() as stream:
        events = stream.process(as_pcm16(read_recording(talk, RATE).samples)) + stream.finish()
    assert len(events) == 3
    for row, event in zip(rows, events, strict=True):
        assert list(row) == FIELDS
        assert row["event"] == "utterance"
        assert row["file"] == str(talk)
        assert (row["start_s"], row["end_s"]) == (event.emotion.start_s, event.emotion.end_s)
        assert row["posteriors"] == event.emotion.posteriors
        assert (row["label"], row["broken"]) == (event.emotion.label, False)
    assert "utterances 3" in outcome.stderr
    assert "load" in outcome.stderr


def test_plain_lines_where_there_is_no_terminal(command: Command, talk: Path) -> None:
    outcome = command("listen", "--input", talk, "--fast")
    recognizer = EmotionRecognizer()
    printed = outcome.stdout.splitlines()
    assert len(printed) == 3
    for line, clip in zip(printed, CLIP_FILES, strict=False):
        assert recognizer.classify(clip).label in line
        assert "\x1b" not in line


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_terminal_that_knows_no_blocks(talk: Path, encoding: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lightsernet_edge", "listen", "--input", talk, "--fast"],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    assert done.returncode == 0, done.stderr
    printed = done.stdout.decode("ascii").splitlines()
    assert len(printed) == 3
    assert all("#" in line for line in printed)


@pytest.mark.parametrize("wanted", [1, 2])
def test_as_many_utterances_as_asked_for(command: Command, tmp_path: Path, wanted: int) -> None:
    """Though what is read at once may hold the beginning of the next."""
    pause = np.zeros(2 * RATE // 3, np.int16)
    clips = [as_pcm16(read_recording(clip, RATE).samples) for clip in CLIP_FILES[:3]]
    path = tmp_path / "short pauses.wav"
    soundfile.write(path, np.concatenate([part for clip in clips for part in (clip, pause)]), RATE)
    for fast in (["--fast"], []):
        outcome = command("listen", "--input", path, "--json", "--utterances", wanted, *fast)
        assert len(lines(outcome)) == wanted
        assert f"utterances {wanted}," in outcome.stderr


def test_pipe_hears_what_the_file_says(talk: Path) -> None:
    pcm = as_pcm16(read_recording(talk, RATE).samples).astype("<i2").tobytes()
    done = through_stdin(pcm + b"\x01", "--fast", "--json")
    assert done.returncode == 0, done.stderr
    labels = [json.loads(line)["label"] for line in done.stdout.splitlines()]
    assert labels == [EmotionRecognizer().classify(clip).label for clip in CLIP_FILES[:3]]
    warning, _summary = done.stderr.decode().splitlines()
    assert "one byte too many" in warning


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "MP3"])
@pytest.mark.parametrize("verb", [["listen", "--fast"], ["enrol", "--output", "never.json"]])
def test_a_file_on_stdin_is_not_taken_for_samples(
    verb: list[str], kind: str, tmp_path: Path
) -> None:
    file = tmp_path / f"clip.{kind.lower()}"
    soundfile.write(file, read_recording(CLIP_FILES[0], RATE).samples, RATE)
    content = file.read_bytes()
    if kind == "MP3":
        # An empty ID3v2 tag, as most MP3 files begin with.
        content = b"ID3\x04\x00\x00\x00\x00\x00\x00" + content
    command = [sys.executable, "-m", "lightsernet_edge", *verb, "--input", "-"]
    done = subprocess.run(
        command, input=content, capture_output=True, check=False, cwd=tmp_path, timeout=TIMEOUT_S
    )
    (line,) = done.stderr.decode().splitlines()
    assert (done.returncode, done.stdout) == (2, b"")
    assert line.startswith(
        f"lightsernet-edge: error: -: found {kind} data, expected raw PCM: 16 kHz"
    )
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("verb", [["listen"], ["enrol", "--output", "never.json"]])
def test_stdin_that_is_closed(verb: list[str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "lightsernet_edge", *verb, "--input", "-"]
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" <&-', "sh", *command],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        timeout=TIMEOUT_S,
    )
    assert done.returncode == 2
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("lightsernet-edge: error: --input -: found stdin closed")
    assert list(tmp_path.iterdir()) == []


def test_empty_pipe() -> None:
    done = through_stdin(b"", "--json")
    assert done.returncode == 0
    assert done.stdout == b""
    assert b"utterances 0" in done.stderr


def test_record_keeps_each_utterance(command: Command, talk: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "kept"
    rows = lines(command("listen", "--input", talk, "--fast", "--json", "--record", folder))
    samples = as_pcm16(read_recording(talk, RATE).samples)
    kept = sorted(folder.glob("*.json"))
    assert len(kept) == len(list(folder.glob("*.wav"))) == 3
    for path, row in zip(kept, rows, strict=True):
        result = json.loads(path.read_text())
        assert {key: result[key] for key in row} == row
        utterance, rate = soundfile.read(folder / result["wav"], dtype="int16")
        start, end = (round(row[key] * RATE) for key in ("start_s", "end_s"))
        assert rate == RATE
        assert np.array_equal(utterance, samples[start:end])
    # A second run adds to the first.
    lines(command("listen", "--input", talk, "--fast", "--json", "--record", folder))
    assert len(list(folder.glob("*.wav"))) == 6


def test_nothing_is_kept_by_default(command: Command, talk: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    lines(command("listen", "--input", talk, "--fast", "--json"))
    assert sorted(tmp_path.rglob("*")) == before


def test_limits_end_it(command: Command, talk: Path) -> None:
    assert (
        len(lines(command("listen", "--input", talk, "--fast", "--json", "--utterances", 2))) == 2
    )
    # What is being said at the end is judged as far as it was heard.
    (row,) = lines(command("listen", "--input", talk, "--fast", "--json", "--seconds", 0.5))
    assert row["end_s"] <= 0.5


def test_provisional_and_continuous_events(command: Command, talk: Path) -> None:
    rows = lines(command("listen", "--input", talk, "--fast", "--json", "--provisional"))
    kinds = [row["event"] for row in rows]
    assert kinds.count("utterance") == 3
    assert kinds.count("provisional") >= 3
    for more in ((), ("--engine", "native")):
        options = ("--fast", "--json", "--mode", "continuous", *more)
        rows = lines(command("listen", "--input", talk, *options))
        assert {row["event"] for row in rows} == {"continuous"}


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--input", "missing.wav"], 2, ["missing.wav", "no such file"]),
        (["--input", "notes.txt", "--fast"], 2, ["notes.txt"]),
        (["--input", "nan.wav", "--fast"], 2, ["nan.wav", "NaN"]),
        (["--input", "none.wav"], 2, ["none.wav", "holds no samples, expected a recording"]),
        (["--input", "none.wav", "--fast"], 2, ["none.wav", "holds no samples"]),
        (["--fast"], 2, ["--fast", "--input"]),
        (["--input", "good.wav", "--device", "0"], 2, ["--device"]),
        (["--input", "good.wav", "--record", "notes.txt"], 2, ["--record", "notes.txt"]),
        # A folder that even root cannot write to; said before anybody has spoken.
        (["--input", "good.wav", "--fast", "--record", "/proc"], 2, ["--record", "/proc"]),
        (["--input", "good.wav", "--record", "x", "--mode", "continuous"], 2, ["--record"]),
        (["--input", "good.wav", "--seconds", "0"], 2, ["--seconds"]),
        (["--input", "good.wav", "--seconds", "nan"], 2, ["--seconds"]),
        (["--input", "good.wav", "--utterances", "0"], 2, ["--utterances"]),
        (["--input", "good.wav", "--profile", "notes.txt"], 2, ["notes.txt"]),
        (["--input", "good.wav", "--model", "notes.txt"], 2, ["notes.txt"]),
        (["--input", "good.wav", "--engine", "abacus"], 2, ["--engine", "abacus"]),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, list) else "",
)
def test_bad_input_is_one_line(
    command: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    status: int,
    words: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("notes.txt").write_text("no audio")
    soundfile.write("good.wav", np.zeros(RATE, np.int16), RATE)
    soundfile.write("none.wav", np.zeros(0, np.int16), RATE)
    soundfile.write("nan.wav", np.full(RATE, np.nan, np.float32), RATE, subtype="FLOAT")
    outcome = command("listen", *arguments)
    assert outcome.status == status
    assert outcome.stdout == ""
    (line,) = outcome.stderr.splitlines()
    assert line.startswith("lightsernet-edge: error: ")
    for word in words:
        assert word in line


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_ends_an_endless_pipe(number: int, talk: Path) -> None:
    read, write = os.pipe()
    pcm = as_pcm16(read_recording(talk, RATE).samples).astype("<i2").tobytes()
    process = subprocess.Popen(
        [sys.executable, "-m", "lightsernet_edge", "listen", "--input", "-", "--fast", "--json"],
        stdin=read,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        os.write(write, pcm[: 3 * RATE])
        os.write(write, pcm[3 * RATE :])
        assert process.stdout is not None
        # The third utterance has ended, but the pipe has not.
        first = [process.stdout.readline() for _ in range(3)]
        process.send_signal(number)
        rest, said = process.communicate(timeout=TIMEOUT_S)
    finally:
        process.kill()
        os.close(read)
        os.close(write)
    assert process.returncode == 0, said
    assert [json.loads(line)["event"] for line in first] == ["utterance"] * 3
    assert rest == ""
    (summary,) = said.splitlines()
    assert "utterances 3" in summary


def test_reader_that_goes_away(talk: Path) -> None:
    command = (
        f"{sys.executable} -m lightsernet_edge listen --input {talk} --fast --json | head -n 1"
    )
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    assert len(done.stdout.splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
