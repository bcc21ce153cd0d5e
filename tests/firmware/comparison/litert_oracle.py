"""LiteRT's reference kernels: what every integer is held against."""

from __future__ import annotations

import functools

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray

Int8 = NDArray[np.int8]


class ReferenceKernels:
    """A full-integer model on ``BUILTIN_REF``, for any number of rows.

    Parameters
    ----------
    model : bytes
    keep_all : bool
        Whether the tensors inside can be asked for.
    """

    def __init__(self, model: bytes, keep_all: bool = False) -> None:
        self._interpreter = Interpreter(
            model_content=model,
            experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
            experimental_preserve_all_tensors=keep_all,
        )
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]
        (softmax,) = (
            op for op in self._interpreter._get_ops_details() if op["op_name"] == "SOFTMAX"
        )
        self._logits = int(softmax["inputs"][0])
        self._rows = -1

    def run(self, rows: Int8) -> tuple[Int8, Int8]:
        """Return logits and posteriors of int8 rows, shape (n, coefficients)."""
        if len(rows) != self._rows:
            self._interpreter.resize_tensor_input(self._input, [1, *rows.shape, 1])
            self._interpreter.allocate_tensors()
            self._rows = len(rows)
        self._interpreter.set_tensor(self._input, rows[None, :, :, None])
        self._interpreter.invoke()
        return self.tensor(self._logits)[0], self.tensor(self._output)[0]

    def tensor(self, index: int) -> Int8:
        """Return a tensor as the last run left it."""
        return np.array(self._interpreter.get_tensor(index))


@functools.cache
def reference(model: bytes) -> ReferenceKernels:
    """Return the interpreter of a model, kept for the next test."""
    return ReferenceKernels(model, keep_all=True)
