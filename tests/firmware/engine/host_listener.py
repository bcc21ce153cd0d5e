"""The C engine's listener on this machine: the calls of ``lightsernet_live.h`` from Python."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.decision import UNCERTAIN
from lightsernet_edge.errors import InputError, LightSernetError
from lightsernet_firmware.host.stream import (
    OK,
    STATUS_NAMES,
    EmotionStruct,
    HostModel,
    HostStream,
    aligned_bytes,
)

# In the order of the enumeration lsn_event_kind.
_KINDS = ("utterance", "provisional", "continuous")
_UNCERTAIN = 0xFFFFFFFF


class EventStruct(ctypes.Structure):
    """``lsn_event``."""

    _fields_ = (
        ("kind", ctypes.c_int),
        ("label", ctypes.c_uint32),
        ("confidence", ctypes.c_float),
        ("broken", ctypes.c_int32),
        ("start", ctypes.c_uint64),
        ("end", ctypes.c_uint64),
        ("emotion", EmotionStruct),
        ("smoothed", ctypes.POINTER(ctypes.c_float)),
    )


class SettingsStruct(ctypes.Structure):
    """``lsn_listener_settings``."""

    _fields_ = (
        ("temperature", ctypes.c_float),
        ("min_samples", ctypes.c_uint32),
        ("step_hops", ctypes.c_uint32),
        ("provisional", ctypes.c_int32),
        ("adapt", ctypes.c_int32),
        ("continuous", ctypes.c_int32),
        ("window_hops", ctypes.c_uint32),
        ("keep", ctypes.c_float),
        ("hold_steps", ctypes.c_uint32),
        ("thresholds", ctypes.POINTER(ctypes.c_float)),
    )


_ON_EVENT = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.POINTER(EventStruct))


@dataclass(frozen=True)
class HostEvent:
    """An event of the listener.

    Attributes
    ----------
    kind : {"utterance", "provisional", "continuous"}
    label : str
        Or `UNCERTAIN`.
    confidence : float
    broken : bool
    start, end : int
        In samples.
    posteriors : tuple of int
        The network's int8 integers.
    smoothed : tuple of float or None
        Of a continuous event: the posteriors behind label and confidence, in 0..1.
    """

    kind: str
    label: str
    confidence: float
    broken: bool
    start: int
    end: int
    posteriors: tuple[int, ...]
    smoothed: tuple[float, ...] | None


class _InnerStream(HostStream):
    """The stream in a listener's memory."""

    def __init__(self, model: HostModel, stream: int) -> None:
        self._library, self._model = model.library, model
        self._stream = ctypes.c_void_p(stream)


