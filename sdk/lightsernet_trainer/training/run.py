"""A training run: from a split corpus to three scored model files."""

from __future__ import annotations

import dataclasses
import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import keras
import numpy as np
from rich.console import Console

from lightsernet_edge import EmotionRecognizer, ModelFile, ModelRecord, __version__
from lightsernet_edge.features import FeatureSpec
from lightsernet_edge.model.file import write_model
from lightsernet_edge.model.record import PRECISIONS, Score, TrainingData

from ..configuration import TrainingConfiguration
from ..datasets.clip import Corpus
from ..datasets.splits import Split
from ..network.conversion_process import convert_to
from .checkpoint import Checkpoint
from .evaluation import Scores, evaluate
from .feature_store import FeatureStore
from .fitting import calibration_rows, fit, fitted_spec
from .neutral_reference import with_neutral_reference


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
        Share of those clips on which int8 and float32 give the same label.
    history : list of dict
        ``loss``, ``accuracy``, ``learning_rate`` and ``seconds`` of each epoch.
    """

    models: dict[str, ModelFile]
    scores: dict[str, Scores]
    agreement: float | None
    history: list[dict[str, float]]


def train(
    corpus: Corpus,
    split: Split,
    configuration: TrainingConfiguration,
    store: FeatureStore,
    checkpoint: Checkpoint,
    out: Path,
    *,
    verbosity: int = 1,
    console: Console,
) -> TrainingResult:
    """Train, convert to all precisions and score each on the clips held out.

    An interrupted run goes on where it stopped when it is called again with
    the same arguments. The clips held out are used for the score alone.

    Parameters
    ----------
    corpus : Corpus
    split : Split
        Of that corpus.
    configuration : TrainingConfiguration
    store : FeatureStore
        Of the configuration's front end.
    checkpoint : Checkpoint
        Of this run; in the folder ``run`` of `out`.
    out : Path
        Gets ``float32.tflite``, ``float16.tflite`` and ``int8.tflite``.
    verbosity : int
        0 quiet, 1 a progress bar, 2 also a line an epoch.
    console : rich.console.Console
        Where progress is shown.

    Raises
    ------
    InputError
        If the configuration is wrong, a clip cannot be read, or `out` holds
        another run.
    """
    spec = fitted_spec(configuration, store, split.train)
    network, history = fit(
        store,
        spec,
        split.train,
        corpus.labels,
        configuration,
        checkpoint,
        verbosity=verbosity,
        console=console,
    )
    calibration = calibration_rows(store, spec, split.train, network.input_shape[1])
    record = record_of(corpus, split, spec)
    models: dict[str, ModelFile] = {}
    scores: dict[str, Scores] = {}
    predictions: dict[str, list[str]] = {}
    with console.status("converting"):
        flatbuffers = convert_to(network, configuration.width, PRECISIONS, calibration)
    for precision, flatbuffer in flatbuffers.items():
        path = out / f"{precision}.tflite"
        known = with_neutral_reference(record, flatbuffer, store, split.train, configuration.seed)
        models[precision] = write_model(path, flatbuffer, known)
        if split.test:
            recognizer = EmotionRecognizer(path)
            scores[precision], predictions[precision] = evaluate(recognizer, split.test, console)
            scored = dataclasses.replace(
                known, scores=(_score(split, precision, scores[precision]),)
            )
            models[precision] = write_model(path, flatbuffer, scored)
    agreement = None
    if split.test:
        same = np.equal(predictions["int8"], predictions["float32"])
        agreement = float(np.mean(same))
    return TrainingResult(models, scores, agreement, history)


def _score(split: Split, precision: str, scores: Scores) -> Score:
    return Score(split.protocol, precision, scores.ua, scores.wa, scores.f1, scores.clips)


def record_of(corpus: Corpus, split: Split, spec: FeatureSpec) -> ModelRecord:
    """Return the record of a model trained on a split, not yet scored."""
    return ModelRecord(
        labels=corpus.labels,
        features=spec,
        data=TrainingData(
            name=corpus.name,
            licence=corpus.licence,
            source=corpus.source,
            clips=len(split.train),
            speakers=tuple(sorted({clip.speaker for clip in split.train} - {""})),
        ),
        tools=tool_versions(),
    )


def tool_versions() -> dict[str, str]:
    """Return the versions of what trains and converts, the backend among them."""
    names = {"keras", "tensorflow", "numpy", keras.backend.backend()}
    return {
        "lightsernet-edge": __version__,
        **{name: version(name) for name in sorted(names)},
        "python": platform.python_version(),
    }
