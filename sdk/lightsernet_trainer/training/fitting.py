"""Fits a network to the training clips of a split, epoch by epoch."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import keras
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from lightsernet_edge.features import FeatureSpec

from ..configuration import TrainingConfiguration
from ..datasets.clip import Clip
from ..network.light_sernet import light_sernet
from ..network.losses import loss_function
from ..network.schedules import learning_rate_schedule
from .batch_statistics import measure_statistics
from .batches import Augmentation, CropBatches, Normaliser, fit_length
from .checkpoint import Checkpoint
from .feature_store import FeatureStore, statistics
from .weight_average import averaging_adam, take_mean

# Bound of standardised features, in deviations: rare outliers would cost all
# others int8 resolution.
_BOUND = 5.0
# Enough clips for stable ranges; the converter runs each of them twice.
_CALIBRATION_CLIPS = 200

Watch = Callable[[keras.Model, dict[str, float]], None]


def fitted_spec(
    configuration: TrainingConfiguration, store: FeatureStore, clips: Sequence[Clip]
) -> FeatureSpec:
    """Return the configuration's front end, standardised over `clips` if it asks for that."""
    spec = configuration.feature_spec()
    if not configuration.standardise:
        return spec
    mean, scale = statistics(store, clips)
    return dataclasses.replace(spec, mean=mean, scale=scale, clip_value=spec.clip_value or _BOUND)


def build_network(
    configuration: TrainingConfiguration, spec: FeatureSpec, n_labels: int
) -> keras.Model:
    """Build the untrained network of a configuration, in float32."""
    n_frames = spec.n_frames(int(configuration.seconds * spec.sample_rate))
    return light_sernet(
        n_frames, spec.n_coefficients, n_labels, configuration.width, configuration.seed
    )


def fit(
    store: FeatureStore,
    spec: FeatureSpec,
    clips: Sequence[Clip],
    labels: Sequence[str],
    configuration: TrainingConfiguration,
    checkpoint: Checkpoint,
    *,
    verbosity: int = 1,
    console: Console,
    watch: Watch | None = None,
) -> tuple[keras.Model, list[dict[str, float]]]:
    """Train a network, or go on where the checkpoint stopped.

    Parameters
    ----------
    store : FeatureStore
        Of the configuration's front end.
    spec : FeatureSpec
        As `fitted_spec` gives it.
    clips : sequence of Clip
        All that is trained on.
    labels : sequence of str
        In the model's order.
    configuration : TrainingConfiguration
    checkpoint : Checkpoint
    verbosity : int
        0 quiet, 1 a progress bar, 2 also a line an epoch.
    console : rich.console.Console
        Where progress is shown.
    watch : callable, optional
        Called after every epoch, before it is saved, with the network and the
        epoch's entry of the history, to which it may add. Where batch statistics are
        to be measured, they are those of the epoch's weights by then.

    Returns
    -------
    keras.Model
        With float32 weights, whatever it was trained in.
    list of dict
        ``epoch``, ``loss``, ``accuracy``, ``learning_rate``, ``seconds`` of each epoch.
    """
    with _precision(configuration.mixed_precision):
        network = build_network(configuration, spec, len(labels))
    batches = CropBatches(
        store,
        clips,
        labels,
        spec,
        network.input_shape[1],
        configuration.batch_size,
        configuration.seed,
        Augmentation.of(configuration),
    )
    schedule = learning_rate_schedule(
        configuration.schedule, configuration.learning_rate, configuration.epochs, len(batches)
    )
    steps = configuration.epochs * len(batches)
    network.compile(
        optimizer=averaging_adam(schedule, configuration.weight_average, steps),
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
            if watch is not None:
                if configuration.batch_statistics == "measured":
                    measure_statistics(network, batches, epoch)
                watch(network, history[-1])
            checkpoint.save(network, history)
            line = "loss {loss:.3f} accuracy {accuracy:.3f} {seconds:.1f} s".format(**history[-1])
            progress.update(task, advance=1, description=line)
            if verbosity > 1:
                progress.console.print(f"epoch {epoch + 1}/{configuration.epochs} {line}")
    if configuration.weight_average:
        take_mean(network, batches, configuration.epochs)
    elif configuration.batch_statistics == "measured":
        measure_statistics(network, batches, configuration.epochs)
    return in_float32(network, configuration, spec, len(labels)), history


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


def in_float32(
    network: keras.Model, configuration: TrainingConfiguration, spec: FeatureSpec, n_labels: int
) -> keras.Model:
    """Return a network that computes in float32 with the same weights."""
    if configuration.mixed_precision == "none":
        return network
    exact = build_network(configuration, spec, n_labels)
    exact.set_weights(network.get_weights())
    return exact


def calibration_rows(
    store: FeatureStore, spec: FeatureSpec, clips: Sequence[Clip], n_frames: int
) -> list[NDArray[np.float32]]:
    """Return the middle of training clips that are spread evenly over the corpus."""
    normaliser = Normaliser(spec)
    chosen = np.unique(np.linspace(0, len(clips) - 1, _CALIBRATION_CLIPS).round().astype(int))
    return [
        fit_length(normaliser(store.rows(clips[i])), n_frames, normaliser.silence) for i in chosen
    ]


@contextmanager
def _precision(mixed: str) -> Iterator[None]:
    """Build layers of mixed precision inside; see `keras.mixed_precision`."""
    before = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_dtype_policy("float32" if mixed == "none" else f"mixed_{mixed}")
    try:
        yield
    finally:
        keras.mixed_precision.set_dtype_policy(before)
