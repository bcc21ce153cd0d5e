"""Files of results: what is written is read, and nothing else is; the kept ones are whole."""

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

from lightsernet_edge.errors import InputError
from lightsernet_edge.model.file import read_model
from lightsernet_edge.model.shipped import model_path, shipped_models
from lightsernet_trainer.release import release
from lightsernet_trainer.results.answers import read_answers
from lightsernet_trainer.results.file import read_folder, read_results, write_results
from lightsernet_trainer.results.from_json import from_json
from lightsernet_trainer.results.protocols import PROTOCOLS
from lightsernet_trainer.results.result import ClipResult, FoldResult, Result
from lightsernet_trainer.results.to_json import to_json
from tests.places import KEPT_RESULTS, kept_answers, kept_results
from tests.trainer.results.made_up_results import LABELS, make, with_key

KEPT = sorted(KEPT_RESULTS.rglob("*.json"))


@st.composite
def results_of_a_file(draw: st.DrawFn) -> list[Result]:
    """A few results over some of the same clips, in any order, adapted or not, int8 or not."""
    results = []
    for seed in range(draw(st.integers(1, 3))):
        chosen = draw(st.lists(st.integers(0, 9), min_size=1, max_size=12))
        adapts, has_places = draw(st.booleans()), draw(st.booleans())
        steps = draw(st.sampled_from([256, 1000, 99991]))
        clips = []
        for i, number in enumerate(chosen):
            first = draw(st.integers(0, steps))
            second = draw(st.integers(0, steps - first))
            row = tuple(count / steps for count in (first, second, steps - first - second))
            clips.append(
                ClipResult(
                    f"{number}.wav", f"s{number % 4}", f"f{number % 2}", LABELS[number % 3], row,
                    0 if adapts else None, i if adapts else None, number if has_places else None,
                )
            )  # fmt: skip
        names = sorted({clip.fold for clip in clips})
        history = draw(st.sampled_from([(), ({"loss": 0.125, "seconds": 2.0},) * 2]))
        folds = [
            FoldResult(name, 5, sum(c.fold == name for c in clips), 2, 1, history) for name in names
        ]
        command = draw(st.sampled_from(["one", "another"]))
        results.append(with_key(make(clips=clips, folds=folds, command=command), seed=seed))
    return results


@given(results_of_a_file())
def test_what_is_written_is_read(results: list[Result]) -> None:
    assert from_json(json.loads(to_json(results))) == results


def test_a_file_of_many_results(tmp_path: Path) -> None:
    noisy = with_key(make(skill=1.0), condition="noise:pink_noise:10")
    other = with_key(make(seed=1), seed=2)
    results = [make(), noisy, other, make(folds_by_speaker=False, protocol="random")]
    path = tmp_path / "loso-x.json"
    write_results(path, results)
    assert read_results(path) == results
    (tmp_path / "summary.json").write_text("{}")
    assert read_folder(tmp_path) == results
    # What results share is written once.
    text = path.read_text()
    assert text.count('"seed": 1') == 2
    assert text.count('"000.wav"') == 3
    assert text.count('"command": "lightsernet-edge crossval"') == 1
    clips = [dataclasses.replace(c, truth=c.truth.replace("c", "d")) for c in make().clips]
    strange = make(clips=clips, labels=("a", "b", "d"))
    clips = [dataclasses.replace(c, truth=c.truth.replace("c", "d")) for c in make().clips]
    strange = make(clips=clips, labels=("a", "b", "d"))
    with pytest.raises(InputError, match=r"int8-seed1: labels are a, b, d, expected a, b, c as in"):
        write_results(path, [make(), strange])
    assert path.read_text() == text


