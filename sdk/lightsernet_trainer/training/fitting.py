"""Fits a network to the training clips of a split, epoch by epoch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import keras
import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from lightsernet_edge.features import FeatureSpec

from ..configuration import TrainingConfiguration
from ..network.light_sernet import light_sernet
from ..network.losses import loss_function
from ..network.schedules import learning_rate_schedule
from .batch_statistics import measure_statistics
from .batches import CropBatches
from .checkpoint import Checkpoint
from .training_set import TrainingSet
from .weight_average import averaging_adam, take_mean

Watch = Callable[[keras.Model, dict[str, float]], None]


def build_network(
    configuration: TrainingConfiguration, spec: FeatureSpec, n_labels: int
) -> keras.Model:
    """Build the untrained network of a configuration, in float32."""
    n_frames = spec.n_frames(int(configuration.seconds * spec.sample_rate))
    return light_sernet(
        n_frames, spec.n_coefficients, n_labels, configuration.width, configuration.seed
    )


def fit(
    data: TrainingSet,
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
    data : TrainingSet
        Made with the same configuration.
    configuration : TrainingConfiguration
    checkpoint : Checkpoint
    verbosity : {0, 1, 2}
        0 quiet, 1 a progress bar, 2 also a line per epoch.
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

    Raises
    ------
    InputError
        If the checkpoint is damaged, or of another backend of Keras.
    """
    with _precision(configuration.mixed_precision):
        network = build_network(configuration, data.spec, len(data.labels))
    batches = data.crops(configuration, network.input_shape[1])
    _compile(network, configuration, len(batches))
    measured = configuration.batch_statistics == "measured"
    history = checkpoint.restore(network)
    with _shown(configuration.epochs, len(history), verbosity, console) as show:
        for epoch in range(len(history), configuration.epochs):
            history.append(fit_epoch(network, batches, epoch))
            if watch is not None:
                if measured:
                    measure_statistics(network, batches, epoch)
                watch(network, history[-1])
            checkpoint.save(network, history)
            show(history[-1])
    if configuration.weight_average:
        take_mean(network, batches, configuration.epochs)
    elif measured:
        measure_statistics(network, batches, configuration.epochs)
    return in_float32(network, configuration, data.spec, len(data.labels)), history


def _compile(network: keras.Model, configuration: TrainingConfiguration, n_batches: int) -> None:
    """Give a network loss, optimiser and learning rates for epochs of `n_batches`."""
    schedule = learning_rate_schedule(
        configuration.schedule, configuration.learning_rate, configuration.epochs, n_batches
    )
    steps = configuration.epochs * n_batches
    network.compile(
        optimizer=averaging_adam(schedule, configuration.weight_average, steps),
        loss=loss_function(configuration.loss, configuration.gamma, configuration.label_smoothing),
        metrics=["accuracy"],
        jit_compile=False,
    )


@contextmanager
def _shown(
    epochs: int, done: int, verbosity: int, console: Console
) -> Iterator[Callable[[dict[str, float]], None]]:
    """Show progress over epochs; yield what shows that one more is done."""
    columns = (
        TextColumn("training"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        TimeRemainingColumn(),
    )
    hidden = verbosity == 0 or not console.is_terminal
    with Progress(*columns, console=console, disable=hidden, transient=True) as progress:
        task = progress.add_task("", total=epochs, completed=done)

        def show(entry: dict[str, float]) -> None:
            line = "loss {loss:.3f} accuracy {accuracy:.3f} {seconds:.1f} s".format(**entry)
            progress.update(task, advance=1, description=line)
            if verbosity > 1:
                progress.console.print(f"epoch {entry['epoch']}/{epochs} {line}")

        yield show


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
    """Return a network with the same weights that computes in float32."""
    if configuration.mixed_precision == "none":
        return network
    exact = build_network(configuration, spec, n_labels)
    exact.set_weights(network.get_weights())
    return exact


@contextmanager
def _precision(mixed: str) -> Iterator[None]:
    """Build layers of mixed precision inside; see `keras.mixed_precision`."""
    before = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_dtype_policy("float32" if mixed == "none" else f"mixed_{mixed}")
    try:
        yield
    finally:
        keras.mixed_precision.set_dtype_policy(before)
