"""Bad input: one line that says what is wrong, exit status 2, and nothing written.

Most cases call the command's `main` in this process, for starting Python and its
libraries takes longer than the case itself; a few start the real command.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import io
import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lightsernet_edge import EmotionRecognizer, FeatureSpec
from lightsernet_edge.audio import read_recording
from lightsernet_edge.cli import main
from lightsernet_edge.errors import AudioError, ModelError
from lightsernet_edge.model_file import read_model

PREFIX = "lightsernet-edge: error: "
NOBODY = 65534
CLIP = Path(__file__).parents[2] / "examples" / "clips" / "anger_03a02Wc.wav"
MODEL = ("--model", "model.tflite")
# Where canonical WAV files hold the sizes of the file and of the samples.
RIFF_SIZE, DATA_SIZE = slice(4, 8), slice(40, 44)


class Outcome(Protocol):
    """What a run of the command left."""

    status: int
    stdout: str
    stderr: str


class SealedModel(Protocol):
    """A model file's content, in which another record can be put."""

    content: bytes
    bare: bytes

    @property
    def head(self) -> int: ...

    @property
    def record(self) -> dict[str, Any]: ...

    def with_text(self, text: bytes) -> bytes: ...

    def with_record(self, **changes: object) -> bytes: ...


Command = Callable[..., Outcome]
Refuse = Callable[..., str]


def tree(folder: Path) -> dict[str, bytes | None]:
    """Return all that a folder holds; None stands for a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def one_line(stderr: str, says: Sequence[str]) -> str:
    """Return the one error that was printed, after a look at what it says."""
    lines = stderr.split("\n")
    assert len(lines) == 2, f"expected one line, found {stderr!r}"
    assert lines[1] == ""
    assert lines[0].startswith(PREFIX)
    message = lines[0].removeprefix(PREFIX)
    assert "unexpected" not in message
    for words in says:
        assert words in message
    return message


@pytest.fixture
def refuse(desk: Path, command: Command) -> Refuse:
    """Run the command, which must refuse in the way of all refusals."""

    def run(*arguments: str | Path, says: Sequence[str]) -> str:
        before = tree(desk)
        outcome = command(*arguments)
        message = one_line(outcome.stderr, says)
        assert outcome.status == 2
        assert outcome.stdout == ""
        assert tree(desk) == before
        return message

    return run


@contextlib.contextmanager
def ordinary_rights() -> Iterator[None]:
    """Act as a user who may not read and write everything."""
    if os.geteuid() != 0:
        yield
        return
    try:
        os.seteuid(NOBODY)
    except PermissionError:
        pytest.skip("root that cannot become another user")
    try:
        if not os.access(main.__code__.co_filename, os.R_OK, effective_ids=True):
            pytest.skip("the checkout lies where only root may read")
        yield
    finally:
        os.seteuid(0)


def start(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Run the real command in a process of its own."""
    words = [sys.executable, "-m", "lightsernet_edge", *map(str, arguments)]
    return subprocess.run(words, stderr=subprocess.PIPE, check=False, timeout=120, **options)


def write_folders(root: Path, counts: Mapping[str, int], clip: Path) -> Path:
    """Make a folder of class folders with copies of a clip in them."""
    for label, count in counts.items():
        (root / label).mkdir(parents=True)
        for index in range(count):
            (root / label / f"{index}.wav").write_bytes(clip.read_bytes())
    return root


# --- recordings ---------------------------------------------------------------


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


