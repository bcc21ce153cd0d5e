"""The C engine on this machine: the calls of ``lightsernet.h`` from Python.

Also wraps the internal calls that limit a result to a sliding window of rows.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.errors import InputError, LightSernetError, ModelError

from ..planner.network_plan import ALIGNMENT
from .build import host_library, load_library

OK = 0
# In the order of the enumeration lsn_status.
STATUS_NAMES = (
    "OK",
    "BAD_ARGUMENT",
    "BAD_ALIGNMENT",
    "BAD_MAGIC",
    "BAD_VERSION",
    "TRUNCATED",
    "BAD_CRC",
    "BAD_MODEL",
    "RAM_TOO_SMALL",
    "NO_FRONT_END",
    "FINISHED",
    "NO_RESULT",
    "TOO_LONG",
    "NO_PROFILE",
    "BAD_PROFILE",
    "NOT_FINISHED",
    "NO_ENDPOINTING",
    "BAD_SETTINGS",
)


class ModelStruct(ctypes.Structure):
    """``lsn_model``."""

    _fields_ = (
        ("blob", ctypes.c_void_p),
        ("blob_size", ctypes.c_uint32),
        ("sample_rate", ctypes.c_uint32),
        ("frame_length", ctypes.c_uint32),
        ("hop_length", ctypes.c_uint32),
        ("n_coefficients", ctypes.c_uint32),
        ("n_labels", ctypes.c_uint32),
        ("input_scale", ctypes.c_float),
        ("input_zero_point", ctypes.c_int32),
        ("temperature", ctypes.c_float),
        ("min_seconds", ctypes.c_float),
        ("ram_size", ctypes.c_size_t),
        ("packed", ctypes.c_void_p),
    )


class EmotionStruct(ctypes.Structure):
    """``lsn_emotion``."""

    _fields_ = (
        ("label", ctypes.c_uint32),
        ("name", ctypes.c_char_p),
        ("posteriors", ctypes.POINTER(ctypes.c_int8)),
        ("logits", ctypes.POINTER(ctypes.c_int8)),
    )


@cache
def library(path: str | None = None) -> Any:
    """Load the engine, by default the host build, and declare its functions."""
    loaded = load_library(path or str(host_library()))
    size, pointer, status = ctypes.c_size_t, ctypes.c_void_p, ctypes.c_int
    signatures: dict[str, tuple[Any, list[Any]]] = {
        "lsn_version": (ctypes.c_uint32, []),
        "lsn_model_open": (status, [ctypes.POINTER(ModelStruct), pointer, size]),
        "lsn_label": (ctypes.c_char_p, [ctypes.POINTER(ModelStruct), ctypes.c_uint32]),
        "lsn_ram_size": (size, [ctypes.POINTER(ModelStruct)]),
        "lsn_kernels": (ctypes.c_char_p, []),
        "lsn_pack_size": (size, [ctypes.POINTER(ModelStruct)]),
        "lsn_pack": (status, [ctypes.POINTER(ModelStruct), pointer, size]),
        "lsn_stream_open": (
            status,
            [ctypes.POINTER(pointer), ctypes.POINTER(ModelStruct), pointer, size],
        ),
        "lsn_push": (status, [pointer, pointer, size]),
        "lsn_push_features": (status, [pointer, pointer]),
        "lsn_finish": (status, [pointer]),
        "lsn_result": (status, [pointer, ctypes.POINTER(EmotionStruct)]),
        "lsn_set_profile": (status, [pointer, pointer, pointer, ctypes.c_float]),
        "lsn_profile": (status, [pointer, pointer, pointer, ctypes.POINTER(ctypes.c_float)]),
        "lsn_adapt": (status, [pointer]),
        "lsn_reset": (None, [pointer]),
        "lsn_rows": (ctypes.c_uint32, [pointer]),
        "lsn_last_features": (ctypes.POINTER(ctypes.c_int8), [pointer]),
        "lsn_output_rows": (ctypes.c_uint32, [ctypes.POINTER(ModelStruct), ctypes.c_uint32]),
        "lsn_window_bytes": (ctypes.c_uint64, [ctypes.POINTER(ModelStruct), ctypes.c_uint32]),
        "lsn_stream_slide": (None, [pointer, pointer, ctypes.c_uint32]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(loaded, name)
        function.restype, function.argtypes = result, arguments
    return loaded


class HostModel:
    """A blob that the engine has opened.

    Parameters
    ----------
    blob : bytes
        As `lightsernet_firmware.FirmwareModel.blob`.
    engine : str, optional
        Path of a library to open it in, instead of the host build.

    Attributes
    ----------
    ram_bytes : int
        RAM of one stream, in bytes.
    labels : tuple of str

    Raises
    ------
    ModelError
        If the engine refuses the blob.
    """

    def __init__(self, blob: bytes, engine: str | None = None) -> None:
        self.library = library(engine)
        self._blob = aligned_bytes(len(blob))
        self._blob[:] = np.frombuffer(blob, np.uint8)
        self.struct = ModelStruct()
        status = self.library.lsn_model_open(
            ctypes.byref(self.struct), self._blob.ctypes.data, len(blob)
        )
        if status != OK:
            raise ModelError(f"the engine refuses the blob: {STATUS_NAMES[status]}")
        self._packed = self._pack()
        self.ram_bytes = int(self.library.lsn_ram_size(ctypes.byref(self.struct)))
        self.labels = tuple(
            self.library.lsn_label(ctypes.byref(self.struct), index).decode()
            for index in range(self.struct.n_labels)
        )

    def _pack(self) -> NDArray[np.uint8]:
        """Bring the weights into the order of the processor's kernels; return their memory."""
        memory = aligned_bytes(int(self.library.lsn_pack_size(ctypes.byref(self.struct))))
        status = self.library.lsn_pack(ctypes.byref(self.struct), memory.ctypes.data, memory.size)
        assert status == OK
        return memory

    @property
    def kernels(self) -> str:
        """Name of the kernels that the library was compiled with, as ``lsn_kernels`` gives it."""
        return str(self.library.lsn_kernels().decode())

    def stream(self, window_frames: int | None = None) -> HostStream:
        """Open a stream.

        Parameters
        ----------
        window_frames : int, optional
            Above 0. Limits the result to the latest rows of the network's output: to as
            many as this number of rows of features gives. By default the result covers
            all rows since the reset.
        """
        return HostStream(self, window_frames)


