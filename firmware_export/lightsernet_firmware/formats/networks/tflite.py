"""``tflite-int8``, ``tflite-float16``, ``tflite-float32``: the file itself, for other runtimes."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.engines import open_engine
from lightsernet_edge.errors import ModelError
from lightsernet_edge.model.file import ModelFile, content_with_record
from lightsernet_edge.native_output import held_back

from ...firmware_model import FirmwareModel
from ..page import file_values
from ..templates import filled


def contents(model: FirmwareModel, name: str) -> dict[str, bytes]:
    """Return the model with its record inside, the record beside it, and golden rows."""
    file = model.file
    wanted = name.removeprefix("tflite-")
    if file.graph.precision != wanted:
        raise ModelError(
            f"{file.path}: is {file.graph.precision}, expected {wanted}: training writes one "
            "file for each precision, and a finished model is not converted"
        )
    values = {
        **file_values(model),
        **tensor_values(file),
        "EQUAL": "every integer, with the reference kernels"
        if wanted == "int8"
        else "every number to within 0.001, as kernels round differently",
    }
    return {
        "model.tflite": content_with_record(file.model, file.record),
        **companions(file),
        **filled("tflite", values),
    }


def companions(file: ModelFile) -> dict[str, bytes]:
    """Return what lies beside a `.tflite`: record, labels, golden rows for a self-test."""
    graph = file.graph
    rows = _made_up_rows(file)
    with held_back():
        output = open_engine(file.model, graph).invoke(rows)
    given: NDArray[np.generic] = rows.astype(np.float32)
    if graph.input.dtype == "int8":
        given = graph.input.quantization.quantize(rows)
    return {
        "record.json": file.record.to_bytes() + b"\n",
        "labels.txt": "".join(f"{label}\n" for label in file.record.outputs).encode(),
        "self_test_input.npy": npy(given.reshape(graph.input.shape)),
        "self_test_output.npy": npy(output.reshape(graph.output.shape)),
    }


def tensor_values(file: ModelFile) -> dict[str, str]:
    """Return what pages say of the model's input and output: ``INPUT`` and ``OUTPUT``."""
    return {"INPUT": _tensor_text(file, output=False), "OUTPUT": _tensor_text(file, output=True)}


def _made_up_rows(file: ModelFile) -> NDArray[np.float64]:
    """Return standardised features that nobody spoke, as many as the model takes."""
    _, frames, coefficients = file.graph.input.shape[:3]
    return np.random.default_rng(0).normal(size=(frames, coefficients))


def npy(array: NDArray[np.generic]) -> bytes:
    """Return an array as a file of NumPy's."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


def _tensor_text(file: ModelFile, output: bool) -> str:
    tensor = file.graph.output if output else file.graph.input
    shape = " x ".join(str(size) for size in tensor.shape)
    text = f"{tensor.dtype}, {shape}"
    if tensor.dtype == "int8":
        quantization = tensor.quantization
        text += f"; value = {quantization.scale:.9g} x (integer - {quantization.zero_point})"
    return text
