"""Cross-validation: every clip classified by a model that did not see it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from lightsernet_edge.errors import InputError
from lightsernet_edge.labels import NEUTRAL
from lightsernet_edge.model.file import ModelFile, read_model
from lightsernet_edge.model.record import PRECISIONS

from ..conditions.condition import CLEAN
from ..conditions.noise import Noises
from ..configuration import TrainingConfiguration
from ..datasets.clip import Clip, Corpus
from ..draws.limits import DrawLimits
from ..draws.makers import making
from ..draws.store import DrawStore
from ..output_folder import output_folder
from ..results.checks import expect_same_folds, expect_same_settings
from ..results.file import read_folder, write_results
from ..results.key import ResultKey
from ..results.protocols import ADAPTED, LEAVE_ONE_SPEAKER_OUT
from ..results.result import Result
from ..training.feature_store import FeatureStore, draw_store
from ..training.teacher import expect_allowed
from .fold_cache import LAST
from .fold_job import FoldJob, FoldOutcome
from .fold_run import run_fold
from .folds import Fold, warn_of_flattery
from .parallel import run_folds


@dataclass(frozen=True)
class CrossValidation:
    """What is cross-validated, and how.

    Attributes
    ----------
    protocol : str
        A key of `protocols.PROTOCOLS`.
    configuration : TrainingConfiguration
        Its seed is replaced by each of `seeds`.
    seeds : tuple of int
    precisions : tuple of str
        Some of ``float32``, ``float16``, ``int8``, ``native``.
    conditions : tuple of str
        See `lightsernet_trainer.conditions`.
    training_noises, test_noises : dict of str to ndarray, or None
        The noises of the training variants, and those of the conditions.
    command : str
        What to write into the results as the command that makes them.
    parallel : {"none", "loky", "dask", "ray"}
    jobs : int
        Folds at a time.
    draw_limits : DrawLimits
        What draws may take of this machine, for all folds.
    ordinary : tuple of Clip
        Speech without an emotion to speak of, if the configuration has an output for it.
    teachers : Path or None
        Folder of a cross-validation with the same protocol, folds and seeds, whose float32
        models' answers the networks learn as well, each of its own fold's.
    """

    protocol: str
    configuration: TrainingConfiguration
    seeds: tuple[int, ...] = (0,)
    precisions: tuple[str, ...] = PRECISIONS
    conditions: tuple[str, ...] = (CLEAN,)
    training_noises: Noises | None = None
    test_noises: Noises | None = None
    command: str = ""
    parallel: str = "none"
    jobs: int = 2
    draw_limits: DrawLimits = dataclasses.field(default_factory=DrawLimits)
    ordinary: tuple[Clip, ...] = ()
    teachers: Path | None = None


def cross_validate(
    corpus: Corpus,
    folds: Sequence[Fold],
    plan: CrossValidation,
    out: Path,
    console: Console | None = None,
) -> list[Result]:
    """Run what is left to run of all folds and pool them.

    Every step of a fold is kept in `out`: called again after a break, it goes
    on where it stopped; called with more precisions, conditions, seeds, or
    another protocol with the same folds, it trains nothing twice.

    Parameters
    ----------
    corpus : Corpus
    folds : sequence of Fold
        Of the plan's protocol.
    plan : CrossValidation
    out : Path
        Gets one file of results per protocol, recipe and loss, beside the folders of the
        folds. Results that such a file holds are kept, but for those that are made again.
    console : rich.console.Console, optional
        Where progress is shown; nowhere by default.

    Returns
    -------
    list of Result
        By seed, precision, condition.

    Raises
    ------
    InputError
        If `out` holds other folds or settings, another run is at work there, the protocol asks
        for what recipe or clips do not have, draws take more than the plan's limits, a teacher
        heard a speaker of the test, or a clip cannot be read.
    """
    console = Console(quiet=True) if console is None else console
    _expect_adaptable(folds, plan)
    _expect_room(folds, plan, out)
    with output_folder(out):
        # A clip that cannot be read or is too short is told of now, not after a fold's training.
        heard, draws = _read(corpus, folds, plan, out, console)
        jobs = _jobs(corpus, folds, plan, out)
        with making(draws, heard, plan.draw_limits):
            outcomes = run_folds(run_fold, jobs, plan.parallel, plan.jobs, console)
        results = []
        for key in _keys(plan):
            mine = [
                outcome
                for job, outcome in zip(jobs, outcomes, strict=True)
                if job.configuration.seed == key.seed
            ]
            results.append(_pooled(corpus, plan, key, mine))
        _write(results, out)
    return results


def _keys(plan: CrossValidation) -> list[ResultKey]:
    """Return the keys of the results of a plan, by seed, precision and condition."""
    configuration = plan.configuration
    return [
        ResultKey(
            plan.protocol, configuration.features, configuration.loss, precision, seed, condition
        )
        for seed in plan.seeds
        for precision in plan.precisions
        for condition in plan.conditions
    ]


def _write(results: Sequence[Result], out: Path) -> None:
    """Write results of one protocol, recipe and loss to those that `out` holds of them."""
    first = results[0].key
    kept = [result for result in read_folder(out) if result.key.model == first.model]
    merged = {result.key: result for result in (*kept, *results)}
    write_results(out / first.file_name, list(merged.values()))


def _read(
    corpus: Corpus, folds: Sequence[Fold], plan: CrossValidation, out: Path, console: Console
) -> tuple[list[Clip], DrawStore | None]:
    """Read all clips; return those trained on, and their draws, for which there is room."""
    configuration, features = plan.configuration, out / "features"
    draws = draw_store(configuration, "disk", features, plan.training_noises)
    store = FeatureStore(configuration.feature_spec(), "disk", features, draws=draws)
    store.load(corpus.clips, console)
    trained_on = {clip for fold in folds for clip in fold.split.train}
    heard = [clip for clip in corpus.clips if clip in trained_on]
    store.expect_room(heard, plan.draw_limits)
    warn_of_flattery(corpus, plan.protocol)
    return heard, draws


def _expect_adaptable(folds: Sequence[Fold], plan: CrossValidation) -> None:
    """Refuse, before anything is trained, what an adapting protocol cannot work with."""
    if plan.protocol not in ADAPTED:
        return
    if not plan.configuration.standardise:
        raise InputError(
            f"protocol {plan.protocol}: recipe {plan.configuration.features!r} does not "
            "standardise its features, expected standardise"
        )
    for fold in folds:
        if plan.protocol == "loso-enrol" and all(c.label != NEUTRAL for c in fold.split.test):
            raise InputError(
                f"protocol loso-enrol: speaker {fold.name!r} has no clip labelled {NEUTRAL!r}, "
                "expected some to enrol with"
            )


def _expect_room(folds: Sequence[Fold], plan: CrossValidation, out: Path) -> None:
    """Refuse to write over results that say more, or beside those of other settings."""
    kept = {result.key: result for result in read_folder(out)}
    names = [fold.name for fold in folds]
    planned = _keys(plan)
    for key in planned:
        if key in kept and not {fold.name for fold in kept[key].folds} <= set(names):
            raise InputError(
                f"{out / key.file_name}: {key.name} has folds "
                f"{', '.join(fold.name for fold in kept[key].folds)}, expected none but "
                f"{', '.join(names)}; choose another folder"
            )
    for result in kept.values():
        if result.key.model == planned[0].model:
            expect_same_settings(
                f"out: {out} holds results, and this would be", plan.configuration, result
            )
            if result.key not in planned:
                expect_same_folds(f"out: {out} holds results, and of this", names, result)


def _versions(outcomes: Sequence[FoldOutcome]) -> Mapping[str, str]:
    """Return the versions of all folds; where they differ, each that occurs."""
    names = dict.fromkeys(name for outcome in outcomes for name in outcome.versions)
    return {
        name: ", ".join(dict.fromkeys(o.versions[name] for o in outcomes if name in o.versions))
        for name in names
    }


def _pooled(
    corpus: Corpus, plan: CrossValidation, key: ResultKey, outcomes: Sequence[FoldOutcome]
) -> Result:
    said = [outcome.clips[key.precision, key.condition] for outcome in outcomes]
    return Result(
        key=key,
        command=plan.command,
        versions=dict(_versions(outcomes)),
        labels=tuple(corpus.labels),
        configuration=dataclasses.replace(plan.configuration, seed=key.seed).to_json(),
        clips=tuple(clip for clips in said for clip in clips),
        folds=tuple(outcome.fold for outcome in outcomes),
    )


def _jobs(corpus: Corpus, folds: Sequence[Fold], plan: CrossValidation, out: Path) -> list[FoldJob]:
    return [
        FoldJob(
            corpus,
            fold,
            plan.protocol,
            dataclasses.replace(plan.configuration, seed=seed),
            plan.precisions,
            plan.conditions,
            plan.training_noises,
            plan.test_noises,
            _folder(out, plan, seed, fold),
            out / "features",
            plan.ordinary,
            _teacher(corpus, plan, seed, fold),
        )
        for seed in plan.seeds
        for fold in folds
    ]


def _folder(out: Path, plan: CrossValidation, seed: int, fold: Fold) -> Path:
    kind = "speakers" if plan.protocol in LEAVE_ONE_SPEAKER_OUT else "stratified"
    return out / kind / f"seed{seed}" / fold.folder


def _teacher(corpus: Corpus, plan: CrossValidation, seed: int, fold: Fold) -> ModelFile | None:
    if plan.teachers is None:
        return None
    path = _folder(plan.teachers, plan, seed, fold) / LAST / "int8.tflite"
    teacher = read_model(path)
    expect_allowed(teacher, fold.split, corpus.labels)
    return teacher
