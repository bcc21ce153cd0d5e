"""One fold of a cross-validation: trained, converted and scored, each step kept on disk."""

from __future__ import annotations

from collections.abc import Sequence

from lightsernet_edge.model.file import read_model

from ..conditions import parse_condition
from ..results.result import FoldResult
from .fold_cache import Clips, FoldCache, TrainedFold
from .fold_job import FoldJob, FoldOutcome
from .fold_scores import FoldScorer, HeldOutClips
from .fold_training import train_fold


def run_fold(job: FoldJob) -> FoldOutcome:
    """Do what is left to do of a fold.

    Parameters
    ----------
    job : FoldJob

    Raises
    ------
    InputError
        If the folder holds another run, or what it holds is damaged.
    AudioError
        If a clip cannot be read or is too short.
    """
    cache = FoldCache(job)
    trained = cache.trained()
    clips = cache.scored(trained) if trained is not None else {}
    lacking = {
        precision for precision, condition in job.wanted if (precision, condition) not in clips
    }
    if trained is None or not all(cache.model_of(precision)[0].exists() for precision in lacking):
        trained = train_fold(job, cache)
        # None, if the weights are others: a folder's models may have been thrown away.
        clips = cache.scored(trained)
    for condition in job.conditions:
        precisions = [each for each in job.precisions if (each, condition) not in clips]
        if precisions:
            clips.update(_score(job, cache, trained, condition, precisions))
    return FoldOutcome(_fold_result(job, trained, clips[job.wanted[0]]), trained.versions, clips)


def _score(
    job: FoldJob, cache: FoldCache, trained: TrainedFold, condition: str, precisions: Sequence[str]
) -> dict[tuple[str, str], Clips]:
    """Score models under a condition, and keep what they say."""
    held_out: HeldOutClips | None = None
    found: dict[tuple[str, str], Clips] = {}
    for precision in precisions:
        path, engine = cache.model_of(precision)
        model = read_model(path)
        if held_out is None:
            rate = model.record.features.sample_rate
            change = parse_condition(condition, rate, job.test_noises)
            held_out = HeldOutClips(job.fold.split.test, model.record, change)
        scorer = FoldScorer(model, job.fold.name, engine)
        clips = tuple(scorer.score(job.protocol, held_out, job.configuration.seed))
        cache.keep_scored(precision, condition, trained, clips)
        found[precision, condition] = clips
    return found


def _fold_result(job: FoldJob, trained: TrainedFold, clips: Clips) -> FoldResult:
    return FoldResult(
        name=job.fold.name,
        train_clips=len(job.fold.split.train),
        # All clips of a speaker may have gone to the enrolment.
        test_clips=len(clips) // max(1, len({clip.order for clip in clips})),
        epochs=len(trained.history),
        chosen_epoch=trained.chosen_epoch,
        history=tuple(trained.history),
    )
