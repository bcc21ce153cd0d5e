"""The training of one fold: its models, of the last epoch or of the best."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from ..network import backend
from ..results.protocols import CHOOSES_EPOCH
from ..training.batches import centre_crops
from ..training.checkpoint import Checkpoint
from ..training.feature_store import FeatureStore
from .best_epoch import BestEpoch
from .fold_cache import FoldCache, TrainedFold
from .fold_job import FoldJob

if TYPE_CHECKING:
    from ..training.training_set import TrainingSet


def train_fold(job: FoldJob, cache: FoldCache) -> TrainedFold:
    """Train or go on, convert, and keep in the fold's folder that it is done.

    Parameters
    ----------
    job : FoldJob
    cache : FoldCache
        Of that job.

    Raises
    ------
    InputError
        If the folder holds another run.
    AudioError
        If a clip cannot be read or is too short.
    """
    backend.start()
    # Late: they import Keras, which that made quiet.
    from ..training.fitting import fit
    from ..training.sealing import convert_and_seal
    from ..training.training_set import TrainingSet

    configuration, split = job.configuration, job.fold.split
    quiet = Console(quiet=True)
    store = FeatureStore.of(configuration, "disk", job.cache, job.training_noises)
    store.load(split.train, quiet)
    store.load_first_draws(split.train, quiet)
    data = TrainingSet.of(
        store, split.train, job.corpus.labels, configuration, job.ordinary, job.teacher
    )
    checkpoint = Checkpoint(cache.run, cache.run_facts)
    best = None
    if job.protocol == CHOOSES_EPOCH:
        best = _best_epoch(job, data, cache.run / "best.npz", cache.facts)
        if not best.keep_for(checkpoint.history()):
            # Some epochs were trained without a look at the test fold.
            checkpoint.discard()
            best.discard()
    network, history = fit(data, configuration, checkpoint, verbosity=0, console=quiet, watch=best)
    chosen_epoch = len(history)
    if best is not None:
        chosen_epoch, weights = best.read()
        network.set_weights(weights)
    training = _digest(network.get_weights())
    cache.discard_models_but_of(training)
    models = convert_and_seal(
        network, job.corpus, data, configuration, cache.model_precisions(), cache.models
    )
    versions = dict(next(iter(models.values())).record.tools)
    trained = TrainedFold(training, versions, chosen_epoch, history)
    cache.keep_trained(trained)
    return trained


def _best_epoch(job: FoldJob, data: TrainingSet, file: Path, facts: str) -> BestEpoch:
    from ..training.fitting import build_network

    exact = build_network(job.configuration, data.spec, len(data.labels))
    test = job.fold.split.test
    rows = centre_crops(map(data.store.rows, test), data.spec, exact.input_shape[1])
    truth = np.array([data.labels.index(clip.label) for clip in test])
    return BestEpoch(file, facts, exact, np.stack(rows)[..., None], truth)


def _digest(weights: Sequence[NDArray[np.float32]]) -> str:
    digest = hashlib.sha256()
    for array in weights:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
