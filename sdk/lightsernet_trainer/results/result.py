"""What a cross-validation gave: every clip's posteriors, from which all scores are computed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.errors import InputError

from ..configuration import TrainingConfiguration
from .bootstrap import Interval, intervals
from .key import ResultKey
from .scores import Scores, score

POSTERIOR_DIGITS = 5
_HISTORY_DIGITS = 6
# An int8 softmax rounds each posterior to a step of 1/256.
INT8_STEPS = 256
# Clips of a speaker, about half a minute of speech, after which a model that adapts to the
# speaker is scored apart.
ADAPTED_AFTER = 10


@dataclass(frozen=True)
class ClipResult:
    """What a model said of a clip that it was not trained on.

    Attributes
    ----------
    file : str
        The file's name, without folders.
    speaker : str
        Empty where not known.
    fold : str
        Name of the fold whose model said it.
    truth : str
        The clip's label.
    posteriors : tuple of float
        In label order, each in 0..1, the last maybe of what is none of the labels; rounded to
        five digits on construction, so that scores are the same before and after the file.
    order : int or None
        Number, from 0, of the order of the speaker's clips; None where it makes no difference.
    preceding : int or None
        Number of the speaker's clips before this one, to which the model had adapted.
    place : int or None
        Number of the clip, from 0, among those held out in the fold: it tells apart clips of
        one name. None where the names do.

    Raises
    ------
    InputError
        If the name is a path, or the posteriors are no distribution.
    """

    file: str
    speaker: str
    fold: str
    truth: str
    posteriors: tuple[float, ...]
    order: int | None = None
    preceding: int | None = None
    place: int | None = None

    @property
    def key(self) -> tuple[str, str, int | None]:
        """File, fold and place: the same in every order, precision, seed and condition."""
        return self.file, self.fold, self.place

    def __post_init__(self) -> None:
        if not self.file or "/" in self.file or "\\" in self.file:
            raise InputError(f"file: found {self.file!r}, expected a file's name without folders")
        rounded = tuple(round(float(value), POSTERIOR_DIGITS) for value in self.posteriors)
        if not all(0.0 <= value <= 1.0 for value in rounded):
            raise InputError(f"{self.file}: found posteriors {rounded}, expected each in 0..1")
        # Half a step each, and what rounding adds.
        slack = len(rounded) / INT8_STEPS / 2 + 1e-3
        if abs(sum(rounded) - 1.0) > slack:
            raise InputError(f"{self.file}: posteriors sum to {sum(rounded):.4f}, expected 1")
        object.__setattr__(self, "posteriors", rounded)


@dataclass(frozen=True)
class FoldResult:
    """How a fold was trained.

    Attributes
    ----------
    name : str
        Under ``loso`` the speaker held out.
    train_clips, test_clips : int
        Number of clips trained on, and scored (in each order).
    epochs : int
        Number of epochs trained.
    chosen_epoch : int
        The epoch whose weights gave the posteriors, from 1; 0 if nothing was trained.
    history : tuple of dict
        ``loss``, ``accuracy``, ``learning_rate``, ``seconds`` of each epoch, under
        ``published`` also ``test_wa`` and ``test_loss``. Six significant digits; no ``epoch``.

    Raises
    ------
    InputError
        If the epochs do not go together, or differ in what they hold.
    """

    name: str
    train_clips: int
    test_clips: int
    epochs: int
    chosen_epoch: int
    history: tuple[dict[str, float], ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.chosen_epoch <= self.epochs:
            raise InputError(
                f"fold {self.name}: chosen_epoch is {self.chosen_epoch}, expected 0..{self.epochs}"
            )
        history = tuple(
            {name: _significant(value) for name, value in entry.items() if name != "epoch"}
            for entry in self.history
        )
        for number, entry in enumerate(history, start=1):
            if entry.keys() != history[0].keys():
                raise InputError(
                    f"fold {self.name}: epoch {number} has {', '.join(entry)}, expected "
                    f"{', '.join(history[0])} as epoch 1"
                )
        object.__setattr__(self, "history", history)


@dataclass(frozen=True)
class Result:
    """What one protocol, recipe, loss, precision, seed and condition gave.

    Attributes
    ----------
    key : ResultKey
    command : str
        What makes the result.
    versions : dict of str to str
        Of the packages that made it, by name.
    labels : tuple of str
        In the model's order.
    configuration : dict
        The training configuration as JSON values.
    clips : tuple of ClipResult
    folds : tuple of FoldResult

    Raises
    ------
    InputError
        If clips, folds and labels do not go together.
    """

    key: ResultKey
    command: str
    versions: dict[str, str]
    labels: tuple[str, ...]
    configuration: dict[str, Any]
    clips: tuple[ClipResult, ...]
    folds: tuple[FoldResult, ...]

    def __post_init__(self) -> None:
        if not self.clips:
            raise InputError("clips: found none, expected at least one")
        names = [fold.name for fold in self.folds]
        if len(set(names)) < len(names):
            raise InputError(f"folds: found {', '.join(names)}, expected each name once")
        for clip in self.clips:
            if clip.truth not in self.labels:
                raise InputError(
                    f"{clip.file}: truth is {clip.truth!r}, expected one of "
                    f"{', '.join(self.labels)}"
                )
            expected = n_outputs(self.labels, self.configuration)
            if len(clip.posteriors) != expected:
                raise InputError(
                    f"{clip.file}: found {len(clip.posteriors)} posteriors, expected {expected}"
                )
            if clip.fold not in names:
                raise InputError(f"{clip.file}: fold {clip.fold!r} is none of {', '.join(names)}")
        for fold in self.folds:
            mine = [clip for clip in self.clips if clip.fold == fold.name]
            orders = len({clip.order for clip in mine})
            if len(mine) != fold.test_clips * max(orders, 1):
                raise InputError(
                    f"fold {fold.name}: found {len(mine)} clips, expected test_clips "
                    f"{fold.test_clips} in each of {orders} orders"
                )

    @cached_property
    def scores(self) -> Scores:
        """Scores pooled over all clips."""
        return score_of(self, range(len(self.clips)))

    @property
    def ua(self) -> float:
        """Unweighted accuracy over all clips, in 0..1."""
        return self.scores.ua

    @property
    def wa(self) -> float:
        """Accuracy over all clips, in 0..1."""
        return self.scores.wa

    @property
    def f1(self) -> float:
        """F1 over all clips, weighted by class, in 0..1."""
        return self.scores.f1

    @cached_property
    def speaker_intervals(self) -> dict[str, Interval] | None:
        """95 % intervals of the scores by `bootstrap` over speakers."""
        return bootstrap(self, "speakers")

    @cached_property
    def clip_intervals(self) -> dict[str, Interval] | None:
        """95 % intervals by `bootstrap` over clips; None unless folds mix speakers."""
        return bootstrap(self, "clips") if mixes_speakers(self) else None

    @property
    def intervals(self) -> dict[str, Interval] | None:
        """The 95 % intervals by score: over clips where folds mix speakers, else over speakers."""
        return self.clip_intervals or self.speaker_intervals

    @property
    def n_clips(self) -> int:
        """Number of clips scored, each counted once whatever the number of orders."""
        return len({clip.key for clip in self.clips})

    @property
    def settings(self) -> TrainingConfiguration:
        """The training configuration, its seed left out: what members of a run share.

        Raises
        ------
        InputError
            If the configuration is none.
        """
        try:
            configuration = TrainingConfiguration.from_json(self.configuration)
        except (InputError, TypeError) as error:
            raise InputError(f"result {self.key.name}: {error}") from None
        return dataclasses.replace(configuration, seed=0)


def n_outputs(labels: Sequence[str], configuration: Mapping[str, Any]) -> int:
    """Return the number of outputs of a model that a configuration trained."""
    return len(labels) + bool(configuration.get("outlier_output", False))


def outputs(result: Result) -> NDArray[np.float64]:
    """Return what the models gave for all clips, shape (n_clips, n_outputs)."""
    return np.array([clip.posteriors for clip in result.clips], dtype=np.float64)


def posteriors(result: Result) -> NDArray[np.float64]:
    """Return the labels' posteriors of all clips, shape (n_clips, n_labels)."""
    return outputs(result)[:, : len(result.labels)]


