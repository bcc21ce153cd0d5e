"""Recordings that a corpus has twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from lightsernet_trainer.cli import crossval, train
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


def test_the_verbs_say_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One recording under two speakers: both verbs count it and name the first pair."""
    for name in ("1a", "1b", "2a", "2b"):
        (tmp_path / name).write_bytes(b"twin" if name[1] == "a" else name.encode())
    clips = tuple(Clip(tmp_path / n, n[1], n[0]) for n in ("1a", "1b", "2a", "2b"))
    corpus = Corpus("c", ("a", "b"), clips)
    pair = f"the first: {tmp_path / '2a'} is {tmp_path / '1a'}"
    train._warn_of_both_sides(hold_out_speakers(corpus, ["2"]))
    said = capsys.readouterr().err
    assert "warning: 1 of 2 clips held out are recordings that are trained on too" in said
    assert pair in said
    for protocol in ("loso", "random"):
        crossval._warn_of_duplicates(corpus, protocol)
        said = capsys.readouterr().err
        assert "warning: 1 of 4 clips are recordings that the data has twice" in said
        assert pair in said
    (tmp_path / "2a").write_bytes(b"2a")
    train._warn_of_both_sides(hold_out_speakers(corpus, ["2"]))
    crossval._warn_of_duplicates(corpus, "loso")
    assert not capsys.readouterr().err