# --- models -------------------------------------------------------------------


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def last_byte_flipped(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


def without(field: str) -> Callable[[SealedModel], bytes]:
    def build(sealed: SealedModel) -> bytes:
        record = sealed.record
        del record[field]
        return sealed.with_text(json.dumps(record).encode())

    return build


def features(**changes: object) -> Callable[[SealedModel], bytes]:
    def build(sealed: SealedModel) -> bytes:
        return sealed.with_record(features={**sealed.record["features"], **changes})

    return build


def record(**changes: object) -> Callable[[SealedModel], bytes]:
    return lambda sealed: sealed.with_record(**changes)


def record_text(content: bytes) -> Callable[[SealedModel], bytes]:
    return lambda sealed: sealed.with_text(content)


SCORE = {"protocol": "p", "precision": "int8", "ua": 0.5, "wa": 0.5, "f1": 0.5, "clips": 1}
DATA: dict[str, object] = {
    "name": "emodb",
    "licence": None,
    "source": None,
    "clips": 1,
    "speakers": [],
}
MODELS = [
    pytest.param(lambda sealed: b"", ["expected"], id="empty"),
    pytest.param(lambda sealed: b"text\n" * 99, ["expected b'TFL3'"], id="text"),
    pytest.param(lambda sealed: b"\0\0\0\0TFL3", ["no record"], id="identifier-alone"),
    pytest.param(lambda sealed: sealed.bare, ["no record", "adopt"], id="no-record"),
    pytest.param(lambda sealed: half(sealed.content), [], id="half"),
    pytest.param(lambda sealed: sealed.content[:-1], ["SHA-256"], id="last-byte-missing"),
    pytest.param(lambda sealed: sealed.content + b"\0", ["SHA-256"], id="a-byte-too-many"),
    pytest.param(lambda sealed: last_byte_flipped(sealed.content), ["SHA-256"], id="hash"),
    pytest.param(record(sha256="0" * 64), ["SHA-256"], id="another-hash"),
    pytest.param(record(sha256="hash"), ["sha256", "'hash'", "64 hexadecimal"], id="no-hash"),
    pytest.param(record(size=8), ["SHA-256"], id="size"),
    pytest.param(record(size=-8), ["size", "-8", "expected a number"], id="size-below-0"),
    pytest.param(record(schema=99), ["schema version 99", "expected at most 1"], id="schema"),
    pytest.param(record(schema="1"), ["schema version '1'", "expected"], id="schema-a-string"),
    pytest.param(without("schema"), ["schema version None", "expected"], id="no-schema"),
    pytest.param(record_text(b""), ["record", "not JSON"], id="record-blank"),
    pytest.param(record_text(b'{"schema": 1,'), ["record", "not JSON"], id="record-cut"),
    pytest.param(record_text(b"\xff\xfe"), ["record", "not JSON"], id="record-not-utf-8"),
    pytest.param(record_text(b"[" * 4000), ["record"], id="record-nested"),
    pytest.param(record_text(b'{"schema":' + b"1" * 4500), ["record"], id="record-long-number"),
    pytest.param(record_text(b"[]"), ["record", "list", "JSON object"], id="record-a-list"),
    pytest.param(without("labels"), ["record", "labels", "expected"], id="no-labels"),
    pytest.param(without("features"), ["record", "feature spec", "expected"], id="no-features"),
    pytest.param(record(labels=["a"]), ["labels", "found 1", "expected 2"], id="one-label"),
    pytest.param(record(labels=list("aabcdef")), ["labels", "'a'", "twice"], id="label-twice"),
    pytest.param(record(labels=[1, *"abcdef"]), ["labels", "1", "expected"], id="label-a-number"),
    pytest.param(record(labels=["", *"abcdef"]), ["labels", "''", "expected"], id="label-empty"),
    pytest.param(record(labels=list("abcdef")), ["[1, 7]", "[1, 6]"], id="label-count"),
    pytest.param(features(n_coefficients=20), ["[1, 184, 40, 1]", "20"], id="input-shape"),
    pytest.param(features(level="loud"), ["level", "'loud'", "expected"], id="level"),
    pytest.param(features(frame_length=0), ["frame_length", "0", "expected"], id="frame"),
    pytest.param(features(clip_seconds=1e308), ["clip_seconds", "expected"], id="clip-seconds"),
    pytest.param(features(log_floor=10**400), ["log_floor", "expected"], id="log-floor"),
    pytest.param(features(colour="red"), ["colour"], id="unknown-feature"),
    pytest.param(record(decision={"temperature": 0}), ["temperature", "0"], id="temperature"),
    pytest.param(record(decision={"min_seconds": 10**400}), ["min_seconds"], id="min-seconds"),
    pytest.param(record(decision=[]), ["decision", "expected an object"], id="decision"),
    pytest.param(record(data={**DATA, "speakers": 5}), ["record", "speakers"], id="speakers"),
    pytest.param(record(data={**DATA, "speakers": [5]}), ["record", "speakers"], id="speaker"),
    pytest.param(record(data={**DATA, "clips": "many"}), ["record", "clips"], id="clips"),
    pytest.param(record(data={**DATA, "licence": [1]}), ["record", "licence"], id="licence"),
    pytest.param(record(scores=[{**SCORE, "ua": 2}]), ["scores", "2", "0..1"], id="score"),
    pytest.param(record(scores=[{**SCORE, "protocol": 3}]), ["protocol"], id="protocol"),
    pytest.param(record(scores=[{"ua": 1}]), ["scores"], id="score-without-fields"),
    pytest.param(record(tools=[]), ["tools", "expected an object"], id="tools"),
]


@pytest.mark.parametrize("verb", [("info",), ("classify", "good.wav", "--model")], ids=" ".join)
@pytest.mark.parametrize(("build", "says"), MODELS)
def test_model(
    build: Callable[[SealedModel], bytes],
    says: list[str],
    verb: tuple[str, ...],
    desk: Path,
    refuse: Refuse,
    sealed: SealedModel,
) -> None:
    (desk / "bad.tflite").write_bytes(build(sealed))
    refuse(*verb, "bad.tflite", says=["bad.tflite", *says])


@pytest.mark.parametrize("verb", [("info",), ("classify", "good.wav", "--model")], ids=" ".join)
def test_model_that_is_no_file(verb: tuple[str, ...], desk: Path, refuse: Refuse) -> None:
    (desk / "folder").mkdir()
    for name, found in (("absent.tflite", "no such file"), ("folder", "is a directory")):
        refuse(*verb, name, says=[name, found, "expected a .tflite model"])


@pytest.mark.parametrize(
    ("build", "says"),
    [
        pytest.param(lambda text: b"", ["not JSON"], id="empty"),
        pytest.param(half, ["not JSON"], id="half"),
        pytest.param(lambda text: text.replace(b'"schema": 1', b'"schema": 7'), ["7"], id="schema"),
        pytest.param(lambda text: text.replace(b'"size": 1', b'"size": 2'), ["SHA-256"], id="size"),
    ],
)
def test_sidecar(
    build: Callable[[bytes], bytes],
    says: list[str],
    desk: Path,
    command: Command,
    refuse: Refuse,
    sealed: SealedModel,
) -> None:
    (desk / "other.tflite").write_bytes(sealed.bare)
    sidecar = desk / "other.json"
    sidecar.write_text(json.dumps(sealed.record))
    assert command("info", "other.tflite").status == 0
    sidecar.write_bytes(build(sidecar.read_bytes()))
    refuse("info", "other.tflite", says=["other.", *says])


def test_the_record_inside_wins_over_a_bad_sidecar(desk: Path, command: Command) -> None:
    (desk / "model.json").write_text("rubbish")
    assert command("info", "model.tflite").status == 0


# --- adopting -----------------------------------------------------------------

SEVEN = "a,b,c,d,e,f,g"


def adopt(*arguments: str, labels: str = SEVEN, recipe: str = "edge") -> list[str]:
    return ["adopt", *arguments, "--labels", labels, "--features", recipe]


@pytest.mark.parametrize("to", [(), ("--output", "new.tflite"), ("--sidecar",)], ids=str)
@pytest.mark.parametrize(
    ("build", "says"),
    [
        pytest.param(lambda s: b"", ["expected"], id="empty"),
        pytest.param(lambda s: b"text\n" * 99, ["expected b'TFL3'"], id="text"),
        pytest.param(lambda s: half(s.bare), ["damaged"], id="half"),
        pytest.param(lambda s: half(s.content), [], id="half-with-record"),
        pytest.param(lambda s: last_byte_flipped(s.content), ["SHA-256"], id="hash"),
        pytest.param(lambda s: s.content[:-1], ["SHA-256"], id="last-byte-missing"),
    ],
)
def test_adopt_a_damaged_model(
    build: Callable[[SealedModel], bytes],
    says: list[str],
    to: tuple[str, ...],
    desk: Path,
    refuse: Refuse,
    sealed: SealedModel,
) -> None:
    """Above all, bytes that a record shows to be damaged get no new record."""
    (desk / "bad.tflite").write_bytes(build(sealed))
    refuse(*adopt("bad.tflite", *to), says=["bad.tflite", *says])


@pytest.mark.parametrize("to", [(), ("--output", "new.tflite"), ("--sidecar",)], ids=str)
def test_adopt_with_labels_and_features_that_do_not_fit(
    to: tuple[str, ...], desk: Path, refuse: Refuse, sealed: SealedModel, flat_model: bytes
) -> None:
    (desk / "bare.tflite").write_bytes(sealed.bare)
    (desk / "flat.tflite").write_bytes(flat_model)
    bare = ["bare.tflite", *to]
    refuse(*adopt(*bare, labels="a,b"), says=["bare.tflite", "[1, 7]", "[1, 2]", "2 labels"])
    refuse(
        *adopt(*bare, "--input-type", "mel-spectrogram"),
        says=["bare.tflite", "[1, 184, 40, 1]", "[1, frames, 64, 1]"],
    )
    refuse(*adopt("flat.tflite", *to), says=["flat.tflite", "[1, 40]", "[1, frames, 40, 1]"])
    refuse(
        *adopt("flat.tflite", *to, recipe="light-sernet"),
        says=["flat.tflite", "[1, 40]", "[1, frames, 40, 1]"],
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (adopt(labels=""), ["labels", "expected"]),
        (adopt(labels=","), ["labels", "expected"]),
        (adopt(labels="a,b,c,d,e,f,"), ["labels", "''", "expected"]),
        (adopt(labels="a,b,c,d,e,f,a"), ["labels", "'a'", "twice"]),
        (adopt(labels="a,b,c,d,e,f,\t\x07"), ["labels", "expected"]),
        (adopt(recipe="nonsense"), ["--features", "'nonsense'", "expected one of light-sernet"]),
        (adopt("--input-type", "x"), ["--input-type", "'x'", "expected one of mfcc"]),
        (adopt("--seconds", "x"), ["--seconds", "'x'"]),
        (adopt("--seconds", "0", recipe="light-sernet"), ["seconds", "0"]),
        (adopt("--seconds", "-1", recipe="light-sernet"), ["seconds", "-1"]),
        (adopt("--seconds", "nan", recipe="light-sernet"), ["seconds", "nan"]),
        (adopt("--seconds", "inf", recipe="light-sernet"), ["seconds", "inf"]),
        (adopt("--seconds", "1e308", recipe="light-sernet"), ["seconds", "1e+308"]),
        (adopt("--seconds", "5", recipe="light-sernet"), ["184 frames", "309", "--seconds"]),
        (adopt("--output", "absent/new.tflite"), ["absent/new.tflite", "cannot be written"]),
        (adopt("--output", "folder"), ["folder", "cannot be written", "directory"]),
        (adopt("--output", "bare.tflite/new.tflite"), ["bare.tflite/new.tflite"]),
        (adopt("--output", "new.tflite", "--sidecar"), ["--sidecar", "--output"]),
        (["adopt", "--labels", SEVEN], ["--features"]),
        (["adopt", "--features", "edge"], ["--labels"]),
    ],
    ids=lambda value: " ".join(value[1:]).encode("unicode_escape").decode() or "none",
)
def test_adopt_flags(
    arguments: list[str], says: list[str], desk: Path, refuse: Refuse, sealed: SealedModel
) -> None:
    (desk / "bare.tflite").write_bytes(sealed.bare)
    (desk / "folder").mkdir()
    refuse("adopt", "bare.tflite", *arguments[1:], says=says)