class HostStream:
    """A stream of the C engine.

    Parameters
    ----------
    model : HostModel
    window_frames : int, optional
        As in `HostModel.stream`.

    Attributes
    ----------
    ram : ndarray of uint8
        Memory of the stream, without the window's.
    window : ndarray of uint8 or None
        Memory of the window.
    """

    def __init__(self, model: HostModel, window_frames: int | None = None) -> None:
        self._library = model.library
        # The engine keeps pointers into it.
        self._model = model
        self.ram = aligned_bytes(model.ram_bytes)
        self._stream = ctypes.c_void_p()
        self._check(
            self._library.lsn_stream_open(
                ctypes.byref(self._stream),
                ctypes.byref(model.struct),
                self.ram.ctypes.data,
                self.ram.size,
            )
        )
        self.window = None if window_frames is None else self._slide(window_frames)

    def _slide(self, frames: int) -> NDArray[np.uint8]:
        struct = ctypes.byref(self._model.struct)
        rows = self._library.lsn_output_rows(struct, frames)
        memory = aligned_bytes(int(self._library.lsn_window_bytes(struct, rows)))
        self._library.lsn_stream_slide(self._stream, memory.ctypes.data, rows)
        return memory

    def push(self, pcm: NDArray[np.int16]) -> None:
        """Take in samples.

        Parameters
        ----------
        pcm : ndarray of int16, shape (n,)

        Raises
        ------
        LightSernetError
            If the stream is finished or the blob has no front end.
        """
        if pcm.dtype != np.int16 or pcm.ndim != 1:
            raise InputError(f"pcm: found {pcm.dtype} of {pcm.ndim} axes, expected int16 of one")
        pcm = np.ascontiguousarray(pcm)
        self._check(self._library.lsn_push(self._stream, pcm.ctypes.data, pcm.size))

    def push_features(self, rows: NDArray[np.int8]) -> None:
        """Take in rows of features.

        Parameters
        ----------
        rows : ndarray of int8, shape (n, n_coefficients)
        """
        expected = self._model.struct.n_coefficients
        if rows.dtype != np.int8 or rows.ndim != 2 or rows.shape[1] != expected:
            raise InputError(
                f"features: found {rows.dtype} {list(rows.shape)}, expected int8 [n, {expected}]"
            )
        rows = np.ascontiguousarray(rows)
        push, first = self._library.lsn_push_features, rows.ctypes.data
        for row in range(len(rows)):
            self._check(push(self._stream, first + row * expected))

    def finish(self) -> None:
        """End the utterance."""
        self._check(self._library.lsn_finish(self._stream))

    def set_profile(
        self, mean: NDArray[np.float64], scale: NDArray[np.float64], seconds: float
    ) -> None:
        """Standardise with another mean and scale.

        Parameters
        ----------
        mean, scale : ndarray of float, shape (n_coefficients,)
        seconds : float
            Length of the speech that they were computed from.

        Raises
        ------
        LightSernetError
            If the front end does not standardise, or a value is out of range.
        """
        expected = (self._model.struct.n_coefficients,)
        if np.shape(mean) != expected or np.shape(scale) != expected:
            raise InputError(
                f"profile: found {np.shape(mean)} and {np.shape(scale)}, expected {expected}"
            )
        arrays = [np.ascontiguousarray(values, np.float32) for values in (mean, scale)]
        self._check(
            self._library.lsn_set_profile(
                self._stream, *(array.ctypes.data for array in arrays), seconds
            )
        )

    def profile(self) -> tuple[NDArray[np.float32], NDArray[np.float32], float]:
        """Return the mean and scale in use, shape (n_coefficients,), and their seconds."""
        mean, scale = np.zeros((2, self._model.struct.n_coefficients), np.float32)
        seconds = ctypes.c_float()
        self._check(
            self._library.lsn_profile(
                self._stream, mean.ctypes.data, scale.ctypes.data, ctypes.byref(seconds)
            )
        )
        return mean, scale, seconds.value

    def adapt(self) -> None:
        """Let the profile follow the utterance that was finished."""
        self._check(self._library.lsn_adapt(self._stream))

    def reset(self) -> None:
        """Forget the utterance; the profile stays."""
        self._library.lsn_reset(self._stream)

    def result(self) -> tuple[NDArray[np.int8], NDArray[np.int8]] | None:
        """Return logits and posteriors, int8 of shape (n_labels,); None if there are none yet."""
        emotion = EmotionStruct()
        status = self._library.lsn_result(self._stream, ctypes.byref(emotion))
        if STATUS_NAMES[status] == "NO_RESULT":
            return None
        self._check(status)
        shape = (self._model.struct.n_labels,)
        return (
            np.ctypeslib.as_array(emotion.logits, shape).copy(),
            np.ctypeslib.as_array(emotion.posteriors, shape).copy(),
        )

    @property
    def rows(self) -> int:
        """Rows of features taken in so far."""
        return int(self._library.lsn_rows(self._stream))

    def last_features(self) -> NDArray[np.int8]:
        """Return the latest row of features, int8 of shape (n_coefficients,).

        Raises
        ------
        LightSernetError
            If there is none, or the stream is finished.
        """
        row = self._library.lsn_last_features(self._stream)
        if not row:
            raise LightSernetError("the stream holds no row of features")
        return np.ctypeslib.as_array(row, (self._model.struct.n_coefficients,)).copy()

    @staticmethod
    def _check(status: int) -> None:
        if status != OK:
            raise LightSernetError(f"the engine answers {STATUS_NAMES[status]}")


def aligned_bytes(size: int) -> NDArray[np.uint8]:
    """Return zeroed memory at a multiple of the engine's alignment."""
    memory = np.zeros(size + ALIGNMENT, np.uint8)
    offset = -memory.ctypes.data % ALIGNMENT
    return memory[offset : offset + size]
