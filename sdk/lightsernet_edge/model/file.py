"""Model files: a `.tflite` with its record inside, written and verified.

The record is a metadata entry of the flatbuffer, see `metadata`. The bytes of the model
stay unchanged: the hash covers exactly what the converter wrote, and every TFLite tool
can read the whole file.

A sidecar ``NAME.json`` next to ``NAME.tflite`` serves where a vendor's compiler
strips metadata. If both exist, the record inside the file is used.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..errors import ModelError
from ..files.atomic_write import write_atomically
from ..files.regular_file import open_regular
from .graph_check import read_checked_graph
from .metadata import find_entry, with_entry
from .record import ModelRecord
from .shipped import DEFAULT, model_path
from .tflite_graph import Graph

RECORD_NAME = b"lightsernet_edge.record"

# Far larger than any network of this kind, in bytes.
_MAX_BYTES = 2**28
# Larger than the record of a thousand speakers, in bytes.
_MAX_RECORD_BYTES = 2**20


@dataclass(frozen=True)
class ModelFile:
    """A verified model and its record.

    Attributes
    ----------
    path : Path
        Of the file.
    model : bytes
        The TFLite flatbuffer without the record; the record's hash covers these bytes.
    record : ModelRecord
    """

    path: Path
    model: bytes
    record: ModelRecord

    @cached_property
    def graph(self) -> Graph:
        """The model's tensors and operators, checked against one another."""
        return read_checked_graph(self.model)


def default_model_path() -> Path:
    """Return the path of the model that is used where none is named, ``edge``."""
    return model_path(DEFAULT)


def read_model(path: str | Path) -> ModelFile:
    """Read a model and its record; check bounds, hash and shapes.

    Parameters
    ----------
    path : str or Path
        A `.tflite` with its record inside, or with a sidecar beside it. A string may be the
        name of one of the `shipped_models`.

    Returns
    -------
    ModelFile

    Raises
    ------
    ModelError
        If the file is missing, damaged or without a record; if the schema or hash of the
        record is wrong; or if model and record do not fit each other.
    """
    path = model_path(path)
    content = read_bytes(path)
    try:
        embedded = embedded_record(content)
        record = embedded or _sidecar_record(path)
        if record is None:
            raise ModelError(
                "has no record of its labels and features; 'lightsernet-edge adopt' gives it one"
            )
        model = _verified(content[-record.size :] if embedded else content, record)
        file = ModelFile(path, model, record)
        check_fit(file.graph, record)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None
    return file


def write_model(
    path: str | Path, model: bytes, record: ModelRecord, source: str | Path | None = None
) -> ModelFile:
    """Write a model with its record, to a temporary name that is then renamed.

    Parameters
    ----------
    path : str or Path
        Of the file to write.
    model : bytes
        A TFLite flatbuffer; a record already in it is replaced.
    record : ModelRecord
        Its `sha256` and `size` are filled in.
    source : str or Path, optional
        Where the model was read from, for messages; by default `path`.

    Returns
    -------
    ModelFile
        What was written.

    Raises
    ------
    ModelError
        If the bytes are damaged or do not fit the record.
    InputError
        If the file cannot be written.
    """
    path = Path(path)
    try:
        model = without_record(model)
        record = _sealed(record, model)
        check_fit(read_checked_graph(model), record)
        write_atomically(path, content_with_record(model, record))
    except ModelError as error:
        raise ModelError(f"{source or path}: {error}") from None
    return ModelFile(path, model, record)


def content_with_record(model: bytes, record: ModelRecord) -> bytes:
    """Return the bytes of a file: a model without a record, and its record inside."""
    return with_entry(model, RECORD_NAME, record.to_bytes())


