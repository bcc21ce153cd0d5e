"""`Listener`: a front end and a network together; samples in, raw output out.

Most engines take rows of features, and `FrontEndListener` computes those. An
engine that brings a front end of its own, as the firmware's does, offers
`ListeningEngine` as well, and then hears the samples themselves: what it says is
then what it says on the device, to the last bit.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ..engines import Engine, RawOutput
from ..errors import InputError
from ..features import FrontEnd
from ..model.record import ModelRecord
from ..profiles.profile import Profile, RunningProfile


class Listener(Protocol):
    """Hears one utterance after another, or the last seconds of a stream."""

    def reset(self) -> None:
        """Begin the next utterance; the profile stays."""

    def push(self, pcm: NDArray[np.int16]) -> None:
        """Take in samples, shape (n,)."""

    def provisional(self) -> RawOutput | None:
        """Return the network's output over what was heard so far, None if that is too little."""

    def finish(self) -> RawOutput | None:
        """End the utterance and return the network's output, None if it was too short."""

    def learn(self) -> None:
        """Adapt the profile to the utterance that was finished last."""


@runtime_checkable
class ListeningEngine(Protocol):
    """An engine with a front end of its own."""

    def listener(
        self,
        record: ModelRecord,
        profile: Profile | None,
        adapt: bool,
        window_frames: int | None,
    ) -> Listener:
        """Make a listener.

        Parameters
        ----------
        record : ModelRecord
            Of the model that the engine was made from.
        profile : Profile or None
            In place of the record's mean and scale.
        adapt : bool
            Whether `learn` will be called.
        window_frames : int or None
            Hear the last so many rows of features only, instead of everything
            since `reset`: for continuous mode.

        Raises
        ------
        InputError
            If it cannot do one of these.
        """


def open_listener(
    engine: Engine,
    record: ModelRecord,
    profile: Profile | None = None,
    adapt: bool = False,
    window_frames: int | None = None,
) -> Listener:
    """Make a listener on an engine, with the engine's own front end if it has one.

    Raises
    ------
    InputError
        If the profile does not fit the model, or the engine cannot do what is asked for.
    """
    if profile is not None:
        profile.check_fits(record.features)
    if isinstance(engine, ListeningEngine):
        return engine.listener(record, profile, adapt, window_frames)
    return FrontEndListener(engine, record, profile, adapt, window_frames)


class FrontEndListener:
    """A listener on an engine that takes rows of features.

    Rows are computed as the audio arrives where the front end is causal, and
    else when an output is asked for.

    Parameters
    ----------
    engine : Engine
    record : ModelRecord
    profile : Profile or None
    adapt : bool
    window_frames : int or None

    Raises
    ------
    InputError
        If the front end cannot do what is asked for: `adapt` needs one that
        standardises, a window a causal one.
    """

    def __init__(
        self,
        engine: Engine,
        record: ModelRecord,
        profile: Profile | None = None,
        adapt: bool = False,
        window_frames: int | None = None,
    ) -> None:
        spec = record.features
        self._engine = engine
        self._front_end = FrontEnd(spec if profile is None else profile.applied_to(spec))
        self._running = RunningProfile(spec, profile) if adapt else None
        self._stream = None
        if spec.is_causal:
            self._stream = FrontEnd(spec.without_standardisation()).stream()
        elif window_frames is not None:
            raise InputError(
                f"features: recipe {spec.name!r} is not causal, so it cannot be heard continuously"
            )
        elif adapt:
            raise InputError(f"adapt: recipe {spec.name!r} is not causal, so it cannot adapt")
        # Rows where the front end streams, else the samples themselves.
        self._heard: deque[NDArray[np.float64] | NDArray[np.int16]] = deque()
        self._window = window_frames
        self._rows = 0

    def reset(self) -> None:
        """Begin the next utterance; the profile stays."""
        self._heard.clear()
        self._rows = 0
        if self._stream is not None:
            self._stream.reset()

    def push(self, pcm: NDArray[np.int16]) -> None:
        """Take in samples, shape (n,)."""
        if self._stream is None:
            self._heard.append(pcm.copy())
            return
        rows = self._stream.push(pcm)
        if not len(rows):
            return
        self._heard.append(rows)
        self._rows += len(rows)
        while self._window is not None and self._rows - len(self._heard[0]) >= self._window:
            self._rows -= len(self._heard.popleft())

    def provisional(self) -> RawOutput | None:
        """Return the network's output over what was heard so far, None if that is too little."""
        if not self._heard:
            return None
        heard = np.concatenate(self._heard)
        if self._stream is None:
            rows = self._front_end.features(heard)
        else:
            rows = self._front_end.standardize(heard.astype(np.float64, copy=False))
        if self._window is not None:
            rows = rows[-self._window :]
        return self._engine.invoke(rows) if len(rows) else None

    def finish(self) -> RawOutput | None:
        """End the utterance and return the network's output, None if it was too short."""
        return self.provisional()

    def learn(self) -> None:
        """Adapt the profile to the utterance that was finished last."""
        if self._running is None or not self._heard:
            return
        self._running.add(np.concatenate(self._heard).astype(np.float64, copy=False))
        self._front_end = FrontEnd(self._running.profile().applied_to(self._front_end.spec))
