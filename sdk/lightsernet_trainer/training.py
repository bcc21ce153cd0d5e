"""A training run: from a split corpus to three scored model files."""

from __future__ import annotations

import dataclasses
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from lightsernet_edge import EmotionRecognizer, ModelFile, ModelRecord, __version__
from lightsernet_edge.features import FeatureSpec
from lightsernet_edge.model_file import write_model
from lightsernet_edge.model_record import Score, TrainingData

from .batches import Augmentation, CropBatches, Normaliser, fit_length
from .checkpoint import Checkpoint
from .configuration import TrainingConfiguration
from .conversion import PRECISIONS, convert
from .datasets.clip import Clip, Corpus
from .evaluation import Scores, evaluate
from .feature_store import FeatureStore, statistics
from .losses import loss_function
from .network import light_sernet
from .schedules import learning_rate_schedule
from .splits import Split

# Enough clips for stable ranges; the converter runs each of them twice.
_CALIBRATION_CLIPS = 200


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
    out : Path
        Gets ``float32.tflite``, ``float16.tflite``, ``int8.tflite`` and the
        folder ``run`` with the state of the run.
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
    spec = configuration.feature_spec()
    if configuration.standardise:
        mean, scale = statistics(store, split.train)
        spec = dataclasses.replace(spec, mean=mean, scale=scale)
    checkpoint = Checkpoint(out / "run", _facts(corpus, split, configuration))
    network, history = _fit(
        store, spec, split, corpus.labels, configuration, checkpoint, verbosity, console
    )
    calibration = _calibration_rows(store, spec, split.train, network.input_shape[1])
    record = ModelRecord(
        labels=corpus.labels,
        features=spec,
        data=TrainingData(
            name=corpus.name,
            licence=corpus.licence,
            source=corpus.source,
            clips=len(split.train),
            speakers=tuple(sorted({clip.speaker for clip in split.train} - {""})),
        ),
        tools=_tool_versions(),
    )
    models: dict[str, ModelFile] = {}
    scores: dict[str, Scores] = {}
    predictions: dict[str, list[str]] = {}
    for precision in PRECISIONS:
        path = out / f"{precision}.tflite"
        with console.status(f"converting to {precision}"):
            flatbuffer = convert(network, precision, calibration)
        models[precision] = write_model(path, flatbuffer, record)
        if split.test:
            recognizer = EmotionRecognizer(path)
            scores[precision], predictions[precision] = evaluate(recognizer, split.test, console)
            scored = dataclasses.replace(
                record, scores=(_score(split, precision, scores[precision]),)
            )
            models[precision] = write_model(path, flatbuffer, scored)
    agreement = None
    if split.test:
        same = np.equal(predictions["int8"], predictions["float32"])
        agreement = float(np.mean(same))
    return TrainingResult(models, scores, agreement, history)


def _fit(
    store: FeatureStore,
    spec: FeatureSpec,
    split: Split,
    labels: Sequence[str],
    configuration: TrainingConfiguration,
    checkpoint: Checkpoint,
    verbosity: int,
    console: Console,
) -> tuple[keras.Model, list[dict[str, float]]]:
    n_frames = spec.n_frames(int(configuration.seconds * spec.sample_rate))
    network = light_sernet(
        n_frames, spec.n_coefficients, len(labels), configuration.width, configuration.seed
    )
    batches = CropBatches(
        store,
        split.train,
        labels,
        spec,
        n_frames,
        configuration.batch_size,
        configuration.seed,
        Augmentation(configuration.time_masks, configuration.time_mask_frames, configuration.mixup),
    )
    schedule = learning_rate_schedule(
        configuration.schedule, configuration.learning_rate, configuration.epochs, len(batches)
    )
    network.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss=loss_function(configuration.loss, configuration.gamma, configuration.label_smoothing),
        metrics=["accuracy"],
        jit_compile=False,
    )
    history = checkpoint.restore(network)
    columns = (
        TextColumn("training"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=console, disable=verbosity == 0 or not console.is_terminal, transient=True
    ) as progress:
        task = progress.add_task("", total=configuration.epochs, completed=len(history))
        for epoch in range(len(history), configuration.epochs):
            history.append(fit_epoch(network, batches, epoch))
            checkpoint.save(network, history)
            line = "loss {loss:.3f} accuracy {accuracy:.3f} {seconds:.1f} s".format(**history[-1])
            progress.update(task, advance=1, description=line)
            if verbosity > 1:
                progress.console.print(f"epoch {epoch + 1}/{configuration.epochs} {line}")
    return network, history


def fit_epoch(network: keras.Model, batches: CropBatches, epoch: int) -> dict[str, float]:
    """Train a compiled network on one epoch.

    Parameters
    ----------
    network : keras.Model
        Compiled with the metric ``accuracy``.
    batches : CropBatches
    epoch : int
        Counted from 0.

    Returns
    -------
    dict
        ``epoch`` (from 1), ``loss``, ``accuracy``, ``learning_rate``, ``seconds``.
    """
    started = time.monotonic()
    totals = np.zeros(2)
    seen = 0
    for crops, targets in batches.epoch(epoch):
        network.reset_metrics()
        logs = network.train_on_batch(crops, targets, return_dict=True)
        totals += np.array([logs["loss"], logs["accuracy"]], dtype=np.float64) * len(crops)
        seen += len(crops)
    loss, accuracy = (totals / seen).tolist()
    return {
        "epoch": epoch + 1,
        "loss": loss,
        "accuracy": accuracy,
        "learning_rate": float(network.optimizer.learning_rate),
        "seconds": time.monotonic() - started,
    }


def _calibration_rows(
    store: FeatureStore, spec: FeatureSpec, clips: Sequence[Clip], n_frames: int
) -> list[NDArray[np.float32]]:
    """Return the middle of training clips that are spread evenly over the corpus."""
    normaliser = Normaliser(spec)
    chosen = np.unique(np.linspace(0, len(clips) - 1, _CALIBRATION_CLIPS).round().astype(int))
    return [
        fit_length(normaliser(store.rows(clips[i])), n_frames, normaliser.silence) for i in chosen
    ]


def _score(split: Split, precision: str, scores: Scores) -> Score:
    return Score(split.protocol, precision, scores.ua, scores.wa, scores.f1, scores.clips)


def _facts(corpus: Corpus, split: Split, configuration: TrainingConfiguration) -> dict[str, Any]:
    """Return what a run depends on: its settings, and the clips it trains on."""
    return {
        "configuration": configuration.to_json(),
        "labels": list(corpus.labels),
        "train": [[clip.path.name, clip.label, clip.start_s, clip.end_s] for clip in split.train],
        "test": [[clip.path.name, clip.label, clip.start_s, clip.end_s] for clip in split.test],
    }


def _tool_versions() -> dict[str, str]:
    import tensorflow as tf

    return {
        "lightsernet-edge": __version__,
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }
