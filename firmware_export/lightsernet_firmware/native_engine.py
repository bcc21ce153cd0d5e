"""The engine ``native``: the C99 firmware engine, compiled for this machine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.errors import InputError
from lightsernet_edge.tflite_graph import Graph

from .graph_planner import plan_network
from .host_stream import HostModel
from .model_blob import build_blob


class NativeEngine:
    """A full-integer model on the firmware's own code.

    Parameters
    ----------
    model : bytes
        A verified TFLite flatbuffer; `graph` is read instead.
    graph : Graph
    threads : int
        Must be 1: the engine runs one row after another.
    xnnpack : bool
        Must be False.

    Raises
    ------
    MissingDependencyError
        If there is no C compiler.
    ModelError
        If the network is not full-integer or cannot be run row by row.
    InputError
        If threads or XNNPACK are asked for.
    """

    def __init__(self, model: bytes, graph: Graph, threads: int, xnnpack: bool) -> None:
        if threads != 1 or xnnpack:
            raise InputError(
                "--engine native: found --threads or --xnnpack, expected neither: it runs row by "
                "row on one thread"
            )
        plan = plan_network(graph)
        labels = [str(index) for index in range(plan.head.labels)]
        self._input = plan.input
        self._stream = HostModel(build_blob(plan, None, labels)).stream()

    def invoke(self, features: NDArray[np.float64]) -> NDArray[np.int8]:
        """Run the network once on `features`, shape (n_frames, n_coefficients)."""
        if len(features) == 0:
            raise InputError("features: found no frame, expected at least one")
        self._stream.reset()
        self._stream.push_features(self._input.quantize(features))
        self._stream.finish()
        result = self._stream.result()
        assert result is not None
        return result[1]
