"""Engines run a network: they are found by entry point and chosen by name.

An engine is a class registered in the entry point group
``lightsernet_edge.engines``. It is made from a model's bytes and computes the network's
output from rows of features. Engines know nothing of audio.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, LightSernetError, MissingDependencyError
from ..model.tflite_graph import Graph
from .confined import ConfinedEngine
from .processor import architecture

GROUP = "lightsernet_edge.engines"
# Tried in this order if the caller names none. Other engines must be named.
DEFAULT_ORDER = ("litert", "tflite", "tensorflow")
# On Arm also this one, for full-integer models on one thread. On 64 bits it comes first: LiteRT
# takes several times as long for the reference integers. On 32 bits it comes last: newer
# Pythons have no interpreter there.
ON_ARM = "native"
# More cores than any board has. The interpreters accept no more than a C int holds.
MAX_THREADS = 1024


RawOutput = NDArray[np.float32] | NDArray[np.int8]


class Engine(Protocol):
    """A network ready to run."""

    def __init__(self, model: bytes, graph: Graph, threads: int, xnnpack: bool) -> None:
        """Load a model.

        Parameters
        ----------
        model : bytes
            A verified TFLite flatbuffer.
        graph : Graph
            Its graph.
        threads : int
            Number of threads, 1 to `MAX_THREADS`.
        xnnpack : bool
            Whether to run on XNNPACK.

        Raises
        ------
        MissingDependencyError
            If a package that this engine needs is missing.
        ModelError
            If the engine cannot run the model.
        """

    def invoke(self, features: NDArray[np.float64]) -> RawOutput:
        """Run the network once.

        Parameters
        ----------
        features : ndarray of float64, shape (n_frames, n_coefficients)
            Standardised. The engine rounds them, once, to the model's float32 or int8.

        Returns
        -------
        ndarray of float32 or int8, shape (n_labels,)
            The output tensor, not dequantised.
        """


class RowsOnly:
    """An engine without the front end that it may have of its own.

    A stream on it computes the rows as it does for an interpreter, so that the default
    answers in the same integers on every machine.

    Parameters
    ----------
    engine : Engine
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def invoke(self, features: NDArray[np.float64]) -> RawOutput:
        """Run the network once on `features`, shape (n_frames, n_coefficients)."""
        return self._engine.invoke(features)


def names() -> list[str]:
    """Return the names of all registered engines, those of `DEFAULT_ORDER` first."""
    found = {point.name for point in entry_points(group=GROUP)}
    return [*(n for n in DEFAULT_ORDER if n in found), *sorted(found - set(DEFAULT_ORDER))]


def open_engine(
    model: bytes, graph: Graph, name: str | None = None, threads: int = 1, xnnpack: bool = False
) -> Engine:
    """Load a model into an engine.

    A graph that could not be checked (its `unchecked` says why) runs in a child process, where
    a crash is an error.

    Parameters
    ----------
    model : bytes
        A verified TFLite flatbuffer.
    graph : Graph
        Its graph.
    name : str, optional
        Name of the engine; by default the first of `DEFAULT_ORDER` that is
        installed and works; on Arm also `ON_ARM`, whose answers are the same.
    threads : int
        Number of threads, 1 to `MAX_THREADS`.
    xnnpack : bool
        Whether to run on XNNPACK: faster on most machines, but the integers of
        an int8 model differ from those of the reference kernels.

    Raises
    ------
    InputError
        If no engine has that name, or `threads` is out of range.
    MissingDependencyError
        If the package of the named engine is not installed, or no interpreter works.
    ModelError
        If the engine cannot run the model.
    """
    if threads < 1:
        raise InputError(f"threads: found {threads}, expected at least 1")
    if threads > MAX_THREADS:
        raise InputError(f"threads: found {threads}, expected at most {MAX_THREADS}")
    points = {point.name: point for point in entry_points(group=GROUP)}
    if name is not None:
        if name not in points:
            raise InputError(f"engine: found {name!r}, expected one of {', '.join(names())}")
        return _opened(points[name], model, graph, threads, xnnpack)
    reasons = []
    for candidate in _candidates(graph, threads, xnnpack):
        if candidate in points:
            try:
                engine = _opened(points[candidate], model, graph, threads, xnnpack)
                return RowsOnly(engine) if candidate == ON_ARM else engine
            except LightSernetError as error:
                # `ON_ARM` may lack a cache, or not know an operator; another may answer.
                if candidate != ON_ARM and not isinstance(error, MissingDependencyError):
                    raise
                reasons.append(str(error))
    raise MissingDependencyError(
        f"no TFLite interpreter works here: {'; '.join(reasons) or 'none is registered'}"
    )


def _candidates(graph: Graph, threads: int, xnnpack: bool) -> tuple[str, ...]:
    is_for_it = graph.input.dtype == "int8" and not graph.unchecked
    if is_for_it and threads == 1 and not xnnpack:
        match architecture():
            case "aarch64":
                return (ON_ARM, *DEFAULT_ORDER)
            case "armv6l" | "armv7l":
                return (*DEFAULT_ORDER, ON_ARM)
    return DEFAULT_ORDER


def _opened(point: EntryPoint, model: bytes, graph: Graph, threads: int, xnnpack: bool) -> Engine:
    if graph.unchecked:
        return ConfinedEngine(point.name, model, graph, threads, xnnpack)
    engine: type[Engine] = point.load()
    return engine(model, graph, threads, xnnpack)
