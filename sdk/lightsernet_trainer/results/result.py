"""What a cross-validation gave: every clip's posteriors, kept so that anybody can recompute."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix

from lightsernet_edge.errors import InputError

from ..configuration import TrainingConfiguration
from ..training.evaluation import Scores, score
from .bootstrap import Interval, intervals

_POSTERIOR_DIGITS = 5
_HISTORY_DIGITS = 6
# An int8 softmax rounds each posterior to a step of 1/256.
_INT8_STEP = 1.0 / 256.0
# Clips of a speaker, about half a minute, after which a model that adapts as it hears is
# scored apart.
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
        In label order, each in 0..1; rounded to five digits on construction, so that scores
        are the same before and after the file.
    order : int or None
        Which of several orders the speaker's clips were heard in, from 0; None where the
        order makes no difference.
    heard : int or None
        How many clips of the speaker had been heard before in that order.
    place : int or None
        The clip's place among those held out in the fold, from 0: it tells clips of one
        file, or of one name in several folders, apart. None where names do.

    Raises
    ------
    InputError
        If the name is a path, or the posteriors are none.
    """

    file: str
    speaker: str
    fold: str
    truth: str
    posteriors: tuple[float, ...]
    order: int | None = None
    heard: int | None = None
    place: int | None = None

    @property
    def key(self) -> tuple[str, str, int | None]:
        """What tells the clip from others, the same in every order, precision and seed."""
        return self.file, self.fold, self.place

    def __post_init__(self) -> None:
        if not self.file or "/" in self.file or "\\" in self.file:
            raise InputError(f"file: found {self.file!r}, expected a file's name without folders")
        rounded = tuple(round(float(value), _POSTERIOR_DIGITS) for value in self.posteriors)
        if not all(0.0 <= value <= 1.0 for value in rounded):
            raise InputError(f"{self.file}: found posteriors {rounded}, expected each in 0..1")
        # Half a step each, and what rounding adds.
        slack = len(rounded) * _INT8_STEP / 2 + 1e-3
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
        How many were trained.
    chosen_epoch : int
        The one whose weights gave the posteriors, from 1; 0 if nothing was trained.
    history : tuple of dict
        ``loss``, ``accuracy``, ``learning_rate``, ``seconds`` of each epoch, and what else
        was noted (``test_wa``, ``test_loss``); six significant digits.

    Raises
    ------
    InputError
        If the epochs do not go together.
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
            {name: _significant(value) for name, value in entry.items()} for entry in self.history
        )
        object.__setattr__(self, "history", history)