class HostListener:
    """A listener of the C engine.

    Parameters
    ----------
    model : HostModel
    **settings
        Fields of `SettingsStruct` that differ from the blob's.

    Attributes
    ----------
    ram : ndarray of uint8
        All memory of the listener.
    stream : HostStream
        The stream inside, for its profile alone.

    Raises
    ------
    LightSernetError
        If the blob has no endpointing, or a setting is out of range.
    """

    def __init__(self, model: HostModel, **settings: Any) -> None:
        self._library = _declared(model.library)
        self._model = model
        self._events: list[HostEvent] = []
        self._settings = SettingsStruct()
        struct = ctypes.byref(model.struct)
        self._check(self._library.lsn_listener_defaults(struct, ctypes.byref(self._settings)))
        for name, value in settings.items():
            setattr(self._settings, name, value)
        wanted = ctypes.byref(self._settings)
        self.ram = aligned_bytes(int(self._library.lsn_listener_ram_size(struct, wanted)))
        self._listener = ctypes.c_void_p()
        # The engine keeps a pointer to it.
        self._callback = _ON_EVENT(self._note)
        self._check(
            self._library.lsn_listener_open(
                ctypes.byref(self._listener),
                struct,
                self.ram.ctypes.data,
                self.ram.size,
                wanted,
                self._callback,
                None,
            )
        )
        inside = self._library.lsn_listener_stream(self._listener)
        self.stream = _InnerStream(model, inside)

    @property
    def in_speech(self) -> bool:
        """Whether an utterance is in progress."""
        return bool(self._library.lsn_listener_in_speech(self._listener))

    def process(self, pcm: NDArray[np.int16]) -> list[HostEvent]:
        """Take in samples, shape (n,), and return what they bring."""
        if pcm.dtype != np.int16 or pcm.ndim != 1:
            raise InputError(f"pcm: found {pcm.dtype} of {pcm.ndim} axes, expected int16 of one")
        pcm = np.ascontiguousarray(pcm)
        self._check(self._library.lsn_listener_process(self._listener, pcm.ctypes.data, pcm.size))
        return self._taken()

    def mark_broken(self, lost_samples: int = 0) -> list[HostEvent]:
        """Say that samples were lost here."""
        self._check(self._library.lsn_listener_mark_broken(self._listener, lost_samples))
        return self._taken()

    def finish(self) -> list[HostEvent]:
        """End the audio."""
        self._check(self._library.lsn_listener_finish(self._listener))
        return self._taken()

    def set_bias(self, bias: NDArray[np.float64] | None) -> None:
        """Take a bias off the logarithms of the posteriors.

        Parameters
        ----------
        bias : ndarray of float, shape (n_labels,), or None
            In nats; None for none.

        Raises
        ------
        LightSernetError
            If a value is out of range.
        """
        values, place = None, None
        if bias is not None:
            expected = (self._model.struct.n_labels,)
            if np.shape(bias) != expected:
                raise InputError(f"bias: found {np.shape(bias)}, expected {expected}")
            values = np.array(bias, np.float32)
            place = values.ctypes.data
        self._check(self._library.lsn_listener_set_bias(self._listener, place))
        # The engine keeps a pointer to it.
        self._bias = values

    def reset(self) -> None:
        """Forget all audio; profile and bias stay."""
        self._library.lsn_listener_reset(self._listener)

    def _taken(self) -> list[HostEvent]:
        events, self._events = self._events, []
        return events

    def _note(self, _context: object, event: Any) -> None:
        said = event.contents
        label = UNCERTAIN if said.label == _UNCERTAIN else self._model.labels[said.label]
        n_labels = self._model.struct.n_labels
        posteriors = said.emotion.posteriors[:n_labels]
        self._events.append(
            HostEvent(
                _KINDS[said.kind],
                label,
                said.confidence,
                bool(said.broken),
                said.start,
                said.end,
                tuple(posteriors),
                tuple(said.smoothed[:n_labels]) if said.smoothed else None,
            )
        )

    @staticmethod
    def _check(status: int) -> None:
        if status != OK:
            raise LightSernetError(f"the engine answers {STATUS_NAMES[status]}")


def _declared(loaded: Any) -> Any:
    """Declare the functions of a library that `lightsernet_firmware.host.stream.library` loaded."""
    pointer, size, status = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
    signatures: dict[str, tuple[Any, list[Any]]] = {
        "lsn_listener_defaults": (status, [pointer, pointer]),
        "lsn_listener_ram_size": (size, [pointer, pointer]),
        "lsn_listener_open": (
            status,
            [ctypes.POINTER(pointer), pointer, pointer, size, pointer, _ON_EVENT, pointer],
        ),
        "lsn_listener_process": (status, [pointer, pointer, size]),
        "lsn_listener_mark_broken": (status, [pointer, ctypes.c_uint32]),
        "lsn_listener_finish": (status, [pointer]),
        "lsn_listener_reset": (None, [pointer]),
        "lsn_listener_in_speech": (ctypes.c_int32, [pointer]),
        "lsn_listener_stream": (pointer, [pointer]),
        "lsn_listener_set_bias": (status, [pointer, pointer]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(loaded, name)
        function.restype, function.argtypes = result, arguments
    return loaded
