"""The table and the picture of the models that ship: what the results say, in their places."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.small_models import Accuracy, Cost, accuracy, accuracy_table, picture, with_mean
from lightsernet_edge.errors import InputError
from lightsernet_edge.model.shipped import shipped_models
from lightsernet_trainer.results.file import write_results
from lightsernet_trainer.results.result import Result
from tests.places import DOCS, kept_results
from tests.trainer.results.made_up_results import make, with_key

PAGE = DOCS / "results" / "small-models.md"


def scored(skill: float, protocol: str, conditions: tuple[str, ...], seeds: int) -> list[Result]:
    """Make int8 results of a model, each of clips of its own."""
    return [
        with_key(
            make(skill, seed=100 * number + seed),
            protocol=protocol,
            condition=condition,
            seed=seed,
        )
        for seed in range(seeds)
        for number, condition in enumerate(conditions)
    ]


LARGE = [
    *scored(2.0, "loso", ("clean", "room", "mp3"), seeds=2),
    *scored(2.5, "loso-enrol", ("clean", "room"), seeds=2),
]
SMALL = scored(1.0, "loso", ("clean", "room"), seeds=1)


@pytest.fixture
def models(tmp_path: Path) -> dict[str, tuple[int, Accuracy]]:
    """The large one also has another precision and another recipe, which do not count."""
    others = [with_key(make(0.1), precision="float32"), with_key(make(0.1), recipe="psf")]
    for name, results in (("large", [*LARGE, others[0]]), ("small", SMALL)):
        (tmp_path / name).mkdir()
        for protocol in {result.key.protocol for result in results}:
            mine = [result for result in results if result.key.protocol == protocol]
            write_results(tmp_path / name / f"{protocol}-x.json", mine)
    write_results(tmp_path / "large" / "loso-psf.json", [others[1]])
    return {name: accuracy(tmp_path / name, "edge") for name in ("large", "small")}


def mean_ua(results: list[Result], protocol: str, *conditions: str) -> str:
    found = [
        result.ua
        for result in results
        if result.key.protocol == protocol and result.key.condition in conditions
    ]
    return f"{100 * sum(found) / len(found):.1f}"


def test_every_score_stands_in_its_place(models: dict[str, tuple[int, Accuracy]]) -> None:
    head, _, *rows = accuracy_table(models).splitlines()
    assert head == "| UA under | `large`, 2 seeds | `small`, 1 seed |"
    assert [row.strip("| ").split(" | ") for row in rows] == [
        ["clean", mean_ua(LARGE, "loso", "clean"), mean_ua(SMALL, "loso", "clean")],
        # Of what both have.
        ["mean"] + [mean_ua(each, "loso", "clean", "room") for each in (LARGE, SMALL)],
        ["mp3", mean_ua(LARGE, "loso", "mp3")],
        ["room", mean_ua(LARGE, "loso", "room"), mean_ua(SMALL, "loso", "room")],
        ["loso-enrol, clean", mean_ua(LARGE, "loso-enrol", "clean")],
        ["loso-enrol, room", mean_ua(LARGE, "loso-enrol", "room")],
    ]


def test_the_picture_has_every_model_twice(models: dict[str, tuple[int, Accuracy]]) -> None:
    costs = {
        name: Cost(1000, 100 * 1024, 20 * 1024, 2000, None, 10_000_000 * number)
        for number, name in enumerate(models, start=1)
    }
    drawn = ElementTree.fromstring(picture(models, costs))
    texts = [element.text for element in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert texts.count("large") == texts.count("small") == 2
    assert "mean of the conditions" in texts
    assert not re.search(r"var\(|href=\"http", ElementTree.tostring(drawn, "unicode"))


@pytest.mark.parametrize(
    "kept", [[], scored(1.0, "loso", ("clean",), seeds=1)], ids=["none", "one"]
)
def test_a_folder_without_conditions_is_named(tmp_path: Path, kept: list[Result]) -> None:
    if kept:
        write_results(tmp_path / "loso-edge-cross-entropy.json", kept)
    with pytest.raises(InputError, match=re.escape(f"{tmp_path}: found no ")):
        accuracy(tmp_path, "edge")


@pytest.mark.skipif(len(shipped_models()) == 1, reason="one model ships: there is none beside it")
def test_the_page_says_what_the_kept_results_say() -> None:
    kept = {name: accuracy(kept_results(name), "edge") for name in shipped_models()}
    assert f"\n\n{accuracy_table(kept)}\n" in PAGE.read_text(encoding="utf-8")
    for scores in with_mean([scores for _, scores in kept.values()]):
        assert len(scores) > 20