def test_adopt_replaces_a_record(desk: Path, command: Command, sealed: SealedModel) -> None:
    """A file that has a record gets the new one instead; the model's bytes stay."""
    assert command(*adopt("model.tflite", recipe="psf")).status == 0
    file = read_model(desk / "model.tflite")
    assert file.record.labels == tuple("abcdefg")
    assert file.record.features.name == "psf"
    assert file.model == sealed.bare
    assert sorted(path.name for path in desk.iterdir()) == ["good.wav", "model.tflite"]


# --- places without rights ----------------------------------------------------


@pytest.fixture
def locked(desk: Path, command: Command, sealed: SealedModel) -> Iterator[Path]:
    """A working folder that nobody but root may write to."""
    (desk / "bare.tflite").write_bytes(sealed.bare)
    # What is imported late must be there before the rights are gone.
    assert command("classify", *MODEL, "good.wav").status == 0
    assert command(*adopt("bare.tflite", "--output", "late.tflite")).status == 0
    (desk / "late.tflite").unlink()
    desk.chmod(0o555)
    yield desk
    desk.chmod(0o755)


@pytest.mark.parametrize("to", [(), ("--output", "new.tflite"), ("--sidecar",)], ids=str)
def test_read_only_folder(to: tuple[str, ...], locked: Path, command: Command) -> None:
    before = tree(locked)
    with ordinary_rights():
        outcome = command(*adopt("bare.tflite", *to))
    where = {(): "bare.tflite", ("--sidecar",): "bare.json"}.get(to, "new.tflite")
    one_line(outcome.stderr, [where, "cannot be written"])
    assert (outcome.status, outcome.stdout) == (2, "")
    assert tree(locked) == before


