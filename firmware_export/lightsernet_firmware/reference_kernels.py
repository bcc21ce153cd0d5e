"""TFLite's reference kernels: the integers that every engine is compared with."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.errors import MissingDependencyError
from lightsernet_edge.model_file import ModelFile

from .outcome import Outcome


class ReferenceKernels:
    """A full-integer model on LiteRT's ``BUILTIN_REF``.

    Parameters
    ----------
    file : ModelFile

    Raises
    ------
    MissingDependencyError
        If ``ai-edge-litert`` is not installed.
    """

    def __init__(self, file: ModelFile) -> None:
        try:
            litert: Any = importlib.import_module("ai_edge_litert.interpreter")
        except ImportError:
            raise MissingDependencyError(
                "validate compares with LiteRT's reference kernels: pip install ai-edge-litert"
            ) from None
        self._interpreter = litert.Interpreter(
            model_content=file.model,
            experimental_op_resolver_type=litert.OpResolverType.BUILTIN_REF,
            # Else the logits' memory is used again for the posteriors.
            experimental_preserve_all_tensors=True,
        )
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]
        softmax = next(op for op in file.graph.operators if op.name == "SOFTMAX")
        self._logits = softmax.inputs[0]
        self._frames = -1

    def run_features(self, clips: list[NDArray[np.int8]]) -> list[Outcome]:
        """Run rows of features, each of shape (n_frames, n_coefficients)."""
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