def test_posteriors_of_an_int8_softmax_are_kept_as_its_integers(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    counts = random.multinomial(256, [0.7, 0.2, 0.1], 200)
    # A softmax gives at most 255.
    counts[:, 0] -= counts[:, 0] == 256
    clips = [
        dataclasses.replace(clip, posteriors=tuple(row / 256))
        for clip, row in zip(make().clips, counts, strict=True)
    ]
    write_results(tmp_path / "x.json", [make(clips=clips), with_key(make(), seed=2)])
    int8, other = json.loads((tmp_path / "x.json").read_text())["trainings"]
    assert int8["results"][0]["steps"] == 256
    assert int8["results"][0]["posteriors"] == counts.tolist()
    assert other["results"][0]["steps"] == 100_000


def test_a_score_that_the_posteriors_do_not_give_is_found(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_results(path, [make()])
    data = json.loads(path.read_text())
    (scored,) = data["trainings"][0]["results"]
    for name, value in (("ua", scored["ua"] + 1e-6), ("wa", 0.5), ("f1", 0.0)):
        changed = copy.deepcopy(data)
        changed["trainings"][0]["results"][0][name] = value
        path.write_text(json.dumps(changed))
        with pytest.raises(
            InputError, match=rf"x\.json: .*\.{name} is .*, expected .*, which the posteriors give"
        ):
            read_results(path)


def damaged() -> list[tuple[str, Any, str]]:
    training, scored = "trainings.0", "trainings.0.results.0"
    return [
        ("schema", 0, "schema is 0, expected 1"),
        ("labels", ["a"], "labels is .*, expected two or more, each once"),
        ("labels", ["a", "a"], "each once"),
        ("labels", "abc", "labels is 'abc', expected a list"),
        ("clips", {}, "clips is {}, expected a list"),
        ("clips.0", 7, r"clips\[0\] is 7, expected file, speaker, fold, truth"),
        (
            "clips.0",
            ["a.wav", "03", "03", "a", -1],
            r"clips\[0\] is \[-1\], expected whole numbers",
        ),
        ("clips.0.0", "wav/x.wav", "without folders"),
        ("clips.0.1", None, r"clips\[0\] is .*, expected a list of strings"),
        ("clips.0.2", "z", "fold 'z' is none of 03, 04"),
        ("clips.0.3", "z", "truth is 'z', expected one of a, b, c"),
        ("commands", [], "command is 0, expected"),
        ("commands.0.versions", [], r"versions is \[\], expected an object"),
        ("trainings", [], "trainings: found no result"),
        (f"{training}.protocol", 3, r"trainings\[0\]\.protocol is 3, expected a string"),
        (f"{training}.seed", -1, "seed is -1, expected a whole number"),
        (f"{training}.seed", True, "seed is True"),
        (f"{training}.configuration", 1, "configuration is 1, expected an object"),
        (f"{training}.folds", [], "fold '.*' is none of"),
        (f"{training}.folds.0.chosen_epoch", 9, r"chosen_epoch is 9, expected 0\.\.3"),
        (f"{training}.folds.0.test_clips", 1, "expected test_clips 1"),
        (f"{training}.folds.0.name", "04", "folds: found 04, 04, .* expected each name once"),
        (f"{training}.folds.1.history", 3, r"folds\[1\]\.history is 3, expected an object"),
        (f"{training}.folds.0.history.loss", [None] * 3, "loss is .*, expected finite numbers"),
        (f"{training}.folds.0.history.loss", [1.0], "expected as many values of each"),
        (f"{training}.sequence", {"clip": [200]}, r"clip is \[200\], expected .* in 0\.\.199"),
        (f"{training}.sequence", {"clip": [0, 1]}, "found 200 rows, expected 2, one per clip"),
        (f"{training}.sequence", {"clip": [0], "order": [0, 0]}, "order is .*, expected 1 values"),
        (f"{training}.sequence", {"clip": [0], "preceding": ["ten"]}, r"preceding is \['ten'\]"),
        (f"{scored}.condition", None, "condition is None, expected a string"),
        (f"{scored}.command", 1, "command is 1, expected an integer in"),
        (f"{scored}.ua", 1.5, r"ua is 1.5, expected 0\.\.1"),
        (f"{scored}.ua", "much", "ua is 'much', expected"),
        (f"{scored}.steps", 0, "steps is 0, expected a whole number from 1"),
        (f"{scored}.posteriors.0", 3, r"posteriors\[0\] is 3, expected a list"),
        (f"{scored}.posteriors.0", [100000], "expected 3 whole numbers"),
        (f"{scored}.posteriors.0", [100000, 100000, 0], "sum to 2"),
        (f"{scored}.posteriors.0", [100001, 0, 0], r"numbers in 0\.\.100000"),
        (f"{scored}.posteriors.0.0", 0.5, r"\[0\] is \[0\.5, .*, expected 3 whole numbers"),
        (f"{scored}.posteriors.0.0", True, r"\[0\] is \[True, .*, expected 3 whole numbers"),
    ]


@pytest.mark.parametrize(("where", "value", "says"), damaged())
def test_damaged_files_are_refused_by_name(
    tmp_path: Path, where: str, value: Any, says: str
) -> None:
    path = tmp_path / "x.json"
    write_results(path, [make()])
    data = json.loads(path.read_text())
    *parents, last = (int(part) if part.isdigit() else part for part in where.split("."))
    place = data
    for part in parents:
        place = place[part]
    place[last] = value
    path.write_text(json.dumps(data))
    with pytest.raises(InputError, match=says) as caught:
        read_results(path)
    assert str(caught.value).startswith(f"{path}: ")
    if isinstance(place, dict):
        del place[last]
        path.write_text(json.dumps(data))
        if last not in ("sequence", "loss"):  # which a file may be without
            with pytest.raises(InputError, match=rf"{last} is missing"):
                read_results(path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"ua": NaN}', b"[" * 100_000])
def test_no_results_at_all(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"x\.json: "):
        read_results(path)
    with pytest.raises(InputError, match="no such file"):
        read_results(tmp_path / "none.json")


@pytest.mark.skipif(not KEPT, reason="no results are kept in docs/results")
class TestKeptResults:
    """`read_results` has compared their scores with their posteriors."""

    def test_each_stands_once_in_the_file_of_its_name(self) -> None:
        folders = {KEPT_RESULTS, *map(kept_results, shipped_models())}
        for path in [path for folder in sorted(folders) for path in sorted(folder.glob("*.json"))]:
            keys = [result.key for result in read_results(path)]
            assert {key.file_name for key in keys} == {path.name}
            assert len(set(keys)) == len(keys)
            assert {key.protocol for key in keys} <= set(PROTOCOLS)

    def test_each_scores_a_clip_once_per_order(self) -> None:
        for path in KEPT:
            for result in read_results(path):
                scored = [(clip.key, clip.order) for clip in result.clips]
                assert len(set(scored)) == len(scored)

    def test_all_together_are_small(self) -> None:
        assert sum(path.stat().st_size for path in KEPT) <= 6_000_000

    @pytest.mark.parametrize("name", shipped_models())
    def test_the_model_that_ships_has_their_scores_and_decision(
        self, name: str, tmp_path: Path
    ) -> None:
        """`make decision` without the recordings: the file is the same to the last byte."""
        shipped = model_path(name)
        results = read_results(kept_results(name) / "loso-edge-cross-entropy.json")
        clean = [result for result in results if result.key.is_clean]
        answers = [
            read_answers(kept_answers(name) / file) for file in ("nemo.json", "commands-fit.json")
        ]
        release(shipped, clean, 0.8875, tmp_path / "again.tflite", answers)
        assert (tmp_path / "again.tflite").read_bytes() == shipped.read_bytes()
        assert read_model(shipped).record.scores
