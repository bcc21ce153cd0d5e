"""The TFLite interpreters: LiteRT, tflite-runtime and TensorFlow's, one adapter."""

from __future__ import annotations

import importlib
import os
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import MissingDependencyError, ModelError
from ..extras import installation
from ..model.tflite_graph import Graph
from .processor import architecture


class InterpreterEngine:
    """A model in a TFLite interpreter; the input is resized to each utterance.

    Without `xnnpack`, a model runs on the built-in kernels and no delegate: the
    integers of an int8 model are then those of the reference kernels. XNNPACK's differ.
    On 64-bit Arm the built-in kernels of newer interpreters differ too, so there an int8
    model runs on the reference kernels themselves, which are several times slower.

    Parameters
    ----------
    model : bytes
        A verified TFLite flatbuffer.
    graph : Graph
        Its graph.
    threads : int
        Number of threads.
    xnnpack : bool
        Whether to use the default delegate, XNNPACK.

    Raises
    ------
    MissingDependencyError
        If the package is not installed, or does not work with this version of NumPy.
    ModelError
        If the interpreter refuses the model.
    """

    # Whether the built-in kernels give the reference integers on 64-bit Arm.
    _is_exact_on_arm = False

    def __init__(self, model: bytes, graph: Graph, threads: int, xnnpack: bool) -> None:
        interpreter_class, resolvers = self._import()
        self._quantization = graph.input.quantization if graph.input.dtype == "int8" else None
        try:
            self._interpreter = interpreter_class(
                model_content=model,
                num_threads=threads,
                experimental_op_resolver_type=resolvers.AUTO
                if xnnpack
                else self._exact_kernels(resolvers),
            )
            if xnnpack:
                # Creates the delegate now: it prints a line, which should not come later.
                self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"the interpreter refuses the model: {_first_line(error)}") from None
        self._input_index = self._interpreter.get_input_details()[0]["index"]
        self._output_index = self._interpreter.get_output_details()[0]["index"]
        self._frames = -1

    def _exact_kernels(self, resolvers: Any) -> Any:
        is_inexact = architecture() == "aarch64" and not self._is_exact_on_arm
        if is_inexact and self._quantization is not None:
            return resolvers.BUILTIN_REF
        return resolvers.BUILTIN_WITHOUT_DEFAULT_DELEGATES

    @staticmethod
    def _import() -> tuple[Any, Any]:
        """Return the interpreter's class and its enumeration of op resolvers."""
        raise NotImplementedError

    def invoke(self, features: NDArray[np.float64]) -> NDArray[np.float32] | NDArray[np.int8]:
        """Run the network once on `features`, shape (n_frames, n_coefficients)."""
        rows: NDArray[np.float32] | NDArray[np.int8]
        if self._quantization is None:
            rows = features.astype(np.float32)
        else:
            rows = self._quantization.quantize(features)
        interpreter = self._interpreter
        try:
            if self._frames != len(rows):
                interpreter.resize_tensor_input(self._input_index, [1, *rows.shape, 1])
                interpreter.allocate_tensors()
                self._frames = len(rows)
            interpreter.set_tensor(self._input_index, rows[None, :, :, None])
            interpreter.invoke()
        except (ValueError, RuntimeError) as error:
            self._frames = -1
            raise ModelError(
                f"the interpreter cannot run the model on {len(rows)} frames: {_first_line(error)}"
            ) from None
        output: NDArray[np.float32] | NDArray[np.int8] = interpreter.get_tensor(self._output_index)[
            0
        ]
        return output


class LiteRTEngine(InterpreterEngine):
    """The interpreter of the package ``ai-edge-litert``."""

    @staticmethod
    def _import() -> tuple[Any, Any]:
        module = _module("ai_edge_litert.interpreter", "ai-edge-litert")
        return module.Interpreter, module.OpResolverType


class TFLiteRuntimeEngine(InterpreterEngine):
    """The interpreter of the package ``tflite-runtime``."""

    # Of 2.14, its last release.
    _is_exact_on_arm = True

    @staticmethod
    def _import() -> tuple[Any, Any]:
        module = _module("tflite_runtime.interpreter", "tflite-runtime", installation("tflite"))
        # Built against NumPy 1. With NumPy 2 it imports, but creating an interpreter fails.
        if int(np.__version__.split(".")[0]) >= 2:
            raise MissingDependencyError(
                f"tflite-runtime needs NumPy below 2, found {np.__version__}: "
                f"{installation('tflite')}"
            )
        return module.Interpreter, module.OpResolverType


class TensorFlowEngine(InterpreterEngine):
    """The interpreter inside TensorFlow."""

    @staticmethod
    def _import() -> tuple[Any, Any]:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        module = _module("tensorflow", "tensorflow")
        return module.lite.Interpreter, module.lite.experimental.OpResolverType


def _module(name: str, package: str, installed_by: str = "") -> ModuleType:
    try:
        return importlib.import_module(name)
    except (ImportError, OSError) as error:
        raise MissingDependencyError(
            f"the package {package} is not installed or does not load ({_first_line(error)}): "
            f"{installed_by or f'pip install {package}'}"
        ) from None


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]
