"""Recordings that a corpus has twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from lightsernet_edge.cli import main
from lightsernet_edge.errors import DatasetWarning, InputError
from lightsernet_trainer.crossval import folds
from lightsernet_trainer.datasets import splits
from lightsernet_trainer.datasets.clip import Clip, Corpus
from lightsernet_trainer.datasets.duplicates import same_recordings
from lightsernet_trainer.datasets.splits import hold_out_speakers, on_both_sides


def test_twins_and_those_that_are_none(tmp_path: Path) -> None:
    for name, content in (("a", b"1111"), ("b", b"1111"), ("c", b"2222"), ("d", b"33333")):
        (tmp_path / name).write_bytes(content)
    a, b, c, d = (Clip(tmp_path / name, "x", name) for name in "abcd")
    gone = Clip(tmp_path / "gone", "x", "e")
    assert same_recordings([a, c, b, d, gone], lambda *_: True) == [(a, b)]
    assert same_recordings([a, b], lambda *_: False) == []


def test_stretches_that_overlap(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_bytes(b"1111")
    early, late = (Clip(tmp_path / "a", "x", "1", *times) for times in ((0.0, 2.0), (2.0, 3.0)))
    across = Clip(tmp_path / "b", "x", "2", 1.5, None)
    assert same_recordings([early, late], lambda *_: True) == []
    assert same_recordings([early, late, across], lambda *_: True) == [(early, across)]
    assert same_recordings([late, across], lambda *_: True) == [(late, across)]


def test_the_two_sides_of_a_hold_out(tmp_path: Path) -> None:
    for name in ("1a", "1b", "2a", "2b"):
        (tmp_path / name).write_bytes(name[1].encode() if name != "2b" else b"a")
    clips = tuple(Clip(tmp_path / n, n[1], n[0]) for n in ("1a", "1b", "2a", "2b"))
    split = hold_out_speakers(Corpus("c", ("a", "b"), clips), ["2"])
    assert on_both_sides(split) == [(clips[0], clips[2]), (clips[0], clips[3])]


def test_it_is_said(tmp_path: Path) -> None:
    """One recording under two speakers: counted, and the first pair named."""
    for name in ("1a", "1b", "2a", "2b"):
        (tmp_path / name).write_bytes(b"twin" if name[1] == "a" else name.encode())
    clips = tuple(Clip(tmp_path / n, n[1], n[0]) for n in ("1a", "1b", "2a", "2b"))
    corpus = Corpus("c", ("a", "b"), clips)
    split = hold_out_speakers(corpus, ["2"])
    pair = f"; the first: {tmp_path / '2a'} is {tmp_path / '1a'}"
    with pytest.warns(DatasetWarning, match=f"^1 of 2 clips held out are .* too, .*{pair}$"):
        splits.warn_of_flattery(split)
    for protocol in ("loso", "random"):
        with pytest.warns(DatasetWarning, match=f"^1 of 4 clips are .* twice, .*{pair}$"):
            folds.warn_of_flattery(corpus, protocol)
    (tmp_path / "2a").write_bytes(b"2a")
    # A warning would be an error here.
    splits.warn_of_flattery(split)
    folds.warn_of_flattery(corpus, "loso")


@pytest.mark.parametrize("verb", [["train", "--test-speakers", "2"], ["crossval"]])
def test_the_verbs_say_it_before_they_train(
    verb: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = ["file,label,speaker"]
    for speaker in "12":
        for label in "abcd":
            noise = np.random.default_rng([ord(label), 0 if label == "a" else int(speaker)])
            path = tmp_path / f"{speaker}{label}.wav"
            soundfile.write(path, noise.normal(0, 0.1, 8000), 16000)
            rows.append(f"{path.name},{label},{speaker}")
    (tmp_path / "m.csv").write_text("\n".join(rows))

    def stop(*_: object, **__: object) -> None:
        raise InputError("begun")

    monkeypatch.setattr("lightsernet_trainer.training.run._fit", stop)
    monkeypatch.setattr("lightsernet_trainer.crossval.run.run_folds", stop)
    data = ["--dataset", "manifest", "--data", str(tmp_path / "m.csv")]
    assert main([*verb, *data, "--out", str(tmp_path / "out")]) == 2
    warning, error = capsys.readouterr().err.splitlines()
    assert warning.startswith("lightsernet-edge: warning: 1 of ")
    assert warning.endswith(f"the first: {tmp_path / '2a.wav'} is {tmp_path / '1a.wav'}")
    assert error.endswith("begun")
