"""Tables for documents: what they say is what the results say, and the documents keep up."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from lightsernet_edge import InputError
from lightsernet_edge.cli import main
from lightsernet_trainer.configuration import DEFAULTS, TrainingConfiguration
from lightsernet_trainer.report import tables
from lightsernet_trainer.report.aims import read_aims
from lightsernet_trainer.report.markdown import condition_table, score_table, trial_table
from lightsernet_trainer.report.runs import group_runs
from lightsernet_trainer.results.file import read_results, write_results
from lightsernet_trainer.results.result import Result, pooled
from tests.places import CHECKOUT
from tests.trainer.results.made_up_results import LABELS, SPEAKERS, make, with_key

KEPT = sorted((CHECKOUT / "docs" / "results").glob("*.json"))
TRIALS = sorted((CHECKOUT / "docs" / "results" / "trials").glob("*.json"))
PAGE = CHECKOUT / "docs" / "results" / "experiments.md"
FRESH = ("09", "10", "12")


def under(result: Result, condition: str) -> Result:
    return with_key(result, condition=condition)


def test_scores_are_means_over_seeds() -> None:
    results = [make(seed=0), with_key(make(seed=1), seed=2)]
    head, _, row = score_table(group_runs(results), FRESH).splitlines()
    cells = dict(zip(head.split("|"), row.split("|"), strict=True))
    found = {name.strip(): cell.strip() for name, cell in cells.items()}
    ua = sum(result.ua for result in results) / 2
    fresh = sum(pooled(result, FRESH).ua for result in results) / 2
    assert found["seeds"] == "2"
    assert found["UA (95 %)"].split()[0] == f"{100 * ua:.1f}"
    assert found["UA of the fresh"] == f"{100 * fresh:.1f}"
    assert found["F1 (95 %)"].split()[0] == f"{50 * sum(result.f1 for result in results):.1f}"


def test_nobody_is_fresh_where_folds_mix_speakers() -> None:
    mixed = make(folds_by_speaker=False, protocol="random")
    runs = group_runs([mixed])
    row = score_table(runs, FRESH).splitlines()[-1]
    assert row.split("|")[7].strip() == ""
    page = tables.score_table([(runs[0], runs[0].summary("int8", FRESH))], FRESH)
    assert '<td class="number"></td>' in page


def test_the_clips_after_ten_others_stand_apart() -> None:
    result = make(n=200)
    clips = [
        dataclasses.replace(clip, order=0, preceding=i // 10) for i, clip in enumerate(result.clips)
    ]
    running = make(protocol="loso-running", clips=clips)
    later = [clip for clip in running.clips if (clip.preceding or 0) >= 10]
    right = [clip.truth == LABELS[int(np.argmax(clip.posteriors))] for clip in later]
    for fresh in ((), FRESH):
        head, _, _, row = score_table(group_runs([running]), fresh).splitlines()
        assert row.startswith("| loso-running, after 10 utterances | edge |")
        assert row.count("|") == head.count("|")
        assert row.split("|")[-3].strip() == f"{100 * np.mean(right):.1f}"


def test_aims_stand_beside_the_scores_that_they_are_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = make()
    running = make(
        protocol="loso-running",
        clips=[
            dataclasses.replace(clip, order=0, preceding=i // 10)
            for i, clip in enumerate(result.clips)
        ],
    )
    for name, one in (("a", result), ("b", running)):
        write_results(tmp_path / f"{name}.json", [one])
    model = {"recipe": "edge", "loss": "cross-entropy", "precision": "int8"}
    aims = [
        {"protocol": "loso", **model, "ua": 94.89, "f1": 95.1},
        {"protocol": "loso-running, after 10 utterances", **model, "ua": 84},
        {"protocol": "loso", **model, "precision": "float32", "wa": 12.5},
    ]
    file = tmp_path / "aims.txt"
    file.write_text(json.dumps(aims))
    files = [str(tmp_path / "a.json"), str(tmp_path / "b.json"), "--aims", str(file)]
    assert main(["report", *files, "--markdown"]) == 0
    loso, plain, later = capsys.readouterr().out.splitlines()[2:]
    cells = [cell.strip() for cell in loso.split("|")]
    low, high = (f"{100 * bound:.1f}" for bound in (result.intervals or {})["ua"])
    assert cells[6] == f"{100 * result.ua:.1f} ({low} to {high}), aim 94.89"
    assert cells[7].endswith(")")
    assert cells[8].endswith("), aim 95.10")
    assert "aim" not in plain
    assert later.split("|")[6].endswith(", aim 84 ")
    page = tmp_path / "page.html"
    assert main(["report", *files, "--out", str(page)]) == 0
    written = page.read_text(encoding="utf-8")
    for aim in ("aim 94.89", "aim 95.10", "aim 84<"):
        assert written.count(aim) == 1
    assert "aim 12.5" not in written


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "found no JSON"),
        ('"aims"', "found str, expected a list"),
        ("[3]", "aim 1 is 3, expected protocol, recipe, loss, precision and at least one of ua"),
        ('[{"protocol": "loso"}]', "aim 1 is"),
        ('[{"protocol": 1, "recipe": "e", "loss": "c", "precision": "i", "ua": 3}]', "aim 1 is"),
        ('[{"protocol": "l", "recipe": "e", "loss": "c", "precision": "i", "ua": 101}]', "aim 1"),
        ('[{"protocol": "l", "recipe": "e", "loss": "c", "precision": "i", "ua": true}]', "aim 1"),
        ('[{"protocol": "l", "recipe": "e", "loss": "c", "precision": "i"}]', "aim 1 is"),
        (
            '[{"protocol": "l", "recipe": "e", "loss": "c", "precision": "i", "ua": 1}]',
            "protocol of aim 1 is 'l', expected one of loso, ",
        ),
        (
            '[{"protocol": "loso", "recipe": "e", "loss": "c", "precision": "i", "ua": 1}]',
            "loss of aim 1 is 'c', expected one of cross-entropy, focal",
        ),
        (
            json.dumps(
                [
                    {
                        **dict.fromkeys(("recipe", "precision"), "x"),
                        "protocol": "random",
                        "loss": "focal",
                        "ua": 1,
                    }
                ]
                * 2
            ),
            "random, x, focal, x stands there twice",
        ),
        (
            '[{"protocol": "l", "recipe": "e", "loss": "c", "precision": "i", "ua": 1, "x": 1}]',
            "aim 1 is",
        ),
    ],
)
def test_aims_that_make_no_sense(content: str, complaint: str, tmp_path: Path) -> None:
    file = tmp_path / "aims.json"
    file.write_text(content)
    with pytest.raises(InputError, match=f"aims.json: .*{complaint}"):
        read_aims(file)
    with pytest.raises(InputError, match="cannot be read"):
        read_aims(tmp_path / "none.json")


def test_conditions_in_order_and_models_side_by_side() -> None:
    one, other = make(seed=0), make(seed=1, recipe="psf")
    results = [one, under(one, "noise:hum:5"), under(one, "noise:hum:20"), under(one, "gain:-6")]
    results += [other, under(other, "gain:-6")]
    lines = condition_table(group_runs(results)).splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == [
        "clean",
        "gain:-6",
        "noise:hum:5",
        "noise:hum:20",
    ]
    assert lines[3].count(f"{100 * other.ua:.1f}") == 1
    assert lines[4].split("|")[3].strip() == ""
    assert condition_table(group_runs([one])) == ""


def test_a_cell_averages_the_seeds_that_its_column_has() -> None:
    """Seed 2 is there on clean audio alone."""
    one, two = make(seed=0), with_key(make(skill=4.0), seed=2)
    runs = group_runs([one, two, under(one, "gain:-6")])
    _, _, clean, changed = condition_table(runs).splitlines()
    assert clean == f"| clean | {100 * one.ua:.1f} |"
    assert changed == f"| gain:-6 | {100 * one.ua:.1f} |"
    page = tables.condition_table(
        [run for run in runs if run.condition != "clean"],
        [run for run in runs if run.condition == "clean"],
    )
    assert page.count(f"{one.ua:.1%}") == 2
    assert page.count("0.0 points") == 1
    with pytest.raises(InputError, match="no seed that is there under all of clean, gain:-6"):
        condition_table(group_runs([two, under(one, "gain:-6")]))


def test_losses_stand_in_columns_of_their_own() -> None:
    one, focal = make(), make(seed=1, loss="focal")
    results = [one, under(one, "mp3")]
    assert condition_table(group_runs(results)).startswith("| UA under | edge, loso, int8 |\n")
    results += [focal, under(focal, "mp3")]
    head, _, clean, _ = condition_table(group_runs(results)).splitlines()
    assert head == "| UA under | edge, loso, cross-entropy, int8 | edge, loso, focal, int8 |"
    assert clean == f"| clean | {100 * one.ua:.1f} | {100 * focal.ua:.1f} |"


def test_someone_is_left_to_score_trials_by(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.json"
    write_results(path, [make()])
    assert main(["report", str(path), "--trials", "--fresh", ",".join(SPEAKERS)]) == 2
    assert "fresh: found every speaker of loso-edge" in capsys.readouterr().err


def test_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = make()
    path, page = tmp_path / "a.json", tmp_path / "x.html"
    write_results(path, [result])
    assert main(["report", str(path), "--markdown", "--out", str(page)]) == 0
    assert capsys.readouterr().out == score_table(group_runs([result])) + "\n"
    assert not page.exists()


def test_trials_say_what_they_were_trained_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    defaults = TrainingConfiguration(**DEFAULTS["edge"])
    changed = dataclasses.replace(defaults, mixup=0.3, standardise=False, profile_clips=0)
    worse = make(skill=0.5, configuration=changed.to_json())
    better = make(skill=3.0, configuration=defaults.to_json())
    for name, result in (("a", worse), ("b", better)):
        write_results(tmp_path / f"{name}.json", [result])
    files = [str(tmp_path / "a.json"), str(tmp_path / "b.json")]
    assert main(["report", *files, "--trials", "--fresh", "12"]) == 0
    printed = capsys.readouterr().out
    assert printed == trial_table([worse, better], ["12"]) + "\n"
    first, second = printed.splitlines()[2:]
    assert first.startswith("| `--features edge` | loso | clean | int8 | 1 | 03, 04, ")
    assert "12" not in first
    assert second.startswith("| `--no-standardise --mixup 0.3 --profile-clips 0` |")
    others = [clip for clip in better.clips if clip.speaker != "12"]
    right = [clip.truth == LABELS[int(np.argmax(clip.posteriors))] for clip in others]
    assert first.endswith(f"| {100 * np.mean(right):.1f} |")


def test_a_speaker_nobody_is_cannot_be_fresh(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_results(tmp_path / "a.json", [make()])
    for flag in ("--markdown", "--trials"):
        assert main(["report", str(tmp_path / "a.json"), flag, "--fresh", "12,9"]) == 2
        printed = capsys.readouterr()
        assert printed.out == ""
        assert "--fresh: '9' is none of 03, 04, " in printed.err


@pytest.mark.skipif(not TRIALS, reason="no results are kept in docs/results/trials")
def test_the_page_lists_the_trials() -> None:
    written = PAGE.read_text(encoding="utf-8")
    fresh = ("09", "10", "12", "13", "15")
    table = trial_table([result for path in TRIALS for result in read_results(path)], fresh)
    assert written.endswith(f"\n\n{table}\n")


@pytest.mark.skipif(not KEPT, reason="no results are kept in docs/results")
def test_the_page_says_what_the_kept_results_say() -> None:
    runs = group_runs([result for path in KEPT for result in read_results(path)])
    fresh = ("09", "10", "12", "13", "15")
    written = PAGE.read_text(encoding="utf-8")
    aims = read_aims(CHECKOUT / "docs" / "aims.json")
    scores = score_table(runs, fresh, aims)
    assert scores.count(", aim ") == sum(len(aim.scores) for aim in aims)
    # Whole tables: in this order, and no row that the results do not have.
    for table in (scores, condition_table(runs)):
        assert f"\n\n{table}\n\n" in written