def write_sidecar(path: str | Path, record: ModelRecord) -> Path:
    """Write the record of a `.tflite` next to it, as ``NAME.json``.

    Parameters
    ----------
    path : str or Path
        Of the `.tflite`.
    record : ModelRecord
        Its `sha256` and `size` are filled in.

    Returns
    -------
    Path
        Of the sidecar.

    Raises
    ------
    ModelError
        If the file is missing, does not fit the record, has a record inside, or is itself
        called ``NAME.json``.
    """
    path = Path(path)
    content = read_bytes(path)
    try:
        check_fit(read_checked_graph(content), record)
        if embedded_record(content) is not None:
            raise ModelError("has a record inside, so a sidecar would not be read")
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None
    sidecar = path.with_suffix(".json")
    if os.path.realpath(sidecar) == os.path.realpath(path):
        raise ModelError(f"{path}: has the name of its sidecar, expected NAME.tflite")
    write_atomically(sidecar, _sealed(record, content).to_bytes())
    return sidecar


def check_fit(graph: Graph, record: ModelRecord) -> None:
    """Raise ModelError unless the model's input fits the features and its output the labels."""
    coefficients = record.features.n_coefficients
    shape = graph.input.shape
    if len(shape) != 4 or shape[0] != 1 or shape[1] < 1 or shape[2:] != (coefficients, 1):
        raise ModelError(
            f"the model's input is {list(shape)}, expected [1, frames, {coefficients}, 1] for "
            f"features {record.features.name!r}"
        )
    if graph.output.shape != (1, len(record.outputs)):
        raise ModelError(
            f"the model's output is {list(graph.output.shape)}, expected "
            f"[1, {len(record.labels)}] for {len(record.labels)} labels"
        )
    for tensor, what in ((graph.input, "input"), (graph.output, "output")):
        if tensor.dtype not in ("int8", "float32"):
            raise ModelError(f"the model's {what} is {tensor.dtype}, expected int8 or float32")
        if tensor.dtype == "int8":
            tensor.quantization  # noqa: B018 - raises unless there is one scale


def read_bytes(path: Path) -> bytes:
    """Read a model file whole.

    Raises
    ------
    ModelError
        If it is missing, cannot be read, is not a regular file, or is larger than 256 MiB.
    """
    try:
        with open_regular(path, "a .tflite model", ModelError) as stream:
            size = os.fstat(stream.fileno()).st_size
            if size > _MAX_BYTES:
                raise ModelError(f"{path}: found {size} bytes, expected at most {_MAX_BYTES}")
            return stream.readall()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from None


def embedded_record(content: bytes) -> ModelRecord | None:
    """Return the record inside a `.tflite`, or None if there is none.

    Raises
    ------
    ModelError
        If the bytes are damaged.
    """
    text = find_entry(content, RECORD_NAME)
    if text is None:
        return None
    if len(text) > _MAX_RECORD_BYTES:
        raise ModelError(f"the record has {len(text)} bytes, expected at most {_MAX_RECORD_BYTES}")
    return ModelRecord.from_bytes(text)


def without_record(content: bytes) -> bytes:
    """Return the bytes of the model: `content` without a record in front.

    Raises
    ------
    ModelError
        If the bytes are damaged.
    """
    record = embedded_record(content)
    return content if record is None else _verified(content[-record.size :], record)


def _verified(model: bytes, record: ModelRecord) -> bytes:
    if len(model) != record.size or hashlib.sha256(model).hexdigest() != record.sha256:
        raise ModelError("the model's bytes do not match the SHA-256 of its record")
    return model


def _sealed(record: ModelRecord, model: bytes) -> ModelRecord:
    return dataclasses.replace(record, sha256=hashlib.sha256(model).hexdigest(), size=len(model))


def _sidecar_record(path: Path) -> ModelRecord | None:
    sidecar = path.with_suffix(".json")
    if not os.path.lexists(sidecar):
        return None
    try:
        with open_regular(sidecar, "the record of a model", ModelError) as stream:
            text = stream.read(_MAX_RECORD_BYTES + 1)
    except OSError as error:
        raise ModelError(f"sidecar {sidecar.name}: cannot be read ({error.strerror})") from None
    if len(text) > _MAX_RECORD_BYTES:
        raise ModelError(
            f"sidecar {sidecar.name}: found more than {_MAX_RECORD_BYTES} bytes, expected a record"
        )
    try:
        return ModelRecord.from_bytes(text)
    except ModelError as error:
        raise ModelError(f"sidecar {sidecar.name}: {error}") from None
