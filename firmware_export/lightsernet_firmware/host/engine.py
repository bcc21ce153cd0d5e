"""The engine ``native``: the C99 firmware engine, compiled for this machine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.errors import InputError
from lightsernet_edge.model.record import ModelRecord
from lightsernet_edge.model.tflite_graph import Graph
from lightsernet_edge.profiles.profile import Profile

from ..blob.build import build_blob
from ..planner.front_end_tables import front_end_tables
from ..planner.graph_planner import plan_network
from .stream import HostModel


class NativeEngine:
    """A full-integer model on the firmware's own code.

    Parameters
    ----------
    model : bytes
        A verified TFLite flatbuffer. The engine reads `graph` instead.
    graph : Graph
    threads : int
        Must be 1: the engine runs row by row on one thread.
    xnnpack : bool
        Must be False.

    Raises
    ------
    MissingDependencyError
        If there is no C compiler.
    ModelError
        If the network is not full-integer or cannot be run row by row.
    InputError
        If `threads` is not 1, or `xnnpack` is asked for.
    """

    def __init__(self, model: bytes, graph: Graph, threads: int, xnnpack: bool) -> None:
        if threads != 1:
            raise InputError(
                f"threads: found {threads}, expected 1: engine native runs row by row on one thread"
            )
        if xnnpack:
            raise InputError(
                "xnnpack: found True, expected False: engine native has kernels of its own"
            )
        plan = plan_network(graph)
        labels = [str(index) for index in range(plan.head.labels)]
        self._plan = plan
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

    def listener(
        self,
        record: ModelRecord,
        profile: Profile | None,
        adapt: bool,
        window_frames: int | None,
    ) -> NativeListener:
        """Open a listener with the engine's own front end.

        Raises
        ------
        InputError
            If `adapt` is asked for, and the front end does not standardise.
        ModelError
            If the front end cannot stream.
        """
        spec = record.features
        if adapt and spec.mean is None:
            raise InputError(f"adapt: the model's front end {spec.name!r} does not standardise")
        tables, other = front_end_tables(spec), record.other_output
        blob = build_blob(self._plan, tables, record.outputs, record.decision, other_output=other)
        return NativeListener(HostModel(blob), profile, window_frames)


class NativeListener:
    """Front end and network of the firmware: `lightsernet_edge.live.listener.Listener`.

    Parameters
    ----------
    model : HostModel
        Must have a front end.
    profile : Profile or None
        Mean and scale in place of the blob's.
    window_frames : int or None
        Posteriors of the last rows of the network's output only: of as many as so many
        rows of features make.
    """

    def __init__(
        self, model: HostModel, profile: Profile | None, window_frames: int | None
    ) -> None:
        self._stream = model.stream(window_frames)
        if profile is not None:
            self._stream.set_profile(
                np.array(profile.mean), np.array(profile.scale), profile.seconds
            )

    def reset(self) -> None:
        """Begin the next utterance; the profile stays."""
        self._stream.reset()

    def push(self, pcm: NDArray[np.int16]) -> None:
        """Take in samples, shape (n,)."""
        self._stream.push(pcm)

    def provisional(self) -> NDArray[np.int8] | None:
        """Return the posteriors over the rows that came through so far, None before the first."""
        result = self._stream.result()
        return None if result is None else result[1]

    def finish(self) -> NDArray[np.int8] | None:
        """End the utterance and return its posteriors, None if it was too short."""
        self._stream.finish()
        return self.provisional()

    def learn(self) -> None:
        """Adapt the profile to the utterance that has just been finished."""
        self._stream.adapt()