@dataclass(frozen=True)
class Result:
    """One protocol, recipe, precision and seed: scores, and the clips they come from.

    Attributes
    ----------
    protocol : str
        A key of `protocols.PROTOCOLS`, or what was held out in words.
    recipe, loss, precision : str
    seed : int
    command : str
        What makes the file.
    versions : dict of str to str
    labels : tuple of str
        In the model's order.
    configuration : dict
        The training configuration as JSON values.
    ua, wa, f1 : float
        Pooled over all clips, in 0..1; see `lightsernet_trainer.training.evaluation.Scores`.
    ua_interval, wa_interval, f1_interval : tuple of float or None
        95 % bootstrap over speakers; None with less than two speakers.
    clip_intervals : dict of str to tuple of float, or None
        The same over clips, by score, where a speaker is in more than one fold: there the
        speakers of the test are no strangers. None otherwise.
    clips : tuple of ClipResult
    folds : tuple of FoldResult
    condition : str or None
        What the audio went through before the front end, as in `conditions`; None for
        nothing.

    Raises
    ------
    InputError
        If clips, folds and labels do not go together.
    """

    protocol: str
    recipe: str
    loss: str
    precision: str
    seed: int
    command: str
    versions: dict[str, str]
    labels: tuple[str, ...]
    configuration: dict[str, Any]
    ua: float
    wa: float
    f1: float
    ua_interval: Interval | None
    wa_interval: Interval | None
    f1_interval: Interval | None
    clip_intervals: dict[str, Interval] | None
    clips: tuple[ClipResult, ...]
    folds: tuple[FoldResult, ...]
    condition: str | None = None

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
            if len(clip.posteriors) != len(self.labels):
                raise InputError(
                    f"{clip.file}: found {len(clip.posteriors)} posteriors, expected "
                    f"{len(self.labels)}"
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

    @classmethod
    def from_clips(
        cls,
        *,
        protocol: str,
        recipe: str,
        loss: str,
        precision: str,
        seed: int,
        command: str,
        versions: Mapping[str, str],
        labels: Sequence[str],
        configuration: Mapping[str, Any],
        clips: Sequence[ClipResult],
        folds: Sequence[FoldResult],
        condition: str | None = None,
    ) -> Result:
        """Make a result, its scores and intervals computed from its clips."""
        unscored = cls(
            protocol, recipe, loss, precision, seed, command, dict(versions), tuple(labels),
            dict(configuration), 0.0, 0.0, 0.0, None, None, None, None,
            tuple(clips), tuple(folds), condition,
        )  # fmt: skip
        scores = pooled(unscored)
        speakers = bootstrap(unscored, "speakers") or {}
        return dataclasses.replace(
            unscored,
            ua=scores.ua,
            wa=scores.wa,
            f1=scores.f1,
            ua_interval=speakers.get("ua"),
            wa_interval=speakers.get("wa"),
            f1_interval=speakers.get("f1"),
            clip_intervals=bootstrap(unscored, "clips") if mixes_speakers(unscored) else None,
        )

    @property
    def name(self) -> str:
        """The file's name without its ending: what tells this result from others."""
        return result_name(
            self.protocol, self.recipe, self.loss, self.precision, self.seed, self.condition
        )

    @property
    def n_clips(self) -> int:
        """How many clips were scored, each counted once whatever the number of orders."""
        return len({clip.key for clip in self.clips})

    @property
    def intervals(self) -> dict[str, Interval] | None:
        """The 95 % intervals by score: over clips where folds mix speakers, else over speakers."""
        if self.clip_intervals is not None:
            return self.clip_intervals
        if self.ua_interval is None or self.wa_interval is None or self.f1_interval is None:
            return None
        return {"ua": self.ua_interval, "wa": self.wa_interval, "f1": self.f1_interval}

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
            raise InputError(f"result {self.name}: {error}") from None
        return dataclasses.replace(configuration, seed=0)


def result_name(
    protocol: str, recipe: str, loss: str, precision: str, seed: int, condition: str | None
) -> str:
    """Return a result's name: what tells it from others, as a file's name without ending."""
    words = "-".join([protocol, recipe, loss, precision, f"seed{seed}"])
    words += f"-{condition}" if condition else ""
    return "".join(letter if letter.isalnum() or letter in "-._" else "_" for letter in words)


def posteriors(result: Result) -> NDArray[np.float64]:
    """Return the posteriors of all clips, shape (n_clips, n_labels)."""
    return np.array([clip.posteriors for clip in result.clips], dtype=np.float64)


def predicted(result: Result) -> list[str]:
    """Return the most probable label of each clip; of equal ones the first in label order."""
    return [result.labels[i] for i in posteriors(result).argmax(axis=1)]


def pooled(result: Result, speakers: Sequence[str] | None = None) -> Scores:
    """Score all clips together, or those of some speakers.

    Raises
    ------
    InputError
        If a speaker has no clip.
    """
    if speakers is None:
        return _score(result, range(len(result.clips)))
    known = {clip.speaker for clip in result.clips}
    for speaker in speakers:
        if speaker not in known:
            raise InputError(f"speaker {speaker!r} is none of {', '.join(sorted(known))}")
    return _score(result, [i for i, c in enumerate(result.clips) if c.speaker in speakers])


def after_hearing(result: Result) -> Scores | None:
    """Score what was said after `ADAPTED_AFTER` clips of the speaker; None if that is unknown."""
    later = [
        i for i, c in enumerate(result.clips) if c.heard is not None and c.heard >= ADAPTED_AFTER
    ]
    return _score(result, later) if later else None


def mixes_speakers(result: Result) -> bool:
    """Tell whether a speaker's clips are tested in more than one fold.

    Then the models of those folds were trained on other clips of that speaker.
    """
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
        What is drawn with replacement. Speakers, each with all their clips: what another set
        of speakers could have given. Clips (a clip's several orders go together): what other
        clips of these speakers could have given, which is narrower.
    seed : int

    Returns
    -------
    dict of str to tuple of float, or None
        ``(low, high)`` of ``ua``, ``wa`` and ``f1``; None if there is only one to draw from.
        A class that a draw leaves without clips does not count in its UA.
    """
    keys = [(clip.speaker,) if over == "speakers" else clip.key for clip in result.clips]
    groups = {key: i for i, key in enumerate(sorted(set(keys)))}
    if len(groups) < 2:
        return None
    truth = np.array([result.labels.index(clip.truth) for clip in result.clips])
    choice = posteriors(result).argmax(axis=1)
    counts = np.zeros((len(groups), len(result.labels), len(result.labels)))
    np.add.at(counts, (np.array([groups[key] for key in keys]), truth, choice), 1)
    return intervals(counts, seed)


def confusion(result: Result) -> NDArray[np.int64]:
    """Return the confusion matrix of all clips: rows the truth, in label order."""
    truth = [clip.truth for clip in result.clips]
    counts = confusion_matrix(truth, predicted(result), labels=list(result.labels))
    return np.asarray(counts, dtype=np.int64)


def _score(result: Result, chosen: Sequence[int]) -> Scores:
    clips = [result.clips[i] for i in chosen]
    labels = predicted(result)
    return score(
        [clip.truth for clip in clips],
        [labels[i] for i in chosen],
        [clip.speaker for clip in clips],
        result.labels,
    )


def _significant(value: float) -> float:
    return float(f"{value:.{_HISTORY_DIGITS}g}")
