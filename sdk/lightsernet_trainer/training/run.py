"""A training run: from a split corpus to three scored model files."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console

from lightsernet_edge import EmotionRecognizer, ModelFile
from lightsernet_edge.model.file import write_model
from lightsernet_edge.model.record import PRECISIONS, Score

from ..conditions.noise import Noises
from ..configuration import TrainingConfiguration
from ..datasets.clip import Clip, Corpus
from ..datasets.splits import Split, warn_of_flattery
from ..draws.limits import DrawLimits
from ..draws.makers import making
from ..network import backend
from ..output_folder import output_folder
from ..results.scores import Scores
from .checkpoint import Checkpoint, discard, run_facts
from .evaluation import evaluate
from .feature_store import FeatureStore
from .teacher import expect_allowed

if TYPE_CHECKING:
    import keras

    from .training_set import TrainingSet


@dataclass(frozen=True)
class TrainingResult:
    """What a run gave.

    Attributes
    ----------
    models : dict of str to ModelFile
        By precision.
    scores : dict of str to Scores
        On the clips held out, by precision; empty if none were.
    agreement : float or None
        Share of those clips, in 0..1, on which int8 and float32 give the same label.
    history : list of dict
        ``epoch`` (from 1), ``loss``, ``accuracy``, ``learning_rate`` and ``seconds`` of
        each epoch.
    """

    models: dict[str, ModelFile]
    scores: dict[str, Scores]
    agreement: float | None
    history: list[dict[str, float]]


def train(
    corpus: Corpus,
    split: Split,
    configuration: TrainingConfiguration,
    out: Path,
    *,
    noises: Noises | None = None,
    cache: str = "disk",
    draw_limits: DrawLimits | None = None,
    ordinary: Sequence[Clip] = (),
    teacher: ModelFile | None = None,
    restart: bool = False,
    verbosity: int = 0,
    console: Console | None = None,
) -> TrainingResult:
    """Train, or go on where a run stopped; convert to all precisions; score what was held out.

    Parameters
    ----------
    corpus, split : Corpus and Split
        The clips held out are used for the score alone.
    configuration : TrainingConfiguration
    out : Path
        Gets ``PRECISION.tflite``, and the folder ``run`` with what an interrupted run needs.
    noises : dict of str to ndarray, optional
        From `lightsernet_trainer.conditions.read_noises`, for variants and draws.
    cache : {"disk", "memory", "none"}
        Where features are kept; ``disk`` is the folder ``run``.
    draw_limits : DrawLimits, optional
        What draws may take there, and how many processes make them.
    ordinary : sequence of Clip
        Speech without an emotion to speak of, if the configuration has an output for it.
    teacher : ModelFile, optional
        Whose answers are learned as well; refused as `teacher.expect_allowed` says.
    restart : bool
        Whether to throw away the run that `out` holds.
    verbosity, console : {0, 1, 2} and rich.console.Console, optional
        0 quiet, 1 a progress bar, 2 also a line per epoch; and where: nowhere by default.

    Raises
    ------
    InputError
        If `out` holds another run, or one is at work; no such cache, recipe, condition or room.
    AudioError
        If a clip cannot be read or is too short; nothing is written then.
    MissingDependencyError
        If TensorFlow is not installed.
    """
    console, limits = console or Console(quiet=True), draw_limits or DrawLimits()
    run = out / "run"
    store = FeatureStore.of(configuration, cache, run / "features", noises)
    expect_allowed(teacher, split, corpus.labels)
    facts = run_facts(corpus, split, configuration, noises, teacher)
    with output_folder(out):
        checkpoint = _checkpoint(run, facts, restart, lambda: _read(store, split, limits, console))
        with making(store.draws, split.train, limits):
            data = _training_set(store, corpus, split, configuration, ordinary, teacher, console)
            fitted, history = _fit(data, corpus, configuration, checkpoint, out, verbosity, console)
        models = _converted(fitted, corpus, data, configuration, out, console)
        return _scored(models, split, history, console)


def _read(store: FeatureStore, split: Split, limits: DrawLimits, console: Console) -> None:
    """Read all clips, make sure that there is room for their draws, and look for twins."""
    store.load(split.clips, console)
    store.expect_room(split.train, limits)
    warn_of_flattery(split)


def _training_set(
    store: FeatureStore,
    corpus: Corpus,
    split: Split,
    configuration: TrainingConfiguration,
    ordinary: Sequence[Clip],
    teacher: ModelFile | None,
    console: Console,
) -> TrainingSet:
    from .training_set import TrainingSet

    store.load_first_draws(split.train, console)
    return TrainingSet.of(store, split.train, corpus.labels, configuration, ordinary, teacher)


def _fit(
    data: TrainingSet,
    corpus: Corpus,
    configuration: TrainingConfiguration,
    checkpoint: Checkpoint,
    out: Path,
    verbosity: int,
    console: Console,
) -> tuple[keras.Model, list[dict[str, float]]]:
    """Return the network and its history."""
    with console.status("loading Keras"):
        backend.start()
    from .fitting import fit
    from .sealing import expect_sealable

    expect_sealable(corpus, data, out)
    return fit(data, configuration, checkpoint, verbosity=verbosity, console=console)


def _converted(
    network: keras.Model,
    corpus: Corpus,
    data: TrainingSet,
    configuration: TrainingConfiguration,
    out: Path,
    console: Console,
) -> dict[str, ModelFile]:
    from .sealing import convert_and_seal

    with console.status("converting"):
        return convert_and_seal(network, corpus, data, configuration, PRECISIONS, out)


def _checkpoint(
    folder: Path, facts: dict[str, Any], restart: bool, read_clips: Callable[[], None]
) -> Checkpoint:
    """Return the checkpoint of a run whose clips can all be read.

    They are read before anything is written or thrown away, and before Keras is
    imported, which takes seconds.
    """
    if not restart:
        checkpoint = Checkpoint(folder, facts)
        read_clips()
        return checkpoint
    read_clips()
    discard(folder)
    return Checkpoint(folder, facts)


def _scored(
    models: Mapping[str, ModelFile],
    split: Split,
    history: list[dict[str, float]],
    console: Console,
) -> TrainingResult:
    """Score the models on what was held out, and write the scores into their records."""
    if not split.test:
        return TrainingResult(dict(models), {}, None, history)
    scored: dict[str, ModelFile] = {}
    scores: dict[str, Scores] = {}
    predictions: dict[str, list[str]] = {}
    for precision, model in models.items():
        recognizer = EmotionRecognizer(model.path)
        found, predictions[precision] = evaluate(recognizer, split.test, console)
        score = Score(split.protocol, precision, found.ua, found.wa, found.f1, found.clips)
        record = dataclasses.replace(model.record, scores=(score,))
        scored[precision] = write_model(model.path, model.model, record)
        scores[precision] = found
    agreement = float(np.mean(np.equal(predictions["int8"], predictions["float32"])))
    return TrainingResult(scored, scores, agreement, history)
