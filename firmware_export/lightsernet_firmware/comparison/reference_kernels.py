"""The kernels whose integers an engine is compared with: LiteRT's, or TFLite Micro's."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.errors import InputError, MissingDependencyError
from lightsernet_edge.extras import installation
from lightsernet_edge.model.file import ModelFile
from lightsernet_edge.native_output import held_back

from ..host.outcome import Outcome

# Room for all tensors of one minute at full width.
_MICRO_ARENA_BYTES = 1 << 26


class Reference(Protocol):
    """Kernels that an engine is compared with."""

    def run_features(self, clips: list[NDArray[np.int8]]) -> list[Outcome]:
        """Run clips, each int8 of shape (n_frames, n_coefficients)."""


class LiteRTKernels:
    """A full-integer model on LiteRT.

    Parameters
    ----------
    file : ModelFile
    xnnpack : bool
        Whether to run XNNPACK instead of the reference kernels, ``BUILTIN_REF``.

    Raises
    ------
    MissingDependencyError
        If ``ai-edge-litert`` is not installed.
    """

    def __init__(self, file: ModelFile, xnnpack: bool = False) -> None:
        try:
            litert: Any = importlib.import_module("ai_edge_litert.interpreter")
        except ImportError:
            raise MissingDependencyError(
                "validate compares with LiteRT's kernels: pip install ai-edge-litert"
            ) from None
        resolvers = litert.OpResolverType
        self._interpreter = litert.Interpreter(
            model_content=file.model,
            experimental_op_resolver_type=resolvers.AUTO if xnnpack else resolvers.BUILTIN_REF,
            # Otherwise the posteriors reuse the logits' memory.
            experimental_preserve_all_tensors=True,
        )
        # XNNPACK creates its delegate here, and prints a line.
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]
        self._logits = _logits_index(file)
        self._frames = -1

    def run_features(self, clips: list[NDArray[np.int8]]) -> list[Outcome]:
        """Run clips, each int8 of shape (n_frames, n_coefficients)."""
        return [self._run(rows) for rows in clips]

    def _run(self, rows: NDArray[np.int8]) -> Outcome:
        if len(rows) != self._frames:
            self._interpreter.resize_tensor_input(self._input, [1, *rows.shape, 1])
            self._interpreter.allocate_tensors()
            self._frames = len(rows)
        self._interpreter.set_tensor(self._input, rows[None, :, :, None])
        self._interpreter.invoke()
        logits, posteriors = (
            np.array(self._interpreter.get_tensor(index)[0])
            for index in (self._logits, self._output)
        )
        return Outcome(logits, posteriors)


class MicroKernels:
    """A full-integer model on TFLite Micro's reference kernels; clips of the model's length only.

    Parameters
    ----------
    file : ModelFile

    Raises
    ------
    MissingDependencyError
        If ``tflite-micro`` is not installed.
    """

    def __init__(self, file: ModelFile) -> None:
        try:
            runtime: Any = importlib.import_module("tflite_micro.python.tflite_micro.runtime")
        except ImportError:
            raise MissingDependencyError(
                "reference 'tflite-micro' needs the package tflite-micro: "
                f"{installation('compare')}"
            ) from None
        self._interpreter = runtime.Interpreter.from_bytes(
            file.model,
            # The API spells it so.
            intrepreter_config=runtime.InterpreterConfig.kPreserveAllTensors,
            arena_size=_MICRO_ARENA_BYTES,
        )
        self._frames = file.graph.input.shape[1]
        self._logits = _logits_index(file)

    def run_features(self, clips: list[NDArray[np.int8]]) -> list[Outcome]:
        """Run clips, each int8 of shape (n_frames, n_coefficients)."""
        outcomes = []
        for rows in clips:
            if len(rows) != self._frames:
                raise InputError(
                    f"seconds: found a clip of {len(rows)} frames, expected a length that gives "
                    f"{self._frames}: TFLite Micro takes no other"
                )
            self._interpreter.set_input(rows[None, :, :, None], 0)
            self._interpreter.invoke()
            logits = self._interpreter.GetTensor(self._logits, 0)["tensor_data"]
            outcomes.append(
                Outcome(
                    np.array(logits, np.int8).ravel(),
                    np.array(self._interpreter.get_output(0), np.int8).ravel(),
                )
            )
        return outcomes


REFERENCES = ("litert", "litert-xnnpack", "tflite-micro")


def open_reference(file: ModelFile, name: str) -> Reference:
    """Open the kernels that an engine is compared with.

    Parameters
    ----------
    file : ModelFile
    name : str
        One of `REFERENCES`.

    Raises
    ------
    InputError
        If there is no reference of that name.
    MissingDependencyError
        If its package is not installed.
    """
    makers: dict[str, Callable[[ModelFile], Reference]] = {
        "litert": LiteRTKernels,
        "litert-xnnpack": functools.partial(LiteRTKernels, xnnpack=True),
        "tflite-micro": MicroKernels,
    }
    if name in makers:
        with held_back():
            return makers[name](file)
    raise InputError(f"reference: found {name!r}, expected one of {', '.join(REFERENCES)}")


def _logits_index(file: ModelFile) -> int:
    return next(op for op in file.graph.operators if op.name == "SOFTMAX").inputs[0]
