"""What is printed where stdout is no UTF-8."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.edge.cli.command_lines import start
from tests.places import CLIP_FILES

NARROW = ("ascii", "latin-1", "cp1252")


def printed(encoding: str, *arguments: str | Path) -> bytes:
    done = start(*arguments, env={**os.environ, "PYTHONIOENCODING": encoding}, stdout=-1, stdin=-3)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("encoding", NARROW)
def test_a_table_has_bars(encoding: str) -> None:
    assert "###" in printed(encoding, "classify", CLIP_FILES[0]).decode("ascii")


@pytest.mark.parametrize("encoding", NARROW)
def test_names_of_files(encoding: str, tmp_path: Path) -> None:
    """One that can be encoded, one that cannot, and one that is not UTF-8 itself."""
    names = [b"k\xc3\xbcche.wav", b"\xc5\x82.wav", b"k\xfcche.wav"]
    files = [tmp_path / os.fsdecode(name) for name in names]
    for file in files:
        shutil.copy(CLIP_FILES[0], file)
    content = printed(encoding, "classify", *files)
    small_u = "ü".encode(encoding, "replace").replace(b"?", b"\\u00fc")
    assert b"k" + small_u + b"che.wav" in content
    assert b"\\u0142.wav" in content
    assert b"k\xfcche.wav" in content


@pytest.mark.parametrize("encoding", NARROW)
def test_json_stays_json(encoding: str, tmp_path: Path) -> None:
    model = tmp_path / "Modellküche ł 😀.tflite"
    shutil.copy(Path(printed("utf-8", "info", "--json").decode().split('"')[3]), model)
    content = printed(encoding, "info", "--json", model)
    assert json.loads(content.decode(encoding))["model"] == str(model)
