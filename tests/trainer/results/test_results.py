"""Results: scores recomputed from clips, intervals against scikit-learn, files hostile and kept."""

from __future__ import annotations

import copy
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, recall_score

from lightsernet_edge.errors import InputError
from lightsernet_trainer.results.bootstrap import scores_of_confusions
from lightsernet_trainer.results.checks import check
from lightsernet_trainer.results.file import read_result, write_result
from lightsernet_trainer.results.protocols import LEAVE_ONE_SPEAKER_OUT, PROTOCOLS, STRATIFIED
from lightsernet_trainer.results.result import ClipResult, bootstrap, mixes_speakers, pooled
from tests.places import KEPT_RESULTS
from tests.trainer.results.made_up_results import LABELS, SPEAKERS, make

KEPT = sorted(KEPT_RESULTS.glob("*.json"))


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
    whole = pooled(result)
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
    assert result.ua_interval == pytest.approx((low, high), abs=0.012)
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
    assert mixed.ua_interval is not None
    assert bootstrap(mixed, "speakers") == bootstrap(mixed, "speakers")
    assert bootstrap(mixed, "speakers", seed=1) != bootstrap(mixed, "speakers")


def test_one_speaker_has_no_interval_over_speakers() -> None:
    result = make()
    one = [c for c in result.clips if c.speaker == "03"]
    folds = [fold for fold in result.folds if fold.name == "03"]
    alone = make(clips=one, folds=folds)
    assert alone.ua_interval is None
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
    # The same clips said twice tell nothing more.
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


def test_file_keeps_everything(tmp_path: Path) -> None:
    placed = [dataclasses.replace(c, place=i, heard=2) for i, c in enumerate(make().clips)]
    for result in (
        make(clips=placed),
        make(folds_by_speaker=False, condition="noise:pink_noise:10"),
    ):
        path = tmp_path / f"{result.name}.json"
        write_result(path, result)
        again = read_result(path)
        assert again == result
        check(again, str(path))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "loso-edge-cross-entropy-int8-seed1-noise_pink_noise_10.json",
        "loso-edge-cross-entropy-int8-seed1.json",
    ]
    clip = json.loads(path.read_text())["clips"][0]
    assert list(clip) == ["file", "speaker", "fold", "truth", "posteriors"]
    assert list(clip["posteriors"]) == list(LABELS)


def test_a_score_that_the_clips_do_not_give_is_found(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_result(path, make())
    data = json.loads(path.read_text())
    for name, value in (("ua", data["ua"] + 1e-6), ("wa", 0.5), ("f1_interval", [0.0, 1.0])):
        path.write_text(json.dumps(data | {name: value}))
        with pytest.raises(InputError, match=rf"x\.json: {name} is .* but its clips give"):
            check(read_result(path), str(path))


def damaged() -> list[tuple[str, Any, str]]:
    return [
        ("protocol", 3, "protocol is 3, expected a string"),
        ("seed", -1, "seed is -1, expected a whole number"),
        ("seed", True, "seed is True"),
        ("ua", 1.5, r"ua is 1.5, expected 0\.\.1"),
        ("ua", "much", "ua is 'much', expected a finite number"),
        ("ua_interval", [0.5], r"ua_interval is \[0.5\], expected \[low, high\]"),
        ("ua_interval", [0.5, 0.4], "low bound first"),
        ("labels", ["a"], "expected two or more"),
        ("labels", "abc", "labels is 'abc', expected a list"),
        ("versions", [], r"versions is \[\], expected an object"),
        ("clips", [], "clips: found none"),
        ("clips.0", 7, r"clips\[0\] is 7, expected an object"),
        ("clips.0.file", "wav/x.wav", "without folders"),
        ("clips.0.truth", "z", "truth is 'z', expected one of a, b, c"),
        ("clips.0.fold", "z", "fold 'z' is none of"),
        ("clips.0.posteriors", {"a": 1.0}, "found a, expected a, b, c"),
        ("clips.0.posteriors", {"b": 1.0, "a": 0.0, "c": 0.0}, "found b, a, c, expected a, b, c"),
        ("clips.0.posteriors", {"a": 1.0, "b": 1.0, "c": 0.0}, "sum to 2"),
        ("clips.0.posteriors.a", -0.5, r"expected 0\.\.1"),
        ("clips.0.heard", "ten", "heard is 'ten'"),
        ("folds", [], "is none of"),
        ("folds.0.chosen_epoch", 9, r"chosen_epoch is 9, expected 0\.\.3"),
        ("folds.0.test_clips", 1, "expected test_clips 1"),
        ("folds.0.name", "04", "expected each name once"),
        ("folds.0.history.0", 3, r"history\[0\] is 3, expected an object"),
        ("folds.0.history.0.loss", None, r"history\[0\].loss is None"),
    ]


@pytest.mark.parametrize(("where", "value", "says"), damaged())
def test_damaged_files_are_refused_by_name(
    tmp_path: Path, where: str, value: Any, says: str
) -> None:
    path = tmp_path / "x.json"
    write_result(path, make())
    data = copy.deepcopy(json.loads(path.read_text()))
    *parents, last = (int(part) if part.isdigit() else part for part in where.split("."))
    place = data
    for part in parents:
        place = place[part]
    place[last] = value
    path.write_text(json.dumps(data))
    with pytest.raises(InputError, match=says) as caught:
        read_result(path)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"ua": NaN}', b"[" * 100_000])
def test_no_result_at_all(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"x\.json: "):
        read_result(path)
    with pytest.raises(InputError, match="No such file"):
        read_result(tmp_path / "none.json")


def test_every_protocol_is_explained_and_has_folds() -> None:
    assert set(PROTOCOLS) == {*LEAVE_ONE_SPEAKER_OUT, *STRATIFIED}


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_kept_results_are_what_their_clips_give(path: Path) -> None:
    result = read_result(path)
    check(result, path.name)
    assert result.protocol in PROTOCOLS
    assert path.stem == result.name
    files = [(clip.key, clip.order) for clip in result.clips]
    assert len(set(files)) == len(files)
