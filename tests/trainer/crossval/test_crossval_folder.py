"""What ``--out`` of a cross-validation holds: names, other files, what may not be written over.

Folds that only pretend: nothing is trained here.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from rich.console import Console

from lightsernet_edge import AudioError, DatasetError, InputError
from lightsernet_edge.cli import main
from lightsernet_trainer.configuration import TrainingConfiguration
from lightsernet_trainer.crossval import run as crossval
from lightsernet_trainer.crossval.fold_cache import FoldCache, TrainedFold
from lightsernet_trainer.crossval.fold_job import FoldJob, FoldOutcome
from lightsernet_trainer.crossval.folds import make_folds
from lightsernet_trainer.crossval.run import CrossValidation, cross_validate
from lightsernet_trainer.datasets.clip import Clip, Corpus
from lightsernet_trainer.results.file import read_results
from lightsernet_trainer.results.result import ClipResult, FoldResult, Result
from lightsernet_trainer.training.checkpoint import run_facts
from lightsernet_trainer.training.feature_store import FeatureStore

LABELS = ("anger", "neutral")
QUIET = Console(quiet=True)


def pretend(job: FoldJob) -> FoldOutcome:
    """Return posteriors that depend on the fold's name alone."""
    clips = tuple(
        ClipResult(c.path.name, c.speaker, job.fold.name, c.label, (0.75, 0.25))
        for c in job.fold.split.test
    )
    fold = FoldResult(job.fold.name, len(job.fold.split.train), len(clips), 1, 1)
    versions = {"keras": "3", "torch" if job.fold.name == "a" else "jax": "1"}
    wanted = [(p, c) for p in job.precisions for c in job.conditions]
    return FoldOutcome(fold, versions, dict.fromkeys(wanted, clips))


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> list[FoldJob]:
    """Folds pretend; returned is a list that gets their jobs."""
    jobs: list[FoldJob] = []

    def run(job: FoldJob) -> FoldOutcome:
        jobs.append(job)
        return pretend(job)

    monkeypatch.setattr(crossval, "run_fold", run)
    return jobs


def corpus(folder: Path, speakers: tuple[str, ...] = ("a", "b", "c")) -> Corpus:
    random = np.random.default_rng(0)
    clips = [
        Clip(folder / f"{i}-{label}-{k}.wav", label, speaker)
        for i, speaker in enumerate(speakers)
        for label in LABELS
        for k in range(2)
    ]
    for clip in clips:
        soundfile.write(clip.path, random.uniform(-0.5, 0.5, 8000), 16000)
    return Corpus("made up", LABELS, tuple(clips))


def validate(data: Corpus, out: Path, speakers: Any = None, **changes: Any) -> list[Result]:
    plan = CrossValidation("loso", TrainingConfiguration(), precisions=("int8",))
    plan = dataclasses.replace(plan, **changes)
    return cross_validate(data, make_folds(data, plan.protocol, speakers), plan, out, QUIET)


SPEAKERS = ("../../../escaped", "/absolute", "a/b", ".", "..", "03", "%2E", "d e")


def test_no_name_of_a_speaker_leads_out_of_the_folder(
    tmp_path: Path, pretended: list[FoldJob]
) -> None:
    out = tmp_path / "out"
    validate(corpus(tmp_path, SPEAKERS), out)
    folders = [job.folder for job in pretended]
    assert {folder.parent.resolve() for folder in folders} == {out / "speakers" / "seed0"}
    assert len({folder.resolve() for folder in folders}) == len(SPEAKERS)
    assert out / "speakers" / "seed0" / "03" in folders
    pretended.clear()
    validate(corpus(tmp_path, ("03", "08", "11")), out / "joined", ["03+08"])
    assert [job.folder.name for job in pretended] == ["03+08"]


