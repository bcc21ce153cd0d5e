"""From a trained network to model files: converted, and sealed with the record of its training."""

from __future__ import annotations

import platform
import tempfile
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from lightsernet_edge import ModelFile, ModelRecord, __version__
from lightsernet_edge.errors import InputError
from lightsernet_edge.model.file import write_model
from lightsernet_edge.model.record import TrainingData

from ..configuration import TrainingConfiguration
from ..datasets.clip import Corpus
from ..network.conversion_process import convert_to
from .neutral_reference import with_neutral_reference
from .training_set import TrainingSet

if TYPE_CHECKING:
    import keras


def convert_and_seal(
    network: keras.Model,
    corpus: Corpus,
    data: TrainingSet,
    configuration: TrainingConfiguration,
    precisions: Sequence[str],
    folder: Path,
) -> dict[str, ModelFile]:
    """Write a network as TFLite models, each with its record, not yet scored.

    Parameters
    ----------
    network : keras.Model
        That `fitting.fit` gave for the same data and configuration.
    corpus : Corpus
        Which the data is part of: its name, licence and source go into the record.
    data : TrainingSet
    configuration : TrainingConfiguration
    precisions : sequence of str
        Some of `lightsernet_edge.model.record.PRECISIONS`.
    folder : Path
        Exists; gets ``PRECISION.tflite``, each whole or not at all.

    Returns
    -------
    dict of str to ModelFile
        By precision.

    Raises
    ------
    MissingDependencyError
        If TensorFlow is not installed.
    LightSernetError
        If a conversion fails, or a file cannot be written.
    """
    if configuration.logit_adjustment:
        from ..network.logit_adjustment import with_adjusted_logits

        counts = Counter(clip.label for clip in data.clips)
        # A label of one speaker alone has no clip where that speaker is held out.
        shares = [max(counts[label], 1) / len(data.clips) for label in data.labels]
        network = with_adjusted_logits(
            network, configuration.width, shares, configuration.logit_adjustment
        )
    if data.ordinary:
        from .outlier_output import with_outlier_output

        network = with_outlier_output(network, data, configuration)
    rows = data.representative_rows(network.input_shape[1])
    record = _record(corpus, data)
    models = {}
    for precision, flatbuffer in convert_to(network, configuration.width, precisions, rows).items():
        sealed = with_neutral_reference(
            record, flatbuffer, data.store, data.clips, configuration.seed
        )
        models[precision] = write_model(folder / f"{precision}.tflite", flatbuffer, sealed)
    return models


def expect_sealable(corpus: Corpus, data: TrainingSet, folder: Path) -> None:
    """Try before training what sealing does after it: the record, and the place to write to.

    Parameters
    ----------
    corpus : Corpus
        As for `convert_and_seal`.
    data : TrainingSet
    folder : Path
        Is made if it does not exist.

    Raises
    ------
    InputError
        If the record cannot hold something, or nothing can be written to the folder.
    """
    _record(corpus, data).to_bytes()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(f"{folder}: cannot be written to ({error.strerror})") from None


def _record(corpus: Corpus, data: TrainingSet) -> ModelRecord:
    return ModelRecord(
        labels=data.labels,
        features=data.spec,
        data=TrainingData(
            name=corpus.name,
            licence=corpus.licence,
            source=corpus.source,
            clips=len(data.clips),
            speakers=tuple(sorted({clip.speaker for clip in data.clips} - {""})),
        ),
        tools=_tool_versions(),
        other_output=bool(data.ordinary),
    )


def _tool_versions() -> dict[str, str]:
    """Return the versions of what trains and converts, the backend among them."""
    import keras

    names = {"keras", "tensorflow", "numpy", keras.backend.backend()}
    return {
        "lightsernet-edge": __version__,
        **{name: version(name) for name in sorted(names)},
        "python": platform.python_version(),
    }
