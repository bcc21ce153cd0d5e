"""Cross-validation: every clip classified by a model that did not see it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from .conditions.condition import CLEAN
from .conditions.noise import Noises
from .configuration import TrainingConfiguration
from .datasets.clip import Corpus
from .fold_run import FoldJob, FoldOutcome, run_fold
from .folds import Fold
from .parallel import run_folds
from .protocols import LEAVE_ONE_SPEAKER_OUT
from .result_file import write_result
from .results import Result


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
    heard, tested : dict of str to ndarray, or None
        The noises of the training variants, and those of the conditions.
    command : str
        What to write into the results as the command that makes them.
    parallel : {"none", "loky", "dask", "ray"}
    jobs : int
        Folds at a time.
    """

    protocol: str
    configuration: TrainingConfiguration
    seeds: tuple[int, ...] = (0,)
    precisions: tuple[str, ...] = ("float32", "float16", "int8")
    conditions: tuple[str, ...] = (CLEAN,)
    heard: Noises | None = None
    tested: Noises | None = None
    command: str = ""
    parallel: str = "none"
    jobs: int = 2


def cross_validate(
    corpus: Corpus, folds: Sequence[Fold], plan: CrossValidation, out: Path, console: Console
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
        Gets one result file a seed, precision and condition, beside the
        folders of the folds.
    console : rich.console.Console
        Where progress is shown.

    Returns
    -------
    list of Result
        By seed, precision, condition.

    Raises
    ------
    InputError
        If `out` holds other folds, or a clip cannot be read.
    """
    kind = "speakers" if plan.protocol in LEAVE_ONE_SPEAKER_OUT else "stratified"
    jobs = [
        FoldJob(
            corpus,
            fold,
            plan.protocol,
            dataclasses.replace(plan.configuration, seed=seed),
            plan.precisions,
            plan.conditions,
            plan.heard,
            plan.tested,
            out / kind / f"seed{seed}" / fold.name,
            out / "features",
        )
        for seed in plan.seeds
        for fold in folds
    ]
    outcomes = run_folds(run_fold, jobs, plan.parallel, plan.jobs, console)
    results = []
    for seed in plan.seeds:
        mine = [o for j, o in zip(jobs, outcomes, strict=True) if j.configuration.seed == seed]
        for precision in plan.precisions:
            for condition in plan.conditions:
                result = _pooled(corpus, plan, seed, precision, condition, mine)
                write_result(out / f"{result.name}.json", result)
                results.append(result)
    return results


def _pooled(
    corpus: Corpus,
    plan: CrossValidation,
    seed: int,
    precision: str,
    condition: str,
    outcomes: Sequence[FoldOutcome],
) -> Result:
    configuration = dataclasses.replace(plan.configuration, seed=seed)
    return Result.from_clips(
        protocol=plan.protocol,
        recipe=configuration.features,
        loss=configuration.loss,
        precision=precision,
        seed=seed,
        command=plan.command,
        versions=outcomes[0].versions,
        labels=corpus.labels,
        configuration=configuration.to_json(),
        clips=[clip for outcome in outcomes for clip in outcome.clips[precision, condition]],
        folds=[outcome.fold for outcome in outcomes],
        condition=None if condition == CLEAN else condition,
    )
