"""Cross-validation of few clips of three speakers, by every protocol."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from lightsernet_edge import InputError
from lightsernet_edge.audio.recording import Recording
from lightsernet_edge.cli import main
from lightsernet_trainer.cli import crossval
from lightsernet_trainer.conditions.condition import CLEAN
from lightsernet_trainer.configuration import BATCH_STATISTICS, TrainingConfiguration
from lightsernet_trainer.crossval import fold_run, fold_scores
from lightsernet_trainer.crossval.fold_cache import FoldCache, TrainedFold
from lightsernet_trainer.crossval.fold_job import FoldJob
from lightsernet_trainer.crossval.folds import make_folds
from lightsernet_trainer.crossval.parallel import PARALLEL
from lightsernet_trainer.crossval.run import CrossValidation, cross_validate
from lightsernet_trainer.datasets import load
from lightsernet_trainer.datasets.clip import Clip, Corpus
from lightsernet_trainer.results.file import read_results
from lightsernet_trainer.results.protocols import LEAVE_ONE_SPEAKER_OUT, PROTOCOLS
from lightsernet_trainer.results.result import Result
from lightsernet_trainer.training import feature_store, fitting
from lightsernet_trainer.training.feature_store import FeatureStore
from tests.places import CHECKOUT
from tests.trainer.crossval import killed_worker

KILLED_COMMAND = Path(__file__).parents[1] / "killed_command.py"
SPEAKERS = ("03", "10", "15")
SMALL = TrainingConfiguration(
    epochs=2,
    width=0.1,
    seconds=1.0,
    schedule="trapezoid",
    weight_average=0.5,
    variants=("speed:1.1",),
    profile_clips=2,
    neutral_profiles=0.5,
)
QUIET = Console(quiet=True)


@pytest.fixture(scope="module")
def few(emodb: Path) -> Corpus:
    """Up to three clips of each class of three speakers; neutral ones to enrol with."""
    corpus = load("emodb", emodb)
    clips: list[Clip] = []
    for speaker in SPEAKERS:
        for label in corpus.labels:
            theirs = [c for c in corpus.clips if (c.speaker, c.label) == (speaker, label)]
            clips += theirs[: 6 if label == "neutral" else 3]
    return dataclasses.replace(corpus, clips=tuple(clips))


def validate(corpus: Corpus, protocol: str, out: Path, **changes: Any) -> list[Result]:
    plan = CrossValidation(protocol, SMALL, precisions=("float32", "int8"), command="test")
    count = None if protocol in LEAVE_ONE_SPEAKER_OUT else 3
    folds = make_folds(corpus, protocol, folds=count)
    return cross_validate(corpus, folds, dataclasses.replace(plan, **changes), out, QUIET)


@pytest.fixture(scope="module")
def leave_one_out(few: Corpus, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    out = tmp_path_factory.mktemp("loso")
    return out, validate(few, "loso", out)


def test_every_clip_is_scored_once_by_a_model_of_the_other_speakers(
    few: Corpus, leave_one_out: tuple[Path, list[Result]]
) -> None:
    out, results = leave_one_out
    assert [result.key.precision for result in results] == ["float32", "int8"]
    for result in results:
        assert sorted(clip.file for clip in result.clips) == sorted(
            clip.path.name for clip in few.clips
        )
        assert all(clip.fold == clip.speaker for clip in result.clips)
        assert result.speaker_intervals is not None
        assert {fold.name for fold in result.folds} == set(SPEAKERS)
    kept = {result.key: result for result in read_results(out / "loso-edge-cross-entropy.json")}
    assert all(kept[result.key] == result for result in results)


def test_each_fold_learns_from_the_model_of_the_same_fold(
    few: Corpus, leave_one_out: tuple[Path, list[Result]], tmp_path: Path
) -> None:
    teachers, plain = leave_one_out
    taught = dataclasses.replace(SMALL, distillation=1.0)
    options = {"configuration": taught, "precisions": ("int8",), "teachers": teachers}
    (result,) = validate(few, "loso", tmp_path / "out", **options)
    assert len(result.clips) == len(few.clips)
    assert all(
        mine.history[0]["loss"] != theirs.history[0]["loss"]
        for mine, theirs in zip(result.folds, plain[1].folds, strict=True)
    )
    # One that heard the speaker of the test.
    swapped = tmp_path / "swapped" / "speakers" / "seed0"
    swapped.mkdir(parents=True)
    for speaker, other in zip(SPEAKERS, SPEAKERS[::-1], strict=True):
        (swapped / speaker).symlink_to(teachers / "speakers" / "seed0" / other)
    options["teachers"] = tmp_path / "swapped"
    with pytest.raises(InputError, match=r"teacher .* was trained on speakers 03, expected none"):
        validate(few, "loso", tmp_path / "refused", **options)


@pytest.mark.parametrize("protocol", [p for p in PROTOCOLS if p != "loso"])
def test_the_other_protocols(
    protocol: str, few: Corpus, leave_one_out: tuple[Path, Any], tmp_path: Path
) -> None:
    adapted = protocol in LEAVE_ONE_SPEAKER_OUT
    # The adapted ones use the folds that are trained already.
    out = leave_one_out[0] if adapted else tmp_path
    (result,) = validate(few, protocol, out, precisions=("int8",))
    files = {clip.file for clip in result.clips}
    if protocol == "loso-enrol":
        left_out = {clip.path.name for clip in few.clips} - files
        assert left_out
        assert {name[5] for name in left_out} == {"N"}
    elif protocol == "loso-running":
        for speaker in SPEAKERS:
            mine = [clip for clip in result.clips if clip.speaker == speaker]
            orders = {clip.order: [c.file for c in mine if c.order == clip.order] for clip in mine}
            assert len(orders) == 5
            assert len({tuple(order) for order in orders.values()}) == 5
            assert all([c.preceding for c in mine if c.order == o] == list(range(len(f)))
                       for o, f in orders.items())  # fmt: skip
    else:
        assert len(files) == len(few.clips)
        assert result.clip_intervals is not None


@pytest.mark.parametrize("statistics", BATCH_STATISTICS)
def test_published_takes_the_best_epoch_on_the_test_fold(
    statistics: str, few: Corpus, tmp_path: Path
) -> None:
    """The model converted is the network of that epoch: the same accuracy and loss.

    The recipe cuts every clip to the network's length, so that both see the same rows.
    """
    original = TrainingConfiguration(
        features="light-sernet",
        standardise=False,
        epochs=4,
        width=0.1,
        seconds=1.0,
        batch_statistics=statistics,
    )
    (result,) = validate(
        few, "published", tmp_path, configuration=original, precisions=("float32",)
    )
    for fold in result.folds:
        chosen = fold.history[fold.chosen_epoch - 1]
        ranks = [(entry["test_wa"], -entry["test_loss"]) for entry in fold.history]
        assert ranks[fold.chosen_epoch - 1] == max(ranks)
        answers = [
            (result.labels.index(clip.truth), clip.posteriors)
            for clip in result.clips
            if clip.fold == fold.name
        ]
        right = [truth == np.argmax(posteriors) for truth, posteriors in answers]
        assert np.mean(right) == pytest.approx(chosen["test_wa"], abs=1e-5)
        of_truth = [posteriors[truth] for truth, posteriors in answers]
        loss = -np.log(of_truth).mean()
        assert loss == pytest.approx(chosen["test_loss"], rel=1e-3)


def test_random_after_published_trains_nothing(
    few: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same weights, taken at the last epoch instead of the best."""
    (published,) = validate(few, "published", tmp_path, precisions=("float32",))

    def refuse(*_: object) -> None:
        raise AssertionError("an epoch was trained again")

    monkeypatch.setattr(fitting, "fit_epoch", refuse)
    (last,) = validate(few, "random", tmp_path, precisions=("float32",))
    assert all(fold.chosen_epoch == SMALL.epochs for fold in last.folds)
    assert {fold.name for fold in last.folds} == {fold.name for fold in published.folds}


