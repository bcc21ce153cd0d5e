"""What `adopt` refuses: damaged models, labels and features that do not fit, bad flags."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lightsernet_edge.model.file import read_model
from tests.edge.cli.command_lines import SEVEN, adopt
from tests.edge.cli.refusals import Command, Refuse
from tests.edge.cli.sealed_model import SealedModel, half, last_byte_flipped


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
