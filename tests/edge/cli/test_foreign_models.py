"""What a stranger's model and its sidecar may hold, and how it is shown."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.edge.cli.refusals import Command, Refuse, one_line
from tests.edge.cli.sealed_model import DATA, SealedModel

NASTY = "\x1b]0;owned\x07\x1b[2J\x9b31mFAKE\u202e"


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_text_of_a_record_is_escaped(
    flags: tuple[str, ...], desk: Path, sealed: SealedModel, command: Command
) -> None:
    data = {**DATA, "name": NASTY, "licence": NASTY, "speakers": [NASTY, "J\udcfcrgen"]}
    (desk / "nasty.tflite").write_bytes(sealed.with_record(data=data))
    found = command("info", "nasty.tflite", *flags)
    assert found.status == 0
    assert "FAKE" in found.stdout
    assert all(line.isprintable() for line in found.stdout.split("\n"))


def test_a_name_in_an_error_is_escaped(desk: Path, command: Command) -> None:
    found = command("classify", "a\x1b[2Jb\udcfc.wav")
    assert found.status == 2
    assert "a\\x1b[2Jb\\xfc.wav" in found.stderr


def test_a_label_that_is_an_answer(desk: Path, sealed: SealedModel, refuse: Refuse) -> None:
    labels = ["uncertain", *"bcdefg"]
    (desk / "odd.tflite").write_bytes(sealed.with_record(labels=labels))
    refuse("info", "odd.tflite", says=["odd.tflite", "'uncertain'"])


def large(path: Path) -> None:
    path.touch()
    os.truncate(path, 3 * 10**9)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [large, endless, os.mkfifo, Path.mkdir])
def test_a_sidecar_that_is_no_record(
    make: Callable[[Path], None], desk: Path, sealed: SealedModel, command: Command
) -> None:
    (desk / "bare.tflite").write_bytes(sealed.bare)
    make(desk / "bare.json")
    found = command("info", "bare.tflite")
    assert found.status == 2
    one_line(found.stderr, ["bare.json", "expected"])