def test_fewer_folds_do_not_replace_more(tmp_path: Path, pretended: list[FoldJob]) -> None:
    data = corpus(tmp_path)
    out = tmp_path / "out"
    validate(data, out, ["a"])
    (whole,) = validate(data, out)
    pretended.clear()
    with pytest.raises(InputError, match=r"loso-edge-cross-entropy\.json: .*-int8-seed0 has folds"):
        validate(data, out, ["a"])
    assert not pretended
    assert read_results(out / whole.key.file_name) == [whole]


def test_results_made_before_are_kept_in_the_file(tmp_path: Path, pretended: list[FoldJob]) -> None:
    data = corpus(tmp_path)
    before = validate(data, tmp_path, conditions=("gain:-6", "clean"))
    again = validate(data, tmp_path, command="again", seeds=(0, 1), precisions=("float32", "int8"))
    kept = read_results(tmp_path / "loso-edge-cross-entropy.json")
    assert {result.key: result for result in kept} == {
        result.key: result for result in (*before, *again)
    }
    assert len(kept) == 5


def test_results_of_other_folds_are_not_put_side_by_side(
    tmp_path: Path, pretended: list[FoldJob]
) -> None:
    data = corpus(tmp_path)
    validate(data, tmp_path, ["a", "b"], conditions=("gain:-6",))
    pretended.clear()
    words = "folds are a, b, c, expected a, b as in loso-edge-cross-entropy-int8-seed0-gain_-6"
    with pytest.raises(InputError, match=words):
        validate(data, tmp_path)
    assert not pretended
    validate(data, tmp_path, ["b", "a"])