@pytest.mark.parametrize(
    ("unreadable", "arguments"),
    [
        ("good.wav", ["classify", *MODEL, "good.wav"]),
        ("model.tflite", ["classify", *MODEL, "good.wav"]),
        ("model.tflite", ["info", "model.tflite"]),
        ("bare.json", ["info", "bare.tflite"]),
        ("closed", ["classify", *MODEL, "closed/x.wav"]),
        ("closed", ["info", "closed/x.tflite"]),
        (
            "closed",
            ["evaluate", *MODEL, "--dataset", "emodb", "--data", "closed"],
        ),
        ("data.csv", ["train", "--dataset", "manifest", "--data", "data.csv", "--out", "out"]),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_unreadable(unreadable: str, arguments: list[str], locked: Path, command: Command) -> None:
    (locked / "bare.json").write_text("{}")
    (locked / "data.csv").write_text("file,label,speaker\n")
    (locked / "closed").mkdir()
    mode = (locked / unreadable).stat().st_mode
    before = tree(locked)
    (locked / unreadable).chmod(0)
    try:
        with ordinary_rights():
            outcome = command(*arguments)
    finally:
        (locked / unreadable).chmod(mode)
    one_line(outcome.stderr, [unreadable, "cannot be read"])
    assert (outcome.status, outcome.stdout) == (2, "")
    assert tree(locked) == before


# --- data sets ----------------------------------------------------------------

TRAIN = ("train", "--out", "out", "--epochs", "1", "--width", "0.05", "--test-share", "0.5")
EVALUATE = ("evaluate", *MODEL)
BOTH = pytest.mark.parametrize("verb", [TRAIN, EVALUATE], ids=["train", "evaluate"])


@BOTH
@pytest.mark.parametrize("layout", ["emodb", "ravdess", "iemocap", "folders"])
def test_data_folder_without_audio(
    layout: str, verb: tuple[str, ...], desk: Path, refuse: Refuse
) -> None:
    arguments = (*verb, "--dataset", layout, "--data", "data")
    refuse(*arguments, says=["data", "not found", "expected"])
    (desk / "data").mkdir()
    refuse(*arguments, says=["data", "no audio", "expected"])
    (desk / "data" / "notes.txt").write_text("no audio either")
    refuse(*arguments, says=["data", "no audio", "expected"])


@BOTH
def test_class_folder_without_audio(verb: tuple[str, ...], desk: Path, refuse: Refuse) -> None:
    write_folders(desk / "data", {"anger": 2, "fear": 0}, desk / "good.wav")
    refuse(
        *verb, "--dataset", "folders", "--data", "data", says=["data/fear", "no audio", "expected"]
    )


def test_class_with_one_clip(desk: Path, refuse: Refuse) -> None:
    write_folders(desk / "data", {"anger": 2, "fear": 1}, desk / "good.wav")
    says = ["data", "'fear'", "one clip", "data/fear/0.wav", "expected at least 2"]
    refuse(*TRAIN, "--dataset", "folders", "--data", "data", says=says)


def test_one_class(desk: Path, refuse: Refuse) -> None:
    write_folders(desk / "data", {"anger": 2}, desk / "good.wav")
    says = ["data", "'anger'", "expected at least two classes"]
    refuse(*TRAIN, "--dataset", "folders", "--data", "data", says=says)


def test_name_that_is_not_emodbs(desk: Path, refuse: Refuse) -> None:
    says = ["./good.wav".removeprefix("./"), "expected SSTTTEv.wav"]
    refuse(*TRAIN, "--dataset", "emodb", "--data", ".", says=says)


def write_manifest(desk: Path, *rows: str) -> None:
    (desk / "data.csv").write_text("\n".join(["file,label,speaker,start,end", *rows]) + "\n")


def test_unknown_label_in_a_manifest(desk: Path, refuse: Refuse) -> None:
    write_manifest(desk, "good.wav,anger,1,0,0.5", "good.wav,rage,1,0.5,1")
    data = ("--dataset", "manifest", "--data", "data.csv")
    says = ["data.csv", "line 3", "unknown label 'rage'", "expected one of anger fear"]
    refuse(*TRAIN, *data, "--labels", "anger,fear", says=says)


def test_label_that_the_model_does_not_have(desk: Path, refuse: Refuse) -> None:
    write_manifest(desk, "good.wav,anger,1,0,0.5", "good.wav,rage,1,0.5,1")
    data = ("--dataset", "manifest", "--data", "data.csv")
    says = ["data.csv", "line 3", "'rage'", "expected one of anger boredom"]
    refuse(*EVALUATE, *data, says=says)
    refuse(*EVALUATE, "--json", *data, says=says)
    write_folders(desk / "data", {"anger": 2, "rage": 2}, desk / "good.wav")
    data = ("--dataset", "folders", "--data", "data")
    refuse(*EVALUATE, *data, says=["data/rage", "unknown label", "expected one of anger boredom"])


ROWS = [
    pytest.param("absent.wav,fear,1,,", ["line 4", "'absent.wav'", "expected"], id="no-file"),
    pytest.param("model.tflite,fear,1,,", ["line 4", "'model.tflite'", "expected"], id="no-audio"),
    pytest.param("good.wav,fear,1,0.9,0.5", ["line 4", "0.9", "0.5", "expected"], id="order"),
    pytest.param("good.wav,fear,1,x,", ["line 4", "start", "'x'", "expected"], id="no-number"),
    pytest.param("good.wav,fear,1,nan,", ["line 4", "start", "'nan'", "expected"], id="nan"),
    pytest.param("good.wav,fear", ["line 4", "2 cells", "expected 5"], id="cells"),
    pytest.param("good.wav,,1,0.9,1", ["line 4", "no label", "expected"], id="no-label"),
    pytest.param("good.wav,fear,1,0,0.4", ["line 4", "line 2", "expected"], id="twice"),
    pytest.param("good.wav,fear,1,0.5,9", ["good.wav", "1.000 s", "9.0", "expected"], id="beyond"),
    pytest.param("good.wav,fear,1,0,0.2", ["good.wav", "0.2000 s", "at least 0.3"], id="short"),
    pytest.param("bad.wav,fear,1,,", ["bad.wav", "truncated", "1000 bytes"], id="truncated"),
]


@BOTH
@pytest.mark.parametrize(("row", "says"), ROWS)
def test_row_of_a_manifest(
    row: str, says: list[str], verb: tuple[str, ...], desk: Path, refuse: Refuse
) -> None:
    """Also when the bad clip is found after good ones, nothing of them is left."""
    (desk / "bad.wav").write_bytes((desk / "good.wav").read_bytes()[:1000])
    (desk / "zzz.wav").write_bytes((desk / "good.wav").read_bytes())
    rest = ["zzz.wav,anger,2,,", "zzz.wav,fear,2,0,0.5"]
    write_manifest(desk, "good.wav,anger,1,0,0.4", "good.wav,fear,1,0.4,0.8", row, *rest)
    refuse(*verb, "--dataset", "manifest", "--data", "data.csv", says=says)


def test_out_that_cannot_be_a_folder(desk: Path, refuse: Refuse) -> None:
    write_folders(desk / "data", {"anger": 2, "fear": 2}, desk / "good.wav")
    (desk / "taken").write_text("a file")
    train = ["taken" if word == "out" else word for word in TRAIN]
    for cache in ("disk", "memory"):
        refuse(*train, "--cache", cache, "--dataset", "folders", "--data", "data", says=["taken"])


# --- flags --------------------------------------------------------------------

CLASSIFY = ("classify", *MODEL, "good.wav")
FOLDERS = ("--dataset", "folders", "--data", "data")
FLAGS = [
    ((), ["VERB"]),
    (("nonsense",), ["'nonsense'", "classify"]),
    (("classify", "--model", "model.tflite"), ["FILE"]),
    ((*CLASSIFY, "--nonsense"), ["--nonsense"]),
    ((*CLASSIFY, "--non\nsense"), ["--non"]),
    ((*CLASSIFY, "--threads", "0"), ["--threads", "0", "at least 1"]),
    ((*CLASSIFY, "--threads", "-3"), ["--threads", "-3", "at least 1"]),
    ((*CLASSIFY, "--threads", "2147483648"), ["--threads", "2147483648", "at most 1024"]),
    ((*CLASSIFY, "--threads", "two"), ["--threads", "'two'", "int"]),
    ((*CLASSIFY, "--threads"), ["--threads", "expected one argument"]),
    ((*CLASSIFY, "--engine", "nonsense"), ["--engine", "'nonsense'", "litert"]),
    ((*CLASSIFY, "--engine", ""), ["--engine", "''", "litert"]),
    (("info", "model.tflite", "more.tflite"), ["more.tflite"]),
    (("info", ""), ["MODEL", "''", "expected a path"]),
    (("export", "--format", "c", "--out", ""), ["--out", "''", "expected a path"]),
    (("classify", *MODEL, ""), ["FILE", "''", "expected a path"]),
    (("listen", "--input", ""), ["--input", "''", "expected a path"]),
    (("listen", "--mode", "continuous", "--adapt"), ["--adapt", "continuous", "utterance"]),
    (("listen", "--mode", "continuous", "--provisional"), ["--provisional", "utterance"]),
    (("crossval", *FOLDERS, "--out", "o", "--seeds", "x"), ["--seeds", "'x'", "whole numbers"]),
    (("crossval", *FOLDERS, "--out", "o", "--seeds=-1"), ["--seeds", "'-1'", "whole numbers"]),
    (("validate", "--audio", ".", "--seconds", "inf"), ["--seconds", "inf", "at most 60"]),
    (("validate", "--audio", ".", "--seconds", "1e6"), ["--seconds", "at most 60"]),
    (("fetch", "emodb", "--to", ""), ["--to", "''", "expected a path"]),
    (("listen", "--input", "good.wav", "--record", ""), ["--record", "''", "expected a path"]),
    (("enrol", "--input", "good.wav", "--output", ""), ["--output", "''", "expected a path"]),
    (("crossval", *FOLDERS, "--out", ""), ["--out", "''", "expected a path"]),
    (("train", *FOLDERS, "--out", ""), ["--out", "''", "expected a path"]),
    (("evaluate", "--dataset", "emodb", "--data", ""), ["--data", "''", "expected a path"]),
    (("fetch", "nonsense", "--to", "out"), ["'nonsense'", "emodb"]),
    (("fetch", "emodb"), ["--to"]),
    ((*EVALUATE, "--dataset", "folders"), ["--data"]),
    ((*EVALUATE, "--data", "data"), ["--dataset"]),
    ((*EVALUATE, "--dataset", "nonsense", "--data", "data"), ["dataset", "'nonsense'", "emodb"]),
    ((*EVALUATE, *FOLDERS, "--part", "speech"), ["part", "'speech'", "all"]),
    ((*EVALUATE, *FOLDERS, "--speakers", "99"), ["--speakers", "'99'", "anna, bob"]),
    ((*EVALUATE, *FOLDERS, "--speakers", ""), ["--speakers", "''", "anna, bob"]),
    ((*EVALUATE, *FOLDERS, "--threads", "0"), ["--threads", "0", "at least 1"]),
    ((*EVALUATE, *FOLDERS, "--engine", "nonsense"), ["--engine", "'nonsense'", "litert"]),
    ((*TRAIN, "--dataset", "nonsense", "--data", "data"), ["dataset", "'nonsense'", "emodb"]),
    ((*TRAIN, *FOLDERS, "--part", "speech"), ["part", "'speech'", "all"]),
    ((*TRAIN, *FOLDERS, "--labels", ""), ["labels", "''", "expected"]),
    ((*TRAIN, *FOLDERS, "--labels", "anger,fear,anger"), ["labels", "'anger,fear,anger'", "once"]),
    ((*TRAIN, *FOLDERS, "--labels", "anger"), ["data/fear", "unknown label", "anger"]),
    ((*TRAIN, *FOLDERS, "--labels", "anger,fear,joy"), ["'joy'", "no clip"]),
    ((*TRAIN, *FOLDERS, "--test-speakers", "anna"), ["--test-speakers", "--test-share"]),
    ((*TRAIN, *FOLDERS, "--test-share", "0"), ["--test-share", "0", "between 0 and 1"]),
    ((*TRAIN, *FOLDERS, "--test-share", "nan"), ["--test-share", "nan", "between 0 and 1"]),
    ((*TRAIN[:-2], *FOLDERS, "--test-speakers", "99"), ["--test-speakers", "'99'", "anna, bob"]),
    ((*TRAIN[:-2], *FOLDERS, "--test-speakers", "anna,bob"), ["no clip", "anna, bob"]),
    ((*TRAIN, *FOLDERS, "--features", "nonsense"), ["--features", "'nonsense'", "edge"]),
    ((*TRAIN, *FOLDERS, "--input-type", "nonsense"), ["--input-type", "'nonsense'", "mfcc"]),
    ((*TRAIN, *FOLDERS, "--level", "nonsense"), ["--level", "'nonsense'", "percentile"]),
    ((*TRAIN, *FOLDERS, "--padding", "nonsense"), ["--padding", "'nonsense'", "repeat"]),
    ((*TRAIN, *FOLDERS, "--seconds", "0"), ["--seconds", "0", "0.3"]),
    ((*TRAIN, *FOLDERS, "--seconds", "nan"), ["--seconds", "nan", "0.3"]),
    ((*TRAIN, *FOLDERS, "--loss", "nonsense"), ["--loss", "'nonsense'", "cross-entropy"]),
    ((*TRAIN, *FOLDERS, "--loss", "focal", "--gamma", "-1"), ["--gamma", "-1"]),
    ((*TRAIN, *FOLDERS, "--loss", "focal", "--gamma", "nan"), ["--gamma", "nan"]),
    ((*TRAIN, *FOLDERS, "--label-smoothing", "1"), ["--label-smoothing", "1"]),
    ((*TRAIN, *FOLDERS, "--label-smoothing", "-0.1"), ["--label-smoothing", "-0.1"]),
    ((*TRAIN, *FOLDERS, "--epochs", "0"), ["--epochs", "0", "1.."]),
    ((*TRAIN, *FOLDERS, "--epochs", "many"), ["--epochs", "'many'", "int"]),
    ((*TRAIN, *FOLDERS, "--batch-size", "0"), ["--batch-size", "0", "1.."]),
    ((*TRAIN, *FOLDERS, "--learning-rate", "0"), ["--learning-rate", "0"]),
    ((*TRAIN, *FOLDERS, "--learning-rate", "nan"), ["--learning-rate", "nan"]),
    ((*TRAIN, *FOLDERS, "--schedule", "nonsense"), ["--schedule", "'nonsense'", "one-cycle"]),
    ((*TRAIN, *FOLDERS, "--width", "0"), ["--width", "0", "0.05"]),
    ((*TRAIN, *FOLDERS, "--mixup", "-1"), ["--mixup", "-1"]),
    ((*TRAIN, *FOLDERS, "--time-masks", "-1"), ["--time-masks", "-1"]),
    ((*TRAIN, *FOLDERS, "--seed", "-1"), ["--seed", "-1"]),
    ((*TRAIN, *FOLDERS, "--cache", "nonsense"), ["--cache", "'nonsense'", "disk"]),
    ((*TRAIN, *FOLDERS, "--verbosity", "9"), ["--verbosity", "9", "0"]),
]


@pytest.mark.parametrize(
    ("arguments", "says"),
    FLAGS,
    ids=[" ".join((*a[:1], *a[-2:])).encode("unicode_escape").decode() or "none" for a, _ in FLAGS],
)
def test_flags(arguments: tuple[str, ...], says: list[str], desk: Path, refuse: Refuse) -> None:
    for label in ("anger", "fear"):
        for speaker in ("anna", "bob"):
            folder = desk / "data" / label / speaker
            folder.mkdir(parents=True)
            (folder / "1.wav").write_bytes((desk / "good.wav").read_bytes())
    refuse(*arguments, says=says)


@pytest.mark.parametrize("engine", [(), ("--engine", "native")], ids=["default", "native"])
def test_more_threads_than_an_interpreter_takes(engine: tuple[str, ...], refuse: Refuse) -> None:
    message = refuse(*CLASSIFY, *engine, "--threads", "1025", says=["--threads", "1025", "1024"])
    assert "--engine native" not in message


def test_unexpected_error_is_one_short_line(
    command: Command, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a library says of its arguments may hold a whole model."""

    def open_engine(*_: object) -> None:
        raise TypeError("takes a number,\nfound " + "TFL3" * 10**5)

    monkeypatch.setattr("lightsernet_edge.recognizer.open_engine", open_engine)
    outcome = command("classify", *MODEL, "good.wav")
    assert (outcome.status, outcome.stdout) == (1, "")
    (line,) = outcome.stderr.splitlines()
    assert line.startswith(f"{PREFIX}unexpected TypeError: takes a number, found TFL3")
    assert line.endswith("... (--debug shows where)")
    assert len(line) < 400


# --- the real command ---------------------------------------------------------


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


# --- any damage at all --------------------------------------------------------

MANY = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
WORDS = (0, 1, 4, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF)


@st.composite
def damage(draw: st.DrawFn, content: bytes) -> bytes:
    """Flip, cut, copy within, leave out, put in, or write a word at its boundary."""
    damaged = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        last = max(0, len(damaged) - 1)
        # The first tables lie at the beginning: where most can go wrong.
        at = draw(st.integers(0, min(last, 400)) | st.integers(0, last))
        length = draw(st.integers(0, 40) | st.integers(0, last))
        match draw(st.sampled_from(["flip", "cut", "copy", "drop", "insert", "word"])):
            case "flip" if damaged:
                damaged[at] ^= draw(st.integers(1, 255))
            case "cut":
                del damaged[at:]
            case "copy":
                source = draw(st.integers(0, last))
                piece = damaged[source : source + length]
                damaged[at : at + len(piece)] = piece
            case "drop":
                del damaged[at : at + length]
            case "insert":
                damaged[at:at] = draw(st.binary(max_size=20))
            case "word":
                value = draw(st.sampled_from(WORDS) | st.integers(0, 2**32 - 1))
                at -= at % 4
                damaged[at : at + 4] = value.to_bytes(4, "little")
            case _:
                pass
    return bytes(damaged)


@pytest.fixture
def handed_over(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The models that reach an interpreter."""
    models: list[bytes] = []

    def open_engine(model: bytes, *_: object) -> None:
        models.append(model)

    monkeypatch.setattr("lightsernet_edge.recognizer.open_engine", open_engine)
    return models


def check_damaged(path: Path, content: bytes, bare: bytes, handed_over: list[bytes]) -> None:
    """Either the file is refused, or an interpreter gets the very bytes that were sealed."""
    path.write_bytes(content)
    handed_over.clear()
    try:
        recognizer = EmotionRecognizer(path)
    except ModelError as error:
        refusal = str(error)
    else:
        assert recognizer.file.model == bare
        assert handed_over == [bare]
        return
    assert str(path) in refusal
    assert handed_over == []


@MANY
@given(data=st.data())
def test_any_byte_of_the_model_flipped(
    data: st.DataObject, sealed: SealedModel, desk: Path, handed_over: list[bytes]
) -> None:
    position = data.draw(st.integers(sealed.head, len(sealed.content) - 1))
    flipped = bytearray(sealed.content)
    flipped[position] ^= data.draw(st.integers(1, 255))
    (desk / "flipped.tflite").write_bytes(flipped)
    # The bounds may say so first, where the search for the record comes by.
    with pytest.raises(ModelError, match=r"SHA-256|damaged"):
        EmotionRecognizer(desk / "flipped.tflite")
    assert handed_over == []


@MANY
@given(data=st.data())
def test_damaged_model_file(
    data: st.DataObject, sealed: SealedModel, desk: Path, handed_over: list[bytes]
) -> None:
    content = data.draw(damage(sealed.with_record()))
    check_damaged(desk / "damaged.tflite", content, sealed.bare, handed_over)


@MANY
@given(content=st.binary(max_size=200))
def test_random_bytes_as_a_model(content: bytes, desk: Path, handed_over: list[bytes]) -> None:
    check_damaged(desk / "random.tflite", content, b"", handed_over)
    check_damaged(desk / "random.tflite", b"\x10\0\0\0TFL3" + content, b"", handed_over)


def quietly(*arguments: str | Path) -> tuple[int, str]:
    """Run the command without a fixture, as property tests must; return status and stderr."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()) as stderr,
        warnings.catch_warnings(),
    ):
        status = main([str(argument) for argument in arguments])
    return status, stderr.getvalue()


@MANY
@given(data=st.data())
def test_damaged_model_adopted(data: st.DataObject, sealed: SealedModel, desk: Path) -> None:
    """It is refused or, where the damage is not to be seen, sealed as it is."""
    damaged, adopted = desk / "damaged.tflite", desk / "adopted.tflite"
    damaged.write_bytes(data.draw(damage(sealed.bare)))
    adopted.unlink(missing_ok=True)
    status, stderr = quietly(*adopt(str(damaged), "--output", str(adopted)))
    if status == 0:
        file = read_model(adopted)
        assert file.model == damaged.read_bytes()
        assert quietly("info", adopted)[0] == 0
    else:
        assert status == 2
        one_line(stderr, [str(damaged)])
        assert not adopted.exists()


def places(value: object, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where values lie in a JSON value, as the keys that lead there."""
    yield place
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, (*place, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, (*place, index))


RECORD = {
    "schema": 1,
    "labels": list("abcdefg"),
    # One coefficient's mean and scale stand for all of them.
    "features": {**FeatureSpec("any").to_json(), "mean": [0.0], "scale": [1.0]},
    "decision": {"temperature": 1.0, "min_seconds": 0.3},
    "data": {**DATA, "speakers": ["03"]},
    "scores": [SCORE],
    "tools": {"python": "3"},
    "sha256": "",
    "size": 1,
}
PLACES = [place for place in places(RECORD) if place]
ODD: list[object] = [
    *(None, True, False, 0, -1, 1.5, 2**64, 10**400, 1e308, float("inf"), float("nan")),
    *("", "x", "a\nb", "[/b]", "\ud800", [], [1], [None], ["x"], {}, {"x": 1}),
]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(map(str, place)))
def test_any_value_in_the_record(place: tuple[Any, ...], sealed: SealedModel, desk: Path) -> None:
    """A record is refused or taken; nothing in it brings the command down."""
    path = desk / "odd.tflite"
    for value in ODD:
        record: Any = copy.deepcopy(RECORD)
        record.update(sha256=sealed.record["sha256"], size=sealed.record["size"])
        for name in ("mean", "scale"):
            record["features"][name] *= 40
        parent = record
        for key in place[:-1]:
            parent = parent[key]
        parent[place[-1]] = value
        path.write_bytes(sealed.with_text(json.dumps(record).encode()))
        for flags in ((), ("--json",)):
            status, stderr = quietly("info", path, *flags)
            assert status in (0, 2), (value, stderr)
            if status == 2:
                one_line(stderr, [str(path)])


WAV_HEADER = st.builds(
    lambda kind, channels, rate, rest, bits, size: (
        b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0"
        + b"".join(
            value.to_bytes(width, "little")
            for value, width in ((kind, 2), (channels, 2), (rate, 4), (rest, 4), (2, 2), (bits, 2))
        )
        + b"data"
        + size.to_bytes(4, "little")
    ),
    st.sampled_from([1, 3, 6, 7, 2, 0x11, 0x31, 0xFFFE]) | st.integers(0, 0xFFFF),
    st.sampled_from([1, 2, 8]) | st.integers(0, 0xFFFF),
    st.sampled_from([8000, 16000, 44100, 48000]) | st.integers(0, 2**32 - 1),
    st.integers(0, 2**32 - 1),
    st.sampled_from([8, 16, 24, 32, 64]) | st.integers(0, 0xFFFF),
    st.sampled_from([0, 0xFFFFFFFF, 100, 101, 300]) | st.integers(0, 2**32 - 1),
)
MAGIC = st.sampled_from([b"", b"RIFF", b"RF64", b"fLaC", b"OggS", b"ID3\x03\0\0", b"FORM", b".snd"])


def check_decoded(path: Path, content: bytes) -> None:
    """Either the file is refused, or what is read can be worked with."""
    path.write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            recording = read_recording(path, 16000)
        except AudioError as error:
            refusal = str(error)
        else:
            assert recording.sample_rate == 16000
            assert recording.samples.ndim == 1
            assert recording.samples.dtype == np.float64
            assert np.isfinite(recording.samples).all()
            return
    assert str(path) in refusal


@MANY
@given(content=st.builds(bytes.__add__, MAGIC, st.binary(max_size=300)))
def test_random_bytes_as_audio(content: bytes, desk: Path) -> None:
    check_decoded(desk / "random.wav", content)


@MANY
@given(header=WAV_HEADER, samples=st.binary(max_size=300))
def test_random_wav_header(header: bytes, samples: bytes, desk: Path) -> None:
    check_decoded(desk / "random.wav", header + samples)


@MANY
@given(data=st.data(), name=st.sampled_from(["short.wav", "short.flac", "short.ogg"]))
def test_damaged_audio(
    data: st.DataObject, name: str, desk: Path, voice: NDArray[np.int16]
) -> None:
    soundfile.write(desk / name, voice[:800], 16000)
    check_decoded(desk / "damaged.wav", data.draw(damage((desk / name).read_bytes())))


def test_what_was_sealed_is_the_model(sealed: SealedModel) -> None:
    """The tests' own view of the file agrees with the record's hash."""
    assert sealed.content.endswith(sealed.bare)
    assert sealed.record["sha256"] == hashlib.sha256(sealed.bare).hexdigest()
