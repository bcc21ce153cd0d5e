"""Results that belong together: all precisions and seeds of a recipe under a protocol."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.errors import InputError
from lightsernet_edge.model.record import PRECISIONS

from ..conditions.condition import CLEAN
from ..results.bootstrap import SCORES, Interval
from ..results.checks import expect_same_folds, expect_same_settings
from ..results.key import ResultKey
from ..results.protocols import PROTOCOLS
from ..results.result import (
    ADAPTED_AFTER,
    Result,
    adapted_scores,
    mixes_speakers,
    pooled,
    posteriors,
    predicted,
    truth,
)

# Follows the protocol's name in the row of the clips that a model had adapted before.
AFTER_ADAPTATION = f", after {ADAPTED_AFTER} utterances"


@dataclass(frozen=True)
class Summary:
    """Scores of a precision, averaged over seeds.

    Attributes
    ----------
    precision : str
    seeds : int
        Number of seeds.
    clips : int
        Number of clips per seed, each counted once.
    scores : dict of str to float
        ``ua``, ``wa``, ``f1``, in 0..1.
    intervals : dict of str to tuple of float, or None
        The 95 % intervals of the seeds, their bounds averaged; over speakers, or over clips
        where folds mix speakers.
    fresh_ua : float or None
        UA over the speakers that no choice was made by.
    """

    precision: str
    seeds: int
    clips: int
    scores: dict[str, float]
    intervals: dict[str, Interval] | None
    fresh_ua: float | None


@dataclass(frozen=True)
class Run:
    """All precisions and seeds of one recipe and loss under one protocol and condition.

    Attributes
    ----------
    results : tuple of Result
        With the same labels; by precision, then seed.
    """

    results: tuple[Result, ...]

    @property
    def first(self) -> Result:
        """Any of them, for what all share."""
        return self.results[0]

    @property
    def key(self) -> ResultKey:
        """Of any of them: protocol, recipe, loss and condition are those of all."""
        return self.first.key

    @property
    def condition(self) -> str:
        """What the audio went through."""
        return self.key.condition

    @property
    def title(self) -> str:
        """Protocol, recipe and loss in one line."""
        title = f"{self.key.protocol} · {self.key.recipe} · {self.key.loss}"
        return title if self.condition == CLEAN else f"{title} · {self.condition}"

    @property
    def meaning(self) -> str:
        """What a score under this protocol says."""
        return PROTOCOLS.get(self.key.protocol, "")

    @property
    def flatters(self) -> bool:
        """Whether the folds mix speakers: then the test speakers are no strangers."""
        return any(mixes_speakers(result) for result in self.results)

    @property
    def precisions(self) -> list[str]:
        """In the order of the results."""
        return list(dict.fromkeys(result.key.precision for result in self.results))

    @property
    def shipped(self) -> str:
        """The precision that pictures show: int8, as on a device, where there is one."""
        return "int8" if "int8" in self.precisions else self.precisions[-1]

    def seeds(self, precision: str) -> list[Result]:
        """Return the results of a precision, one per seed."""
        return [result for result in self.results if result.key.precision == precision]

    def summary(self, precision: str, fresh: Sequence[str] = ()) -> Summary:
        """Average a precision's scores over its seeds."""
        results = self.seeds(precision)
        known = {clip.speaker for result in results for clip in result.clips}
        fresh = [speaker for speaker in fresh if speaker in known]
        bounds = [result.intervals for result in results]
        intervals = None
        if all(bounds):
            intervals = {
                name: (
                    float(np.mean([found[name][0] for found in bounds if found])),
                    float(np.mean([found[name][1] for found in bounds if found])),
                )
                for name in SCORES
            }
        return Summary(
            precision=precision,
            seeds=len(results),
            clips=results[0].n_clips,
            scores={
                name: float(np.mean([getattr(result, name) for result in results]))
                for name in SCORES
            },
            intervals=intervals,
            fresh_ua=float(np.mean([pooled(r, fresh).ua for r in results])) if fresh else None,
        )

    def adapted(self, precision: str) -> dict[str, float] | None:
        """Average the scores of the clips after `ADAPTED_AFTER` others; None without adaptation."""
        later = [adapted_scores(result) for result in self.seeds(precision)]
        scores = [found for found in later if found is not None]
        if not scores:
            return None
        return {name: float(np.mean([getattr(s, name) for s in scores])) for name in SCORES}

    def speaker_ua(self, precision: str) -> dict[str, list[float]]:
        """Return the UA of each speaker, one value per seed, sorted by name."""
        found: defaultdict[str, list[float]] = defaultdict(list)
        for result in self.seeds(precision):
            for speaker, scores in result.scores.per_speaker.items():
                found[speaker].append(scores["ua"])
        return dict(sorted(found.items()))

    def answers(self, precision: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return true labels, as places in label order, and posteriors; seed after seed."""
        results = self.seeds(precision)
        return (
            np.concatenate([truth(result) for result in results]),
            np.concatenate([posteriors(result) for result in results]),
        )

    def agreement(self, precision: str, other: str) -> float | None:
        """Return the share of clips that two precisions of the same seeds give the same label."""
        said = [
            {
                (result.key.seed, clip.key, clip.order): label
                for result in self.seeds(name)
                for clip, label in zip(result.clips, predicted(result), strict=True)
            }
            for name in (precision, other)
        ]
        both = said[0].keys() & said[1].keys()
        return float(np.mean([said[0][key] == said[1][key] for key in both])) if both else None


def group_runs(results: Sequence[Result]) -> list[Run]:
    """Put results that belong together into runs, in the order in which they come.

    Parameters
    ----------
    results : sequence of Result

    Returns
    -------
    list of Run

    Raises
    ------
    InputError
        If there is no result, two have the same key, labels differ within a run, or folds or
        settings other than the seed differ within a protocol, recipe and loss.
    """
    if not results:
        raise InputError("results: found none, expected at least one")
    groups: defaultdict[tuple[str, ...], list[Result]] = defaultdict(list)
    firsts: dict[tuple[str, ...], Result] = {}
    for result in results:
        model = result.key.model
        first = firsts.setdefault(model, result)
        expect_same_settings(f"result {result.key.name}", result.settings, first)
        expect_same_folds(f"result {result.key.name}", [fold.name for fold in result.folds], first)
        groups[(*model, result.key.condition)].append(result)
    runs = []
    for members in groups.values():
        seen = set()
        for result in members:
            if (result.key.precision, result.key.seed) in seen:
                raise InputError(f"result {result.key.name}: stands there twice, expected once")
            seen.add((result.key.precision, result.key.seed))
            if result.labels != members[0].labels:
                raise InputError(
                    f"result {result.key.name}: labels are {', '.join(result.labels)}, expected "
                    f"{', '.join(members[0].labels)} as in {members[0].key.name}"
                )
        runs.append(Run(tuple(sorted(members, key=_order))))
    return runs


def condition_scores(runs: Sequence[Run]) -> dict[tuple[str, str, str, str], dict[str, float]]:
    """Return the UA of each model under each condition.

    Returns
    -------
    dict of (recipe, protocol, loss, precision) to dict of str to float
        Averaged over the seeds that the model has under all of its conditions, for others
        do not compare; without models that were scored on clean audio alone.
    """
    found: defaultdict[tuple[str, str, str, str], dict[str, dict[int, float]]] = defaultdict(dict)
    for run in runs:
        for precision in run.precisions:
            model = (run.key.recipe, run.key.protocol, run.key.loss, precision)
            found[model][run.condition] = {r.key.seed: r.ua for r in run.seeds(precision)}
    scores = {}
    for model, conditions in found.items():
        if conditions.keys() == {CLEAN}:
            continue
        shared = set.intersection(*(set(seeds) for seeds in conditions.values()))
        if not shared:
            raise InputError(
                f"results of {', '.join(model)}: found no seed that is there under all of "
                f"{', '.join(conditions)}, expected one to compare them by"
            )
        scores[model] = {
            name: float(np.mean([ua for seed, ua in seeds.items() if seed in shared]))
            for name, seeds in conditions.items()
        }
    return scores


def _order(result: Result) -> tuple[int, str, int]:
    place = PRECISIONS.index(result.key.precision) if result.key.precision in PRECISIONS else 99
    return place, result.key.precision, result.key.seed