@pytest.mark.parametrize("speaker", [None, ""])
def test_speakers_have_to_be_known_to_be_left_out(speaker: str | None, tmp_path: Path) -> None:
    data = corpus(tmp_path)
    unknown = dataclasses.replace(data.clips[0], speaker=speaker)
    data = dataclasses.replace(data, clips=(unknown, *data.clips[1:]))
    with pytest.raises(DatasetError, match="protocol loso: not every clip of the data names"):
        validate(data, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_clips_that_cannot_be_scored_are_told_of_before_training(
    tmp_path: Path, pretended: list[FoldJob]
) -> None:
    data = corpus(tmp_path)
    soundfile.write(data.clips[-1].path, np.zeros(1600), 16000)
    with pytest.raises(AudioError, match=r"2-neutral-1\.wav: the clip lasts 0\.1000 s"):
        validate(data, tmp_path / "out")
    assert not pretended


def test_other_settings_beside_results_are_refused_before_training(
    tmp_path: Path, pretended: list[FoldJob]
) -> None:
    data = corpus(tmp_path)
    validate(data, tmp_path / "out")
    pretended.clear()
    with pytest.raises(InputError, match="trained with epochs 7, expected 60 as in loso-edge"):
        validate(data, tmp_path / "out", seeds=(1,), configuration=TrainingConfiguration(epochs=7))
    assert not pretended


def test_versions_of_all_folds_are_in_the_result(tmp_path: Path, pretended: list[FoldJob]) -> None:
    (result,) = validate(corpus(tmp_path), tmp_path / "out")
    assert result.versions == {"keras": "3", "torch": "1", "jax": "1"}


@pytest.mark.parametrize(
    ("protocol", "settings", "label", "words"),
    [
        ("loso-enrol", {}, "joy", "speaker 'a' has no clip labelled 'neutral'"),
        ("loso-enrol", {"standardise": False}, "neutral", "expected standardise"),
        ("loso-running", {"standardise": False}, "neutral", "expected standardise"),
    ],
)
def test_what_cannot_be_adapted_is_refused_before_training(
    protocol: str,
    settings: dict[str, Any],
    label: str,
    words: str,
    tmp_path: Path,
    pretended: list[FoldJob],
) -> None:
    data = corpus(tmp_path)
    clips = [dataclasses.replace(c, label=label if c.label == "neutral" else c.label)
             for c in data.clips]  # fmt: skip
    data = Corpus("made up", ("anger", label), tuple(clips))
    configuration = TrainingConfiguration(**settings)
    with pytest.raises(InputError, match=words):
        validate(data, tmp_path / "out", protocol=protocol, configuration=configuration)
    assert not pretended
    assert not (tmp_path / "out").exists()


def manifest(folder: Path) -> Path:
    lines = ["file,label,speaker"]
    random = np.random.default_rng(0)
    for clip in corpus(folder).clips:
        soundfile.write(clip.path, 0.1 * random.normal(size=8000), 16000)
        lines.append(f"{clip.path.name},{clip.label},{clip.speaker}")
    (folder / "clips.csv").write_text("\n".join(lines))
    return folder / "clips.csv"


def test_a_manifest_with_other_files_in_the_folder(
    tmp_path: Path, pretended: list[FoldJob], capsys: pytest.CaptureFixture[str]
) -> None:
    """As the summary that ``train`` leaves; and what is given twice is scored once."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "summary.json").write_text("{}")
    words = ["crossval", "--dataset", "manifest", "--data", str(manifest(tmp_path))]
    words += ["--out", str(out), "--precisions", "int8,int8", "--conditions", "clean,clean"]
    assert main([*words, "--json"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1
    page = (out / "report.html").read_text(encoding="utf-8")
    assert 'data-file="0-neutral-0.wav"' in page


def test_results_are_printed_even_if_the_report_fails(
    tmp_path: Path,
    pretended: list[FoldJob],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object) -> None:
        raise InputError("report: made to fail")

    monkeypatch.setattr("lightsernet_trainer.report.write_report", fail)
    words = ["crossval", "--dataset", "manifest", "--data", str(manifest(tmp_path))]
    assert main([*words, "--out", str(tmp_path / "out"), "--json"]) == 2
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_damaged_files_of_a_fold_are_named(tmp_path: Path) -> None:
    cache = FoldCache(job(tmp_path))
    cache.keep_trained(trained := TrainedFold("weights", {}, 1, [{"epoch": 1}]))
    assert cache.trained() == trained
    said = pretend(job(tmp_path)).clips["int8", "clean"]
    cache.keep_scored("int8", "clean", trained, said)
    assert cache.scored(trained) == {("int8", "clean"): said}
    (kept,) = (tmp_path / "clips").iterdir()
    content = json.loads(kept.read_text())
    del content["clips"][0]["posteriors"]
    for damaged in ("{", json.dumps(content)):
        kept.write_text(damaged)
        with pytest.raises(InputError, match=rf"{kept.name}: damaged"):
            cache.scored(trained)
    for damaged in ("{", "[]", '{"facts": 1}'):
        (cache.models / "fold.json").write_text(damaged)
        with pytest.raises(InputError, match=r"fold\.json: damaged"):
            cache.trained()


def test_scores_of_whole_clips_are_not_taken_for_those_of_their_speech(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = TrainedFold("weights", {}, 1, [{"epoch": 1}])
    for recipe, is_taken in (("edge", False), ("light-sernet", True)):
        configuration = TrainingConfiguration(features=recipe, standardise=False)
        this = job(tmp_path / recipe, configuration=configuration)
        said = pretend(this).clips["int8", "clean"]
        cache = FoldCache(this)
        # As it was written when every clip was judged whole.
        facts = {**cache.run_facts, "training": trained.training}
        digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
        monkeypatch.setattr(FoldCache, "_facts_of_clips", lambda *_, digest=digest: digest)
        cache.keep_scored("int8", "clean", trained, said)
        monkeypatch.undo()
        # A front end that crops every clip hears what it heard.
        assert cache.scored(trained) == ({("int8", "clean"): said} if is_taken else {})


def job(folder: Path, **changes: Any) -> FoldJob:
    folder.mkdir(exist_ok=True)
    data = corpus(folder)
    (fold, *_) = make_folds(data, "loso")
    configuration = TrainingConfiguration(variants=("noise:hum:10",))
    plain = FoldJob(
        data, fold, "loso", configuration, ("int8",), ("clean",), None, None, folder, folder
    )
    return dataclasses.replace(plain, **changes)


def test_other_noises_of_the_same_name_are_another_run(tmp_path: Path) -> None:
    """And runs without noise are what they were before noises counted."""
    manifest(tmp_path)
    one, other = ({"hum": np.arange(9.0), "hiss": np.full(9, n)} for n in (1.0, 2.0))
    moved = {"hum": np.arange(1.0, 10.0), "hiss": one["hiss"]}
    told = [FoldCache(job(tmp_path, training_noises=n)).facts for n in (one, other, moved)]
    # What no variant names makes no difference.
    assert told[0] == told[1] != told[2]
    quiet = job(tmp_path, configuration=TrainingConfiguration(), training_noises=one)
    facts = run_facts(quiet.corpus, quiet.fold.split, quiet.configuration)
    assert "noises" not in facts
    expected = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    assert FoldCache(quiet).facts == expected
    trained = TrainedFold("weights", {}, 1, [])
    for condition, matters in (("clean", False), ("telephone+noise:any:5", True)):
        mine = dataclasses.replace(quiet, conditions=(condition,), test_noises=one)
        said = pretend(mine).clips["int8", condition]
        FoldCache(mine).keep_scored("int8", condition, trained, said)
        assert FoldCache(mine).scored(trained)
        others = FoldCache(dataclasses.replace(mine, test_noises=other))
        assert bool(others.scored(trained)) != matters
    clip = quiet.corpus.clips[0]
    spec = quiet.configuration.feature_spec()
    keys = [
        [FeatureStore(spec, "disk", tmp_path, variants=["noise:hum:10"], noises=noises)
         ._key(clip, variant) for variant in ("clean", "noise:hum:10")]
        for noises in (one, other, moved)
    ]  # fmt: skip
    assert keys[0] == keys[1]
    assert keys[0][0] == keys[2][0]
    assert keys[0][1] != keys[2][1]
    assert keys[0][0] == FeatureStore(spec, "disk", tmp_path)._key(clip, "clean")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--seed", "3"), ["--seed: found 3, expected --seeds 3"]),
        (("--folds", "5"), ["--folds: found 5", "'loso'"]),
        (("--folds", "99", "--protocol", "random"), ["--folds: found 99, expected 2..6"]),
        (("--protocol", "nonsense"), ["--protocol", "'nonsense'", "loso"]),
        (("--speakers", "z"), ["--speakers: 'z' is none of"]),
        (("--precisions", "int4"), ["--precisions: found 'int4'"]),
        (("--parallel", "nonsense"), ["--parallel: found 'nonsense'"]),
        (("--jobs", "0"), ["--jobs: found 0, expected at least 1"]),
        (("--seeds", "x"), ["--seeds"]),
        (("--conditions", "nonsense"), ["condition 'nonsense'"]),
        (("--conditions", "noise:hum:5"), ["condition 'noise:hum:5'", "folder of noise"]),
        (("--noises", "absent"), ["absent: holds no noise"]),
        (("--out", "clips.csv"), ["--out: clips.csv is a file, expected a folder"]),
        (("--out", "clips.csv/under"), ["--out: clips.csv/under cannot be made"]),
        (("--out", ".", "--no-resume"), ["--out: . holds something"]),
        (("--epochs", "0"), ["--epochs"]),
    ],
)
def test_bad_input(
    arguments: tuple[str, ...],
    says: list[str],
    tmp_path: Path,
    pretended: list[FoldJob],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One line, exit status 2, nothing begun and nothing written."""
    monkeypatch.chdir(tmp_path)
    manifest(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    words = ["crossval", "--dataset", "manifest", "--data", "clips.csv", "--out", "out"]
    try:
        status = main([*words, *arguments])
    except SystemExit as end:
        status = int(end.code or 0)
    printed = capsys.readouterr()
    assert status == 2
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert "unexpected" not in printed.err
    for text in says:
        assert text in printed.err
    assert not pretended
    assert sorted(tmp_path.rglob("*")) == before
