"""``classify``: what people read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from lightsernet_edge.cli import main
from tests.places import CLIP_FILES


def test_what_is_uncertain_names_the_label_it_would_have_been(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)  # a long path breaks the row
    # Seven emotions at once.
    mixed = np.concatenate([soundfile.read(clip, dtype="int16")[0] for clip in CLIP_FILES])
    soundfile.write(tmp_path / "mixed.wav", mixed, 16000)
    assert main(["classify", "--json", "mixed.wav"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert row["label"] == "uncertain"
    first, second = sorted(row["posteriors"].items(), key=lambda item: -item[1])[:2]
    assert main(["classify", "mixed.wav"]) == 0
    (line,) = capsys.readouterr().out.splitlines()[1:]
    assert line.split()[-4:] == [first[0], f"{first[1]:.0%},", second[0], f"{second[1]:.0%}"]


def test_lines_of_a_decoder_are_not_shown(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "gap.mp3"
    soundfile.write(path, soundfile.read(CLIP_FILES[0])[0], 16000, format="MP3")
    content = path.read_bytes()
    path.write_bytes(content[:3000] + bytes(700) + content[3000:])
    assert main(["classify", "--json", str(path)]) == 0
    # libmpg123 says so, too, in three lines.
    (line,) = capfd.readouterr().err.splitlines()
    assert line.endswith("gap.mp3: passed over 700 bytes that are no frames of MP3")
