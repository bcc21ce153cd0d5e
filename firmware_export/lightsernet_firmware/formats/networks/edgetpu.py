"""``edgetpu``: the network for Google's Edge TPU, compiled where the compiler is."""

from __future__ import annotations

import importlib
import io
import shutil
import tempfile
import warnings
from pathlib import Path

import numpy as np

from lightsernet_edge.errors import LightSernetWarning, ModelError
from lightsernet_edge.model.graph_check import read_checked_graph
from lightsernet_edge.model.tflite_graph import Graph
from lightsernet_edge.native_output import held_back

from ...firmware_model import FirmwareModel
from ...host.cache import run_tool
from ..page import file_values
from ..templates import filled
from .edgetpu_conditions import model_conditions, why_not_mapped
from .tflite import companions, tensor_values
from .tflite_builder import with_fixed_shapes

COMPILER = "edgetpu_compiler"
RUNTIME = "libedgetpu.so.1"


def contents(model: FirmwareModel, name: str) -> dict[str, bytes]:
    """Return the model with fixed shapes, compiled where the compiler is, and its companions."""
    file = model.file
    if file.graph.precision != "int8":
        raise ModelError(
            f"{file.path}: is {file.graph.precision}, expected int8: the Edge TPU takes no other"
        )
    fixed = with_fixed_shapes(file.model)
    graph = read_checked_graph(fixed)
    conditions = model_conditions(graph, len(fixed))
    for condition in conditions[:-1]:
        if not condition.holds:
            raise ModelError(
                f"{file.path}: found {condition.found}; the Edge TPU's compiler expects that "
                f"{condition.what}"
            )
    beside = companions(file)
    files = {"model.tflite": fixed, **beside}
    compiler = shutil.which(COMPILER)
    if compiler is None:
        outcome = (
            f"Not compiled, and not run: {COMPILER} is not found, which Google has for Debian on "
            "64-bit x86 alone."
        )
        warnings.warn(f"format {name!r}: {outcome}", LightSernetWarning, stacklevel=2)
    else:
        compiled, report = _compiled(compiler, fixed)
        files |= {"model_edgetpu.tflite": compiled, "edgetpu_compiler.log": report.encode()}
        outcome = (
            "`model_edgetpu.tflite` is compiled; `edgetpu_compiler.log` has the report. "
            + _run(compiled, beside)
        )
    values = {
        **file_values(model),
        **tensor_values(file),
        "CONDITIONS": "\n".join(
            f"| {condition.what} | {condition.found} | {'yes' if condition.holds else 'no'} |"
            for condition in conditions
        ),
        "OPERATORS": _operator_rows(graph),
        "OUTCOME": outcome,
    }
    return {**files, **filled(name, values)}


def _operator_rows(graph: Graph) -> str:
    """Return a table's rows: kinds of operators, their number, what keeps one from the chip.

    The compiler maps a graph up to the first operator that it cannot map; what follows that one
    runs on the processor.
    """
    rows: dict[tuple[str, str], int] = {}
    blocked = ""
    for operator in graph.operators:
        why = why_not_mapped(graph, operator)
        verdict = blocked or ("nothing" if why is None else f"it {why}")
        if why is not None and not blocked:
            blocked = f"it follows {operator.name}"
        rows[operator.name, verdict] = rows.get((operator.name, verdict), 0) + 1
    return "\n".join(f"| {name} | {count} | {why} |" for (name, why), count in rows.items())


def _compiled(compiler: str, model: bytes) -> tuple[bytes, str]:
    """Return what the compiler makes of a model, and what it says of the operators."""
    with tempfile.TemporaryDirectory() as temporary:
        source, out = Path(temporary) / "model.tflite", Path(temporary) / "out"
        source.write_bytes(model)
        out.mkdir()
        made = out / "model_edgetpu.tflite"
        command = [compiler, "-s", "-o", str(out), str(source)]
        said = run_tool(command, "compile for the Edge TPU", made)
        report = "".join(path.read_text(errors="replace") for path in out.glob("*.log"))
        return made.read_bytes(), report or said


def _run(model: bytes, beside: dict[str, bytes]) -> str:
    """Run the golden rows on an Edge TPU; say what came of it, in a line."""
    try:
        litert = importlib.import_module("ai_edge_litert.interpreter")
        with held_back():
            delegate = litert.load_delegate(RUNTIME)
            interpreter = litert.Interpreter(model_content=model, experimental_delegates=[delegate])
            interpreter.allocate_tensors()
            given, wanted = (
                np.load(io.BytesIO(beside[f"self_test_{end}.npy"])) for end in ("input", "output")
            )
            interpreter.set_tensor(interpreter.get_input_details()[0]["index"], given)
            interpreter.invoke()
            found = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        reason = str(error).strip().split("\n")[0]
        return f"Not run: {RUNTIME} does not load or finds no Edge TPU ({reason})."
    away = int(np.abs(found.astype(int) - wanted.astype(int)).max())
    return f"Run on the Edge TPU of this machine: {away} steps from `self_test_output.npy` at most."
