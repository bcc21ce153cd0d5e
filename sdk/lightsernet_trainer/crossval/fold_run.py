"""One fold of a cross-validation: trained, converted and scored, each step kept on disk."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from lightsernet_edge.errors import InputError
from lightsernet_edge.features import FeatureSpec
from lightsernet_edge.files.atomic_write import write_atomically
from lightsernet_edge.model.file import read_model, write_model

from ..conditions import parse_condition
from ..conditions.condition import noises_used
from ..conditions.noise import Noises
from ..configuration import TrainingConfiguration
from ..datasets.clip import Corpus
from ..results.protocols import CHOOSES_EPOCH
from ..results.result import ClipResult, FoldResult
from ..training.batches import Normaliser, fit_length
from ..training.checkpoint import Checkpoint, run_facts
from ..training.feature_store import FeatureStore
from ..training.neutral_reference import with_neutral_reference
from .best_epoch import BestEpoch
from .fold_scores import FoldScorer, HeldOutClips, model_of
from .folds import Fold

_SUMMARY = "fold.json"


@dataclass(frozen=True)
class FoldJob:
    """What a process needs to run a fold; can be pickled.

    Attributes
    ----------
    corpus : Corpus
    fold : Fold
    protocol : str
        A key of `protocols.PROTOCOLS`.
    configuration : TrainingConfiguration
    precisions : tuple of str
        Some of ``float32``, ``float16``, ``int8``, ``native``.
    conditions : tuple of str
        What to score under; ``clean`` is the clips as they are.
    heard, tested : dict of str to ndarray, or None
        The noises of the training variants, and those of the conditions.
    folder : Path
        The fold's own; what it holds already is not done again.
    cache : Path
        Where features are kept, for all folds.
    """

    corpus: Corpus
    fold: Fold
    protocol: str
    configuration: TrainingConfiguration
    precisions: tuple[str, ...]
    conditions: tuple[str, ...]
    heard: Noises | None
    tested: Noises | None
    folder: Path
    cache: Path


@dataclass(frozen=True)
class FoldOutcome:
    """What a fold gave.

    Attributes
    ----------
    fold : FoldResult
    versions : dict of str to str
        Of what trained and converted, from the models' record.
    clips : dict of (str, str) to tuple of ClipResult
        By precision and condition.
    """

    fold: FoldResult
    versions: dict[str, str]
    clips: dict[tuple[str, str], tuple[ClipResult, ...]]


def run_fold(job: FoldJob) -> FoldOutcome:
    """Do what is left to do of a fold.

    Raises
    ------
    InputError
        If the folder holds another run, or a clip cannot be read.
    """
    models = job.folder / ("best" if job.protocol == CHOOSES_EPOCH else "last")
    facts = _facts(job)
    summary = _read_summary(models / _SUMMARY, facts)
    clips = _kept_clips(job, summary) if summary else {}
    left = {key[0] for key in _wanted(job) if key not in clips}
    if summary is None or any(not model_of(models, precision)[0].exists() for precision in left):
        summary = _train(job, models)
        # None, if the weights are others: a folder's models may have been thrown away.
        clips = _kept_clips(job, summary)
    for condition in job.conditions:
        held_out: HeldOutClips | None = None
        for precision in job.precisions:
            if (precision, condition) in clips:
                continue
            model, engine = model_of(models, precision)
            file = read_model(model)
            if held_out is None:
                spec = file.record.features
                change = parse_condition(condition, spec.sample_rate, job.tested)
                held_out = HeldOutClips(job.fold.split.test, spec, change)
            scorer = FoldScorer(file, job.fold.name, engine)
            found = tuple(scorer.score(job.protocol, held_out, job.configuration.seed))
            place = _clips_file(job, precision, condition)
            _write_clips(place, _facts(job, condition, summary), found)
            clips[precision, condition] = found
    history = tuple(summary["history"])
    first = clips[_wanted(job)[0]]
    # All clips of a speaker may have gone to the enrolment.
    scored = len(first) // max(1, len({clip.order for clip in first}))
    return FoldOutcome(
        FoldResult(
            job.fold.name,
            len(job.fold.split.train),
            scored,
            len(history),
            summary["chosen_epoch"],
            history,
        ),
        summary["versions"],
        clips,
    )


def _train(job: FoldJob, models: Path) -> dict[str, Any]:
    """Train or go on, convert, and say in the folder that it is done."""
    from ..network import backend

    backend.start()
    from ..network.conversion_process import convert_to
    from ..training.fitting import calibration_rows, fit, fitted_spec
    from ..training.run import record_of

    configuration, split = job.configuration, job.fold.split
    quiet = Console(quiet=True)
    store = FeatureStore(
        configuration.feature_spec(),
        "disk",
        job.cache,
        variants=configuration.variants,
        noises=job.heard,
    )
    store.load(split.train, quiet)
    spec = fitted_spec(configuration, store, split.train)
    run = job.folder / "run"
    checkpoint = Checkpoint(run, run_facts(job.corpus, split, configuration, job.heard))
    best = None
    if job.protocol == CHOOSES_EPOCH:
        best = _best_epoch(job, store, spec, run / "best.npz")
        if not best.keep_for(checkpoint.history()):
            # Some epochs were trained without a look at the test fold.
            checkpoint.discard()
            best.discard()
    network, history = fit(
        store,
        spec,
        split.train,
        job.corpus.labels,
        configuration,
        checkpoint,
        verbosity=0,
        console=quiet,
        watch=best,
    )
    chosen = len(history)
    if best is not None:
        chosen, weights = best.read()
        network.set_weights(weights)
    calibration = calibration_rows(store, spec, split.train, network.input_shape[1])
    precisions = sorted({model_of(models, precision)[0].stem for precision in job.precisions})
    record = record_of(job.corpus, split, spec)
    models.mkdir(parents=True, exist_ok=True)
    training = _digest(network.get_weights())
    if not _is_of(models / _SUMMARY, training):
        for stale in models.glob("*.tflite"):
            stale.unlink()
    flatbuffers = convert_to(network, configuration.width, precisions, calibration)
    for precision, flatbuffer in flatbuffers.items():
        known = with_neutral_reference(record, flatbuffer, store, split.train, configuration.seed)
        write_model(models / f"{precision}.tflite", flatbuffer, known)
    summary = {
        "facts": _facts(job),
        "training": training,
        "versions": dict(record.tools),
        "chosen_epoch": chosen,
        "history": history,
    }
    write_atomically(models / _SUMMARY, json.dumps(summary).encode())
    return summary


def _best_epoch(job: FoldJob, store: FeatureStore, spec: FeatureSpec, file: Path) -> BestEpoch:
    from ..training.fitting import build_network

    labels = job.corpus.labels
    exact = build_network(job.configuration, spec, len(labels))
    normaliser = Normaliser(spec)
    rows = [
        fit_length(normaliser(store.rows(clip)), exact.input_shape[1], normaliser.silence)
        for clip in job.fold.split.test
    ]
    truth = np.array([labels.index(clip.label) for clip in job.fold.split.test])
    return BestEpoch(file, _facts(job), exact, np.stack(rows)[..., None], truth)


def _digest(weights: Sequence[NDArray[np.float32]]) -> str:
    digest = hashlib.sha256()
    for array in weights:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _is_of(summary: Path, training: str) -> bool:
    """Tell whether the models beside a summary have these weights."""
    return summary.exists() and _read_json(summary, ("training",))["training"] == training


def _wanted(job: FoldJob) -> list[tuple[str, str]]:
    return [(precision, condition) for condition in job.conditions for precision in job.precisions]


def _clips_file(job: FoldJob, precision: str, condition: str) -> Path:
    words = f"{job.protocol}-{precision}-{condition}".replace(":", "_")
    return job.folder / "clips" / f"{words}.json"


def _kept_clips(
    job: FoldJob, summary: dict[str, Any]
) -> dict[tuple[str, str], tuple[ClipResult, ...]]:
    """Return what models of this training said before."""
    found = {
        (precision, condition): _read_clips(
            _clips_file(job, precision, condition), _facts(job, condition, summary)
        )
        for precision, condition in _wanted(job)
    }
    return {key: clips for key, clips in found.items() if clips is not None}


def _facts(
    job: FoldJob, condition: str | None = None, summary: dict[str, Any] | None = None
) -> str:
    """Return what the fold's training depends on; with condition and training its posteriors."""
    facts = run_facts(job.corpus, job.fold.split, job.configuration, job.heard)
    used = noises_used([condition], job.tested) if condition else {}
    if used:
        facts["condition"] = used
    if summary is not None:
        facts["training"] = summary["training"]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _read_summary(file: Path, facts: str) -> dict[str, Any] | None:
    """Return what was trained, or None if that is still to be done."""
    if not file.exists():
        return None
    summary = _read_json(file, ("facts", "training", "versions", "chosen_epoch", "history"))
    if summary["facts"] != facts:
        raise InputError(
            f"{file.parent}: holds a fold with other data or settings, expected the same; "
            "choose another --out"
        )
    return summary


def _read_clips(file: Path, facts: str) -> tuple[ClipResult, ...] | None:
    """Return the clips scored before, if by this run."""
    if not file.exists():
        return None
    kept = _read_json(file, ("facts", "clips"))
    if kept["facts"] != facts:
        return None
    try:
        return tuple(
            ClipResult(**{**clip, "posteriors": tuple(clip["posteriors"])})
            for clip in kept["clips"]
        )
    except (TypeError, KeyError, ValueError):
        raise _damaged(file) from None


def _read_json(file: Path, fields: Sequence[str]) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if all(name in content for name in fields):
            return content
    except (OSError, ValueError, TypeError, RecursionError):
        pass
    raise _damaged(file)


def _damaged(file: Path) -> InputError:
    return InputError(f"{file}: damaged, expected what a fold gave; remove it to do that again")


def _write_clips(file: Path, facts: str, clips: Sequence[ClipResult]) -> None:
    content = {"facts": facts, "clips": [dataclasses.asdict(clip) for clip in clips]}
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, json.dumps(content).encode())