def test_nothing_of_the_test_speaker_reaches_training(
    few: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a fold is trained and converted, nothing of its test speaker is asked for.

    Neither recordings nor kept features: statistics, representative data and the choice of the
    epoch are made there.
    """
    # Fold in training, or None, and of whom something was asked for meanwhile.
    training: list[str | None] = [None]
    asked: list[tuple[str | None, str]] = []
    read, rows, load_all = fold_scores.read_recording, FeatureStore.rows, FeatureStore.load

    def note(path: Path) -> None:
        asked.append((training[0], path.name[:2]))
        assert training[0] != path.name[:2], f"{path} was asked for in training"

    def spy_on_reading(path: Path, *rest: Any) -> Recording:
        note(path)
        return read(path, *rest)

    def spy_on_rows(store: FeatureStore, clip: Clip, variant: str = CLEAN) -> Any:
        note(clip.path)
        return rows(store, clip, variant)

    def spy_on_loading(store: FeatureStore, clips: Sequence[Clip], console: Console) -> None:
        for clip in clips:
            note(clip.path)
        load_all(store, clips, console)

    train = fold_run.train_fold

    def watched(job: FoldJob, cache: FoldCache) -> TrainedFold:
        training[0] = job.fold.name
        trained = train(job, cache)
        training[0] = None
        return trained

    monkeypatch.setattr(feature_store, "read_recording", spy_on_reading)
    monkeypatch.setattr(fold_scores, "read_recording", spy_on_reading)
    monkeypatch.setattr(FeatureStore, "rows", spy_on_rows)
    monkeypatch.setattr(FeatureStore, "load", spy_on_loading)
    monkeypatch.setattr(fold_run, "train_fold", watched)
    validate(few, "loso", tmp_path, precisions=("int8",))
    # The spies saw every fold learn from the two other speakers, or this proves nothing.
    assert {pair for pair in asked if pair[0]} == {
        (fold, other) for fold in SPEAKERS for other in SPEAKERS if other != fold
    }


def test_the_test_speaker_makes_no_difference_to_the_model(
    few: Corpus, leave_one_out: tuple[Path, Any], tmp_path: Path
) -> None:
    """With the test speaker's clips relabelled the fold's model is the same to the last byte."""
    labels = few.labels
    changed = dataclasses.replace(
        few,
        clips=tuple(
            dataclasses.replace(c, label=labels[labels.index(c.label) - 1])
            if c.speaker == SPEAKERS[0]
            else c
            for c in few.clips
        ),
    )
    folds = make_folds(changed, "loso", [SPEAKERS[0]])
    plan = CrossValidation("loso", SMALL, precisions=("int8",), command="test")
    cross_validate(changed, folds, plan, tmp_path, QUIET)
    model = Path("speakers", "seed0", SPEAKERS[0], "last", "int8.tflite")
    assert (tmp_path / model).read_bytes() == (leave_one_out[0] / model).read_bytes()


def test_conditions_are_scored_without_training(
    few: Corpus, leave_one_out: tuple[Path, list[Result]]
) -> None:
    out, clean = leave_one_out
    quiet, telephone = validate(
        few, "loso", out, precisions=("int8",), conditions=("gain:-12", "telephone")
    )
    assert (quiet.key.condition, telephone.key.condition) == ("gain:-12", "telephone")
    assert [c.file for c in quiet.clips] == [c.file for c in clean[1].clips]
    assert [c.posteriors for c in telephone.clips] != [c.posteriors for c in clean[1].clips]


def test_other_settings_in_the_same_folder_are_refused(
    few: Corpus, leave_one_out: tuple[Path, Any]
) -> None:
    other = dataclasses.replace(SMALL, epochs=3)
    with pytest.raises(InputError, match="trained with epochs 3, expected 2"):
        validate(few, "loso", leave_one_out[0], configuration=other)


def test_a_clip_of_another_speaker_is_another_run(few: Corpus, tmp_path: Path) -> None:
    """Profiles are of speakers: a corrected one means training again."""
    plan = CrossValidation("loso", SMALL, precisions=("int8",), command="test")
    cross_validate(few, make_folds(few, "loso", ["03"]), plan, tmp_path, QUIET)
    clips = [dataclasses.replace(c, speaker="16") if c.speaker == "15" else c for c in few.clips]
    renamed = dataclasses.replace(few, clips=tuple(clips))
    with pytest.raises(InputError, match="holds a fold with other data or settings"):
        cross_validate(renamed, make_folds(renamed, "loso", ["03"]), plan, tmp_path, QUIET)


def test_what_other_weights_said_is_not_taken(few: Corpus, tmp_path: Path) -> None:
    """Models and state thrown away, a fold is trained anew, maybe elsewhere: nothing is mixed."""
    plan = CrossValidation("loso", SMALL, precisions=("int8",), command="test")
    folds = make_folds(few, "loso", ["03"])
    (whole,) = cross_validate(few, folds, plan, tmp_path, QUIET)
    fold = tmp_path / "speakers" / "seed0" / "03"
    summary = json.loads((fold / "last" / "fold.json").read_text())
    (fold / "last" / "fold.json").write_text(json.dumps({**summary, "training": "another"}))
    kept = fold / "clips" / "loso-int8-clean.json"
    kept.unlink()
    cross_validate(few, folds, plan, tmp_path, QUIET)
    content = json.loads(kept.read_text())
    for clip in content["clips"]:
        clip["posteriors"] = [1.0, *[0.0] * (len(few.labels) - 1)]
    kept.write_text(json.dumps(content))
    (fold / "last" / "int8.tflite").unlink()
    # Posteriors are enough as long as nothing has to be trained.
    (kept_alone,) = cross_validate(few, folds, plan, tmp_path, QUIET)
    assert {clip.posteriors[0] for clip in kept_alone.clips} == {1.0}
    more = dataclasses.replace(plan, precisions=("int8", "float32"))
    again, _ = cross_validate(few, folds, more, tmp_path, QUIET)
    assert again.clips == whole.clips


def command(emodb: Path, out: Path) -> list[str]:
    return [
        "crossval", "--dataset", "emodb", "--data", str(emodb), "--out", str(out),
        "--speakers", "10,12", "--epochs", "3", "--width", "0.1", "--seconds", "1",
        "--precisions", "int8", "--variants", "clean", "--json",
    ]  # fmt: skip


def test_killed_and_resumed_gives_the_same_table(
    emodb: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    second = killed / "speakers" / "seed0" / "12" / "run"
    done = subprocess.run(
        [sys.executable, KILLED_COMMAND, second, "1", *command(emodb, killed)],
        capture_output=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not list(killed.glob("*.json"))
    tables = []
    for out in (killed, whole):
        assert main(command(emodb, out)) == 0
        tables.append([json.loads(line) for line in capsys.readouterr().out.splitlines()])
    assert tables[0] == tables[1]
    name = next(whole.glob("*.json")).name
    (resumed,), (uninterrupted,) = read_results(killed / name), read_results(whole / name)
    assert resumed.clips == uninterrupted.clips
    assert (whole / "report.html").stat().st_size > 10_000


@pytest.mark.parametrize("parallel", [name for name in PARALLEL if name != "none"])
def test_a_cluster_gives_the_same_pooled_result(
    parallel: str,
    few: Corpus,
    leave_one_out: tuple[Path, list[Result]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Three folds on two workers, one of which is killed between two epochs."""
    pytest.importorskip({"dask": "distributed", "loky": "joblib"}.get(parallel, parallel))
    for name in ("DASK_SCHEDULER_ADDRESS", "RAY_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    # Workers find the module of the function they are to call.
    paths = [str(CHECKOUT), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    monkeypatch.setattr("lightsernet_trainer.crossval.run.run_fold", killed_worker.run_and_die_once)
    results = validate(few, "loso", tmp_path, parallel=parallel, jobs=2)
    for found, alone in zip(results, leave_one_out[1], strict=True):
        assert found.clips == alone.clips
        assert (found.ua, found.wa, found.f1) == (alone.ua, alone.wa, alone.f1)
    folds = tmp_path / "speakers" / "seed0"
    assert killed_worker.deaths(folds) == ["10"]
    # What had been saved is not trained again.
    epochs = range(1, SMALL.epochs + 1)
    expected = {f"{s} epoch{e}" for s in SPEAKERS for e in epochs}
    done = killed_worker.epochs_done(folds)
    assert len(set(done)) == len(done)
    assert set(done) <= expected
    # Loky ends the worker beside the dead one too, perhaps between an epoch and its note.
    assert len(expected - set(done)) <= (parallel == "loky")


def test_places_of_this_machine_stay_out_of_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["crossval", "--data", "/home/me/emodb", "--out=/home/me/cv", "--epochs", "3"]
    monkeypatch.setattr(sys, "argv", ["lightsernet-edge", *words])
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    assert crossval._command() == "lightsernet-edge crossval --data DATA --out=OUT --epochs 3"


def test_clips_of_one_name_in_two_folders(few: Corpus, tmp_path: Path) -> None:
    """Class folders often number their files alike."""
    clips = []
    for i, clip in enumerate(few.clips):
        copy = tmp_path / clip.label / clip.speaker / f"{i % 3}.wav"
        copy.parent.mkdir(parents=True, exist_ok=True)
        if not copy.exists():
            copy.symlink_to(clip.path)
            clips.append(dataclasses.replace(clip, path=copy))
    corpus = dataclasses.replace(few, clips=tuple(clips))
    (result,) = validate(corpus, "loso", tmp_path / "out", precisions=("int8",))
    assert len(result.clips) == len(clips) > len({clip.file for clip in result.clips})
