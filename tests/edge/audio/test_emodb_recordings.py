"""All of EMO-DB's recordings are read as they are, those with padded headers too."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lightsernet_edge.audio.recording import Recording
from lightsernet_edge.errors import AudioError
from tests.edge.audio.made_recordings import read

# Their samples begin at byte 4096, behind a chunk of padding.
PADDED_CLIPS = ("14a07Aa", "14a07Fd", "14a07Na", "14a07Wc")


@pytest.fixture(scope="session")
def facts(emodb: Path, data_root: Path) -> dict[str, dict[str, str]]:
    """What the manifest says of each file of EMO-DB, by its name."""
    manifest = data_root / "emodb_manifest.csv"
    if not manifest.is_file():
        pytest.skip(f"no {manifest.name} beside {emodb.name}")
    with manifest.open(newline="", encoding="utf-8") as lines:
        return {row["file"]: row for row in csv.DictReader(lines)}


def as_int16(recording: Recording) -> NDArray[np.int16]:
    """Return the integers that the samples were made from."""
    values = recording.samples * 32768
    assert np.array_equal(values, np.rint(values))
    return values.astype("<i2")


def test_all_of_emodb(emodb: Path, facts: dict[str, dict[str, str]]) -> None:
    """Every sample of every original, by the SHA-256 of its PCM."""
    assert len(facts) == 535
    wrong = []
    for name, row in facts.items():
        samples = as_int16(read(emodb / "wav" / name))
        found = (samples.size, hashlib.sha256(samples.tobytes()).hexdigest())
        if found != (int(row["samples"]), row["sha256_pcm"]):
            wrong.append(name)
    assert wrong == []


@pytest.mark.parametrize("name", PADDED_CLIPS)
def test_padded_originals(name: str, emodb: Path, facts: dict[str, dict[str, str]]) -> None:
    """The samples begin at byte 4096; at byte 44 there is padding."""
    path = emodb / "wav" / f"{name}.wav"
    row = facts[path.name]
    assert row["data_offset"] == "4096"
    content = path.read_bytes()
    assert b"PAD " in content[:64]
    pcm = np.frombuffer(content, "<i2", int(row["samples"]), 4096)
    assert np.array_equal(as_int16(read(path)), pcm)
    assert np.array_equal(as_int16(read(path, 0.5, 1.0)), pcm[8000:16000])


def test_padded_originals_are_all(facts: dict[str, dict[str, str]]) -> None:
    odd = {name for name, row in facts.items() if row["data_offset"] != "44"}
    assert odd == {f"{name}.wav" for name in PADDED_CLIPS}


def test_original_that_was_cut(emodb: Path, tmp_path: Path) -> None:
    """Also behind a chunk of padding, where the samples' end is not the usual one."""
    for name in ("03a01Fa", *PADDED_CLIPS):
        content = (emodb / "wav" / f"{name}.wav").read_bytes()
        (tmp_path / "cut.wav").write_bytes(content[:-2])
        with pytest.raises(AudioError, match="truncated"):
            read(tmp_path / "cut.wav")
