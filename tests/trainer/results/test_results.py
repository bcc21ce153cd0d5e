"""Results: scores and intervals of clips against scikit-learn and plain loops."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, recall_score

from lightsernet_edge.errors import InputError
from lightsernet_trainer.results.bootstrap import scores_of_confusions
from lightsernet_trainer.results.protocols import LEAVE_ONE_SPEAKER_OUT, PROTOCOLS, STRATIFIED
from lightsernet_trainer.results.result import (
    ClipResult,
    adapted_scores,
    bootstrap,
    mixes_speakers,
    pooled,
)
from tests.trainer.results.made_up_results import LABELS, SPEAKERS, make


def test_scores_are_scikit_learns() -> None:
    result = make()
    truth = [clip.truth for clip in result.clips]
    answers = [LABELS[int(np.argmax(clip.posteriors))] for clip in result.clips]
    assert result.ua == pytest.approx(recall_score(truth, answers, average="macro"))
    assert result.wa == pytest.approx(accuracy_score(truth, answers))
    assert result.f1 == pytest.approx(f1_score(truth, answers, average="weighted"))
    assert 0.5 < result.ua < 0.95


@given(
    st.lists(
        st.tuples(st.sampled_from(range(4)), st.sampled_from(range(4))), min_size=1, max_size=30
    )
)
def test_scores_of_a_confusion_matrix_are_scikit_learns(pairs: list[tuple[int, int]]) -> None:
    truth, answers = zip(*pairs, strict=True)
    counts = np.zeros((1, 4, 4))
    np.add.at(counts[0], (truth, answers), 1)
    ua, wa, f1 = scores_of_confusions(counts)
    present = sorted(set(truth))
    assert ua[0] == pytest.approx(
        recall_score(truth, answers, labels=present, average="macro", zero_division=0)
    )
    assert wa[0] == pytest.approx(accuracy_score(truth, answers))
    assert f1[0] == pytest.approx(f1_score(truth, answers, average="weighted", zero_division=0))


def test_parts_make_up_the_whole() -> None:
    result = make()
    whole = result.scores
    parts = {name: pooled(result, [name]) for name in SPEAKERS}
    assert sum(scores.clips for scores in parts.values()) == whole.clips
    total = sum(np.array(scores.confusion) for scores in parts.values())
    assert np.array_equal(total, whole.confusion)
    assert pooled(result, SPEAKERS) == whole
    assert {name: scores.ua for name, scores in parts.items()} == {
        name: scores["ua"] for name, scores in whole.per_speaker.items()
    }
    with pytest.raises(InputError, match="speaker '99' is none of 03, 04, "):
        pooled(result, ["99"])


def test_bootstrap_over_speakers_is_that_of_a_plain_loop() -> None:
    result = make()
    random = np.random.default_rng(5)
    truth = np.array([clip.truth for clip in result.clips])
    answers = np.array([LABELS[int(np.argmax(clip.posteriors))] for clip in result.clips])
    speakers = np.array([clip.speaker for clip in result.clips])
    values = []
    for _ in range(1000):
        drawn = random.choice(SPEAKERS, len(SPEAKERS))
        chosen = np.concatenate([np.flatnonzero(speakers == speaker) for speaker in drawn])
        values.append(recall_score(truth[chosen], answers[chosen], average="macro"))
    low, high = np.quantile(values, [0.025, 0.975])
    assert (result.speaker_intervals or {})["ua"] == pytest.approx((low, high), abs=0.012)
    assert low < result.ua < high


def test_bootstrap_covers_the_truth_it_is_drawn_from() -> None:
    # 95 % of the intervals over clips should hold the accuracy of an endless set of clips.
    endless = make(n=40_000, seed=99).wa
    covered = []
    for seed in range(60):
        intervals = bootstrap(make(n=120, seed=seed), "clips")
        assert intervals is not None
        low, high = intervals["wa"]
        covered.append(low <= endless <= high)
    assert 0.88 <= np.mean(covered) <= 1.0


def test_bootstrap_says_what_it_draws() -> None:
    strangers, mixed = make(), make(folds_by_speaker=False)
    assert not mixes_speakers(strangers)
    assert strangers.clip_intervals is None
    assert mixes_speakers(mixed)
    assert mixed.clip_intervals is not None
    assert mixed.speaker_intervals is not None
    assert mixed.intervals == mixed.clip_intervals
    assert bootstrap(mixed, "speakers") == bootstrap(mixed, "speakers")
    assert bootstrap(mixed, "speakers", seed=1) != bootstrap(mixed, "speakers")


def test_one_speaker_has_no_interval_over_speakers() -> None:
    result = make()
    one = [c for c in result.clips if c.speaker == "03"]
    folds = [fold for fold in result.folds if fold.name == "03"]
    alone = make(clips=one, folds=folds)
    assert alone.speaker_intervals is None
    assert alone.ua == pooled(result, ["03"]).ua


def test_a_files_orders_are_drawn_together() -> None:
    result = make()
    twice = [
        ClipResult(c.file, c.speaker, c.fold, c.truth, c.posteriors, order, 0)
        for c in result.clips
        for order in (0, 1)
    ]
    again = make(clips=twice)
    assert again.ua == pytest.approx(result.ua)
    # The same clips classified twice tell nothing more.
    assert bootstrap(again, "clips") == bootstrap(result, "clips")
    assert again.n_clips == result.n_clips == len(result.clips)


def test_clips_of_one_name_are_told_apart_by_their_place() -> None:
    result = make(folds_by_speaker=False)
    alike = [dataclasses.replace(c, file="0.wav", place=i) for i, c in enumerate(result.clips)]
    again = make(folds_by_speaker=False, clips=alike)
    assert again.n_clips == result.n_clips
    found, expected = again.clip_intervals, result.clip_intervals
    assert found is not None
    assert expected is not None
    for name, bounds in expected.items():
        assert found[name] == pytest.approx(bounds, abs=0.02)


def test_adapted_scores_are_of_the_clips_that_ten_others_preceded() -> None:
    clips = [dataclasses.replace(c, order=0, preceding=i // 9) for i, c in enumerate(make().clips)]
    result = make(clips=clips)
    later = [clip for clip in result.clips if (clip.preceding or 0) >= 10]
    right = [clip.truth == LABELS[int(np.argmax(clip.posteriors))] for clip in later]
    found = adapted_scores(result)
    assert found is not None
    assert (found.clips, found.wa) == (len(later), pytest.approx(np.mean(right)))
    assert adapted_scores(make()) is None


def test_a_key_is_a_name_of_its_own() -> None:
    clean = make().key
    noisy = dataclasses.replace(clean, condition="noise:pink_noise:10")
    assert (clean.name, noisy.name) == (
        "loso-edge-cross-entropy-int8-seed1",
        "loso-edge-cross-entropy-int8-seed1-noise_pink_noise_10",
    )
    assert clean.file_name == noisy.file_name == "loso-edge-cross-entropy.json"
    outside = dataclasses.replace(clean, recipe="../a")
    assert "/" not in outside.name + outside.file_name


def test_every_protocol_is_explained_and_has_folds() -> None:
    assert set(PROTOCOLS) == {*LEAVE_ONE_SPEAKER_OUT, *STRATIFIED}
