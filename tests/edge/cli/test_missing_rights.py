"""Places without rights: folders that may not be written to, files that may not be read."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lightsernet_edge.cli import main
from tests.edge.cli.command_lines import MODEL, adopt
from tests.edge.cli.refusals import Command, one_line, tree
from tests.edge.cli.sealed_model import SealedModel

NOBODY = 65534


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
