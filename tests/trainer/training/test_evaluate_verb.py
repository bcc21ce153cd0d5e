"""`evaluate` on people that the model does not know: what is said, what is kept, enrolment."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from sklearn.metrics import recall_score

from lightsernet_edge import EmotionRecognizer
from lightsernet_edge.cli import main
from lightsernet_edge.decision import UNCERTAIN
from lightsernet_trainer.results.answers import read_answers
from tests.places import CLIP_FILES

SPEAKERS = ("anna", "bob")


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """The sample clips, and neutral ones of two speakers under other names."""
    rows = [f"{clip},{clip.stem.split('_')[0]},anna" for clip in CLIP_FILES]
    (neutral,) = (clip for clip in CLIP_FILES if clip.stem.startswith("neutral"))
    for speaker in SPEAKERS:
        for number in range(2):
            copy = tmp_path / f"{speaker}{number}.wav"
            shutil.copy(neutral, copy)
            rows.append(f"{copy},neutral,{speaker}")
    first = shutil.copy(CLIP_FILES[0], tmp_path / "bob-first.wav")
    rows.append(f"{first},{CLIP_FILES[0].stem.split('_')[0]},bob")
    path = tmp_path / "people.csv"
    path.write_text("\n".join(["file,label,speaker", *rows]))
    return path


def evaluated(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    assert main(["evaluate", "--json", *map(str, arguments)]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_what_is_said_and_kept(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "answers.json"
    found = evaluated(capsys, "--dataset", "manifest", "--data", manifest, "--keep", kept)
    answers = read_answers(kept)
    recognizer = EmotionRecognizer()
    assert answers.model == recognizer.file.record.sha256
    assert answers.labels == recognizer.file.record.outputs
    assert len(answers.clips) == found["clips"]
    rows = [line.split(",") for line in manifest.read_text().splitlines()[1:]]
    said = {Path(path).name: recognizer.classify(path) for path, _, _ in rows}
    for clip in answers.clips:
        expected = list(said[clip.file].posteriors.values())
        assert clip.outputs[: len(expected)] == pytest.approx(expected, abs=1e-5)
        assert sum(clip.outputs) == pytest.approx(1.0, abs=0.03)
    labels = [said[Path(path).name].label for path, _, _ in rows]
    heard = [(a, b) for a, (_, b, _) in zip(labels, rows, strict=True) if a != UNCERTAIN]
    assert found["said"] == pytest.approx(len(heard) / len(rows))
    assert found["said_right"] == pytest.approx(np.mean([a == b for a, b in heard]))
    occurring = sorted({label for _, label, _ in rows})
    likeliest = [
        max(occurring, key=said[Path(path).name].posteriors.__getitem__) for path, _, _ in rows
    ]
    truth = [label for _, label, _ in rows]
    assert found["ua_among"] == pytest.approx(recall_score(truth, likeliest, average="macro"))


def test_enrolment_clips_are_not_scored(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "answers.json"
    plain = evaluated(capsys, "--dataset", "manifest", "--data", manifest)
    arguments = ("--dataset", "manifest", "--data", manifest, "--enrol", 2, "--keep", kept)
    found = evaluated(capsys, *arguments)
    assert found["clips"] == plain["clips"] - 2 * len(SPEAKERS)
    answers = read_answers(kept)
    assert answers.enrolled == 2
    assert found["per_speaker"]["bob"]["clips"] == 1
    assert evaluated(capsys, *arguments) == found


def test_ordinary_speech(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for clip in CLIP_FILES:
        shutil.copy(clip, tmp_path)
    found = evaluated(capsys, "--dataset", "ordinary", "--data", tmp_path)
    assert found["clips"] == len(CLIP_FILES)
    # All of them but the neutral one have an emotion, and the model knows them.
    assert found["said_emotion"] == pytest.approx((len(CLIP_FILES) - 1) / len(CLIP_FILES))
    assert main(["evaluate", "--dataset", "ordinary", "--data", str(tmp_path)]) == 0
    assert "something is said of" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("count", "words"), [(-1, "expected at least 0"), (4, "neutral clips of speaker")]
)
def test_what_cannot_be_enrolled(
    count: int, words: str, manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--dataset", "manifest", "--data", str(manifest), "--enrol", str(count)]
    assert main(["evaluate", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "--enrol: found" in line
    assert words in line


@pytest.mark.parametrize("flags", [(), ("--enrol", "1")])
def test_all_bad_clips_are_named_together(
    flags: tuple[str, ...], manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bob1.wav").write_bytes(b"no audio")
    (tmp_path / "bob-first.wav").write_bytes(CLIP_FILES[0].read_bytes()[:2000])
    soundfile.write(tmp_path / "short.wav", np.zeros(100), 16000)
    with manifest.open("a") as rows:
        rows.write("\nshort.wav,anger,anna\n")
    assert main(["evaluate", "--dataset", "manifest", "--data", str(manifest), *flags]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert re.search(r"error: 3 of \d+ clips cannot be used: ", line)
    for name in ("bob1.wav", "bob-first.wav", "short.wav"):
        assert line.count(f"{tmp_path / name}: ") == 1


def test_all_bad_clips_to_enrol_with_are_named_together(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("anna0.wav", "bob0.wav"):
        (tmp_path / name).write_bytes(b"no audio")
    flags = ["--dataset", "manifest", "--data", str(manifest), "--enrol", "2"]
    assert main(["evaluate", *flags]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "error: 2 of 4 clips cannot be used: " in line
