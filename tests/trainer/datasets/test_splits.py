"""Nothing that is scored was trained on."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightsernet_edge import DatasetError, InputError
from lightsernet_trainer.crossval.folds import make_folds
from lightsernet_trainer.datasets.clip import Clip, Corpus
from lightsernet_trainer.datasets.splits import (
    Split,
    choose_test_speakers,
    hold_out_share,
    hold_out_speakers,
    train_on_all,
)

LABELS = ("a", "b", "c")


def corpus(speakers: str = "pqrst", each: int = 3) -> Corpus:
    clips = [
        Clip(Path(f"{speaker}{label}{i}.wav"), label, speaker)
        for speaker in speakers
        for label in LABELS
        for i in range(each)
    ]
    return Corpus("some", LABELS, tuple(clips))


def assert_whole(split: Split, of: Corpus) -> None:
    assert not set(split.train) & set(split.test)
    assert set(split.train) | set(split.test) == set(of.clips)


@given(st.floats(0.01, 0.99), st.integers(0, 1000), st.integers(2, 9))
def test_a_share_of_every_class(share: float, seed: int, each: int) -> None:
    clips = corpus("p", each)
    split = hold_out_share(clips, share, seed)
    assert_whole(split, clips)
    for label in LABELS:
        held_out = sum(clip.label == label for clip in split.test)
        assert 1 <= held_out < each
        assert abs(held_out - share * each) <= 1
    assert "flattering" in split.protocol


def test_speakers_are_on_one_side() -> None:
    clips = corpus()
    split = hold_out_speakers(clips, ["q", "s"])
    assert_whole(split, clips)
    assert {clip.speaker for clip in split.test} == {"q", "s"}
    assert {clip.speaker for clip in split.train} == {"p", "r", "t"}
    assert split.protocol == "speakers q, s held out"


def test_a_clip_without_a_speaker_could_be_anybody() -> None:
    clips = corpus()
    clips = Corpus("some", LABELS, (*clips.clips, Clip(Path("x.wav"), "a", "")))
    with pytest.raises(DatasetError, match=r"x\.wav: names no speaker"):
        hold_out_speakers(clips, ["q"])


def test_the_seed_chooses_a_fifth_of_the_speakers() -> None:
    clips = corpus("klmnopqrst", 1)
    chosen = {tuple(choose_test_speakers(clips, seed)) for seed in range(20)}
    assert all(len(speakers) == 2 for speakers in chosen)
    assert len(chosen) > 5
    assert choose_test_speakers(clips, 3) == choose_test_speakers(clips, 3)


def test_refused() -> None:
    with pytest.raises(InputError, match="'z' is none of the speakers"):
        hold_out_speakers(corpus(), ["z"])
    with pytest.raises(DatasetError, match="no clip of 'a' is left"):
        hold_out_speakers(corpus("p"), ["p"])
    for share in (0.0, 1.0, float("nan")):
        with pytest.raises(InputError, match="test_share: found"):
            hold_out_share(corpus(), share, 0)
    assert train_on_all(corpus()).test == ()


def test_a_fold_leaves_out_a_speaker_or_a_group() -> None:
    clips = corpus()
    folds = make_folds(clips, "loso", ["q", "p+s"])
    assert [fold.name for fold in folds] == ["q", "p+s"]
    for fold, speakers in zip(folds, ({"q"}, {"p", "s"}), strict=True):
        assert_whole(fold.split, clips)
        assert {clip.speaker for clip in fold.split.test} == speakers
    assert [fold.name for fold in make_folds(clips, "loso")] == list("pqrst")


def test_a_speaker_whose_name_holds_a_plus() -> None:
    clips = corpus()
    named = Corpus("some", LABELS, (*clips.clips, Clip(Path("x.wav"), "a", "p+q")))
    (fold,) = make_folds(named, "loso", ["p+q"])
    assert {clip.speaker for clip in fold.split.test} == {"p+q"}


@pytest.mark.parametrize(
    ("protocol", "speakers", "words"),
    [
        ("loso", ["p+z"], "'z' is none of the speakers p, q, r, s, t"),
        ("loso", ["p", "q+p"], "found 'p' twice, expected it once"),
        ("loso-enrol", ["p+q"], "found 'p\\+q', but protocol 'loso-enrol' adapts to one speaker"),
        ("random", ["p"], "mix speakers"),
    ],
)
def test_folds_refused(protocol: str, speakers: list[str], words: str) -> None:
    with pytest.raises(InputError, match=f"speakers: .*{words}"):
        make_folds(corpus(), protocol, speakers)


@pytest.mark.parametrize("protocol", ["loso", "loso-enrol", "loso-running"])
def test_one_speaker_cannot_be_left_out(protocol: str) -> None:
    with pytest.raises(
        DatasetError, match=f"protocol {protocol}: every clip .* of one speaker, 'p'"
    ):
        make_folds(corpus("p"), protocol)
