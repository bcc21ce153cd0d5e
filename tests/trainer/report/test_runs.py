"""Runs: what belongs together, and clips that count once in however many orders."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from lightsernet_edge.errors import InputError
from lightsernet_trainer.report.listeners import compare
from lightsernet_trainer.report.pictures import confusion_picture, learning_picture
from lightsernet_trainer.report.playback import most_wrong
from lightsernet_trainer.report.runs import group_runs
from lightsernet_trainer.results.file import read_results
from lightsernet_trainer.results.result import Result
from tests.places import KEPT_RESULTS
from tests.trainer.results.made_up_results import LABELS, SPEAKERS, make, with_key


def of_seed(seed: int) -> Result:
    return with_key(make(seed=seed), seed=seed)


def test_most_wrong_come_first() -> None:
    run = group_runs([make()])[0]
    clips = most_wrong(run, 100)
    leads = [clip.said_posterior - clip.truth_posterior for clip in clips]
    assert leads == sorted(leads, reverse=True)
    assert len(clips) == sum(
        LABELS[int(np.argmax(c.posteriors))] != c.truth for c in run.first.clips
    )
    assert most_wrong(run, 2) == clips[:2]


def test_runs_are_sorted_out() -> None:
    first, second = of_seed(0), of_seed(1)
    float32 = with_key(first, precision="float32")
    condition = with_key(first, condition="gain:-24")
    mixed = make(folds_by_speaker=False, protocol="published")
    runs = group_runs([second, first, float32, mixed, condition])
    assert [len(run.results) for run in runs] == [3, 1, 1]
    assert [(r.key.precision, r.key.seed) for r in runs[0].results] == [
        ("float32", 0), ("int8", 0), ("int8", 1),
    ]  # fmt: skip
    assert [run.flatters for run in runs] == [False, True, False]
    summary = runs[0].summary("int8", ["03"])
    assert summary.scores["ua"] == pytest.approx((first.ua + second.ua) / 2)
    assert summary.seeds == 2
    assert runs[0].agreement("int8", "float32") == 1.0


def other_labels() -> Result:
    clips = [dataclasses.replace(c, truth=c.truth.replace("c", "d")) for c in make().clips]
    return make(clips=clips, labels=("a", "b", "d"))


def fewer_folds(condition: str = "clean") -> Result:
    clips = [clip for clip in make().clips if clip.fold != SPEAKERS[-1]]
    return make(clips=clips, folds=make().folds[:-1], condition=condition)


@pytest.mark.parametrize(
    ("results", "says"),
    [
        ([], "found none"),
        ([make(), make()], "stands there twice"),
        ([of_seed(0), other_labels()], "labels are a, b, d"),
        ([of_seed(0), fewer_folds()], "folds are 03, .*, 11, expected 03, .*, 12 as in loso-edge"),
        ([make(), fewer_folds("mp3")], "seed1-mp3: folds are 03, "),
        ([of_seed(0), make(configuration={"epochs": 6})], "epochs 6, expected 3 as in loso-edge"),
        ([make(), make(condition="mp3", configuration={"epochs": 6})], "-mp3: trained with epochs"),
    ],
)
def test_what_does_not_belong_together_is_refused(results: list[Result], says: str) -> None:
    with pytest.raises(InputError, match=says):
        group_runs(results)


def alike(result: Result) -> Result:
    clips = [dataclasses.replace(c, file="0.wav", place=i) for i, c in enumerate(result.clips)]
    return dataclasses.replace(result, clips=tuple(clips))


def test_clips_of_one_name_are_judged_apart() -> None:
    results = [make(), make(clips=make(seed=0, skill=1.2).clips, precision="float32")]
    named, unnamed = group_runs(results)[0], group_runs([alike(r) for r in results])[0]
    assert len(most_wrong(unnamed, 100)) == len(most_wrong(named, 100)) > 20
    assert unnamed.agreement("int8", "float32") == named.agreement("int8", "float32")
    assert 0.5 < (named.agreement("int8", "float32") or 0.0) < 1.0


def test_what_was_heard_in_several_orders_counts_once() -> None:
    result = make()
    orders = [
        dataclasses.replace(c, order=order, preceding=i)
        for order in range(5)
        for i, c in enumerate(result.clips)
    ]
    running = make(clips=orders, protocol="loso-running")
    assert group_runs([running])[0].summary("int8").clips == len(result.clips)
    count = sum(clip.truth == "a" for clip in result.clips)
    assert f"a  {count}<" in confusion_picture("x", [running, running], 3.0)
    compared = compare([running], {clip.file: 0.95 for clip in result.clips})
    assert compared is not None
    assert [count for _, _, count, _ in compared.by_rate] == [len(result.clips)]


def test_curves_show_what_the_epoch_was_chosen_by() -> None:
    shown = {}
    for path in sorted(KEPT_RESULTS.glob("*-light-sernet-cross-entropy.json")):
        (result,) = [r for r in read_results(path) if r.key.precision == "float32"]
        picture = learning_picture("x", [result])
        assert picture is not None
        shown[result.key.protocol] = "accuracy on the test fold" in picture
    assert shown == {"loso": False, "published": True, "random": False}
