"""``tflm``: the network for TFLite Micro, and the front end in C."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from lightsernet_edge.errors import MissingDependencyError, ModelError
from lightsernet_edge.extras import installation
from lightsernet_edge.model.file import ModelFile
from lightsernet_edge.native_output import held_back

from ...blob.build import build_blob
from ...c_export.metadata import metadata_header
from ...c_export.model_source import model_array
from ...c_export.self_test import made_up_rows
from ...firmware_model import FirmwareModel
from ...planner import cost
from ...planner.features_only import LABELS, features_only_plan
from ..page import file_values
from ..templates import filled
from ..toolchains.c import engine

# The steps in which the arena is measured, and far more than any takes.
_ARENA_STEP = 1024
_LARGEST_ARENA = 1 << 26


def contents(model: FirmwareModel, name: str) -> dict[str, bytes]:
    """Return the files of the folder."""
    if model.tables is None:
        raise ModelError(
            f"{model.file.path}: the front end has no C code ({model.why_features_only}); "
            "format tflite-int8 has the file alone"
        )
    file = model.file
    alone = features_only_plan(model.plan)
    front_end = build_blob(alone, model.tables, LABELS, None, bytes.fromhex(file.record.sha256))
    network = file.model + bytes(-len(file.model) % 4)
    arena = _arena_bytes(file)
    operators = sorted({operator.name for operator in file.graph.operators})
    values = {
        **file_values(model),
        "ARENA": str(arena),
        "FRONT_END_BYTES": str(len(front_end)),
        "FRONT_END_RAM": str(cost.ram_bytes(alone, model.tables, "cortex-m4")),
        "FRONT_END_RAM_MVE": str(cost.ram_bytes(alone, model.tables, "cortex-m55")),
        "FRAMES": str(file.graph.input.shape[1]),
        "COEFFICIENTS": str(model.plan.coefficients),
        "NETWORK_BYTES": str(len(network)),
        "OPERATOR_COUNT": str(len(operators)),
        "OPERATORS": "\n".join(
            f"  TF_LITE_ENSURE_STATUS(resolver.Add{_kernel_name(operator)}());"
            for operator in operators
        ),
        "POSTERIORS": ", ".join(str(value) for value in _golden(file, arena)),
    }
    return {
        **engine(),
        "front_end/front_end.c": model_array(front_end, "front_end").encode(),
        "network/network.c": model_array(network, "network").encode(),
        "network/model_metadata.h": metadata_header(model).encode(),
        **filled(name, values),
    }


def _kernel_name(operator: str) -> str:
    """Return TFLite Micro's name of an operator: ``AveragePool2D`` of ``AVERAGE_POOL_2D``."""
    parts = operator.split("_")
    return "".join(part if part[0].isdigit() else part.capitalize() for part in parts)


def _arena_bytes(file: ModelFile) -> int:
    """Measure the smallest arena, in whole steps; on this machine, whose pointers are longer."""
    small, large = 0, _LARGEST_ARENA // _ARENA_STEP
    while large - small > 1:
        middle = (small + large) // 2
        with held_back():
            try:
                _interpreter(file, _ARENA_STEP * middle)
            except RuntimeError:
                small = middle
            else:
                large = middle
    return _ARENA_STEP * large


def _golden(file: ModelFile, arena: int) -> list[int]:
    """Return the posteriors of made-up rows, in integers."""
    shape = file.graph.input.shape
    with held_back():
        interpreter = _interpreter(file, arena)
        interpreter.set_input(made_up_rows(shape[1], shape[2]).reshape(shape), 0)
        interpreter.invoke()
        return [int(value) for value in np.array(interpreter.get_output(0)).ravel()]


def _interpreter(file: ModelFile, arena: int) -> Any:
    try:
        runtime: Any = importlib.import_module("tflite_micro.python.tflite_micro.runtime")
    except ImportError:
        raise MissingDependencyError(
            "format 'tflm' measures the arena with the package tflite-micro: "
            f"{installation('compare')}"
        ) from None
    return runtime.Interpreter.from_bytes(file.model, arena_size=arena)