def truth(result: Result) -> NDArray[np.int64]:
    """Return the true labels of all clips as places in label order, shape (n_clips,)."""
    return np.array([result.labels.index(clip.truth) for clip in result.clips], dtype=np.int64)


def predicted(result: Result) -> list[str]:
    """Return the most probable label of each clip; of equal ones the first in label order."""
    return [result.labels[i] for i in posteriors(result).argmax(axis=1)]


def pooled(result: Result, speakers: Sequence[str]) -> Scores:
    """Score the clips of some speakers together.

    Raises
    ------
    InputError
        If a speaker has no clip.
    """
    known = {clip.speaker for clip in result.clips}
    for speaker in speakers:
        if speaker not in known:
            raise InputError(f"speaker {speaker!r} is none of {', '.join(sorted(known))}")
    return score_of(result, [i for i, c in enumerate(result.clips) if c.speaker in speakers])


def adapted_scores(result: Result) -> Scores | None:
    """Score the clips that at least `ADAPTED_AFTER` of the speaker's preceded; None without any."""
    later = [i for i, c in enumerate(result.clips) if (c.preceding or 0) >= ADAPTED_AFTER]
    return score_of(result, later) if later else None


def score_of(result: Result, chosen: Sequence[int]) -> Scores:
    """Score the clips at some places of `result.clips`; at least one."""
    clips = [result.clips[i] for i in chosen]
    labels = predicted(result)
    return score(
        [clip.truth for clip in clips],
        [labels[i] for i in chosen],
        [clip.speaker for clip in clips],
        result.labels,
    )


def mixes_speakers(result: Result) -> bool:
    """Tell whether folds were tested on speakers whose other clips trained their models."""
    folds: dict[str, set[str]] = {}
    for clip in result.clips:
        folds.setdefault(clip.speaker, set()).add(clip.fold)
    return any(len(names) > 1 for names in folds.values())


def bootstrap(result: Result, over: str = "speakers", seed: int = 0) -> dict[str, Interval] | None:
    """Return 95 % percentile intervals of the pooled scores (Efron 1979).

    Parameters
    ----------
    result : Result
    over : {"speakers", "clips"}
        What is drawn with replacement: speakers with all their clips, as other speakers might
        have been; or clips (a clip's orders go together), which is narrower.
    seed : int

    Returns
    -------
    dict of str to tuple of float, or None
        ``(low, high)`` of ``ua``, ``wa`` and ``f1``, in 0..1; None if there is only one to
        draw from. A class without clips in a draw does not count in its UA.
    """
    keys = [(clip.speaker,) if over == "speakers" else clip.key for clip in result.clips]
    groups = {key: i for i, key in enumerate(sorted(set(keys)))}
    if len(groups) < 2:
        return None
    group = np.array([groups[key] for key in keys])
    choice = posteriors(result).argmax(axis=1)
    counts = np.zeros((len(groups), len(result.labels), len(result.labels)))
    np.add.at(counts, (group, truth(result), choice), 1)
    return intervals(counts, seed)


def _significant(value: float) -> float:
    return float(f"{value:.{_HISTORY_DIGITS}g}")
