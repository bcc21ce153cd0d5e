"""`Listener`: a front end and a network together; samples in, raw output out.

Most engines take rows of features, which `FrontEndListener` computes. An engine with a
front end of its own, such as the firmware's, also implements `ListeningEngine` and takes
samples: its output then equals that of the device, to the last bit.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ..engines import Engine, RawOutput
from ..errors import InputError
from ..features import FrontEnd, Standardization
from ..model.record import ModelRecord
from ..profiles.profile import Profile, RunningProfile


class Listener(Protocol):
    """Computes the network's output on one utterance after another, or on the last seconds."""

    def reset(self) -> None:
        """Begin the next utterance; the profile stays."""

    def push(self, pcm: NDArray[np.int16]) -> None:
        """Take in samples, shape (n,)."""

    def provisional(self) -> RawOutput | None:
        """Return the output on the utterance so far, or None if it is too short."""

    def finish(self) -> RawOutput | None:
        """End the utterance and return the output, or None if it was too short."""

    def learn(self) -> None:
        """Adapt the profile to the utterance that `finish` ended last."""


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
            Run the network on this many of the last rows only, for continuous mode; None
            for all rows since `reset`.

        Raises
        ------
        InputError
            If the engine cannot do one of these.
        """


def open_listener(
    engine: Engine,
    record: ModelRecord,
    profile: Profile | None = None,
    adapt: bool = False,
    window_frames: int | None = None,
) -> Listener:
    """Make a listener on an engine, with the engine's own front end if it has one.

    Parameters
    ----------
    engine : Engine
    record, profile, adapt, window_frames
        As for `ListeningEngine.listener`.

    Raises
    ------
    InputError
        If the profile does not fit the model, or the engine cannot do one of these.
    """
    if profile is not None:
        profile.check_fits(record.features)
    if isinstance(engine, ListeningEngine):
        return engine.listener(record, profile, adapt, window_frames)
    return FrontEndListener(engine, record, profile, adapt, window_frames)


class FrontEndListener:
    """A listener on an engine that takes rows of features.

    A causal front end computes rows while the audio arrives; another one computes them
    when an output is needed.

    Parameters
    ----------
    engine : Engine
    record, profile, adapt, window_frames
        As for `ListeningEngine.listener`.

    Raises
    ------
    InputError
        If `adapt` is given and the front end is not causal or does not standardise, or
        `window_frames` is given and it is not causal.
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
        self._standardization = Standardization(self._front_end.spec)
        self._running = RunningProfile(spec, profile) if adapt else None
        self._stream = None
        if spec.is_causal:
            self._stream = FrontEnd(spec.without_standardisation()).stream()
        elif window_frames is not None:
            raise InputError(
                f"features: recipe {spec.name!r} is not causal, so mode 'continuous' cannot use it"
            )
        elif adapt:
            raise InputError(f"adapt: recipe {spec.name!r} is not causal, so it cannot adapt")
        # Of the utterance: samples if the front end is not causal, else rows; for `learn`
        # also the rows before steps 9 to 11.
        self._samples: list[NDArray[np.int16]] = []
        self._rows: deque[NDArray[np.float64]] = deque()
        self._plain_rows: list[NDArray[np.float64]] = []
        self._window = window_frames
        self._n_rows = 0

    def reset(self) -> None:
        """Begin the next utterance; the profile stays."""
        self._samples.clear()
        self._rows.clear()
        self._plain_rows.clear()
        self._n_rows = 0
        self._standardization.reset()
        if self._stream is not None:
            self._stream.reset()

    def push(self, pcm: NDArray[np.int16]) -> None:
        """Take in samples, shape (n,)."""
        if self._stream is None:
            self._samples.append(pcm.copy())
            return
        rows = self._stream.push(pcm)
        if not len(rows):
            return
        if self._running is not None:
            self._plain_rows.append(rows)
        self._rows.append(self._standardization(rows))
        self._n_rows += len(rows)
        while self._window is not None and self._n_rows - len(self._rows[0]) >= self._window:
            self._n_rows -= len(self._rows.popleft())

    def provisional(self) -> RawOutput | None:
        """Return the output on the utterance so far, or None if it is too short."""
        if self._samples:
            rows = self._front_end.features(np.concatenate(self._samples))
        elif self._rows:
            rows = np.concatenate(self._rows)
        else:
            return None
        if self._window is not None:
            rows = rows[-self._window :]
        return self._engine.invoke(rows) if len(rows) else None

    def finish(self) -> RawOutput | None:
        """End the utterance and return the output, or None if it was too short."""
        return self.provisional()

    def learn(self) -> None:
        """Adapt the profile to the utterance that `finish` ended last."""
        if self._running is None or not self._plain_rows:
            return
        self._running.add(np.concatenate(self._plain_rows))
        self._front_end = FrontEnd(self._running.profile().applied_to(self._front_end.spec))
        self._standardization = Standardization(self._front_end.spec)
