"""How long an utterance takes on this machine, beside what others take for it."""

from __future__ import annotations

import ctypes
import importlib
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from lightsernet_edge.features import FrontEnd
from lightsernet_edge.model_file import ModelFile

from .host_stream import HostModel, aligned_bytes, library
from .model_blob import blob_of

_REPEATS = 15


def bench_host(file: ModelFile, frames: int, samples: int) -> dict[str, Any]:
    """Time the native engine and, where they are installed, LiteRT and python_speech_features.

    Parameters
    ----------
    file : ModelFile
    frames, samples : int
        Length of the utterance.

    Returns
    -------
    dict
        Milliseconds of one thread, the best of a few runs each; None for what
        is not installed or cannot be run.
    """
    model = HostModel(blob_of(file))
    stream = model.stream()
    random = np.random.default_rng(0)
    rows = random.integers(-128, 128, (frames, model.struct.n_coefficients)).astype(np.int8)
    pcm = (random.normal(size=samples) * 3000).astype(np.int16)

    def network() -> None:
        stream.reset()
        stream.push_features(rows)
        stream.finish()

    result: dict[str, Any] = {
        "network_ms": _best_ms(network),
        "front_end_ms": None,
        "python_front_end_ms": _best_ms(lambda: FrontEnd(file.record.features).features(pcm)),
        "python_speech_features_ms": _psf_ms(pcm),
        "litert_ms": _litert_ms(file, rows, xnnpack=False),
        "litert_xnnpack_ms": _litert_ms(file, rows, xnnpack=True),
    }
    if model.struct.frame_length:
        result["front_end_ms"] = _best_ms(_front_end_run(model, pcm, frames))
    return result


def _front_end_run(model: HostModel, pcm: np.ndarray, frames: int) -> Callable[[], None]:
    """Return a call of the C front end alone, frame by frame."""
    run = library().lsn_front_end_run
    run.restype, run.argtypes = None, [ctypes.c_void_p] * 5
    # At most the largest transform, twice, in float32.
    scratch = aligned_bytes(2 * 4 * 4096)
    row = np.empty(model.struct.n_coefficients, np.int8)
    level = np.full(1, 1e-3, np.float32)
    hop_bytes = 2 * model.struct.hop_length

    def call() -> None:
        # The arrays are named here, so that they live as long as the call does.
        pointer, first = ctypes.addressof(model.struct), pcm.ctypes.data
        rest = level.ctypes.data, scratch.ctypes.data, row.ctypes.data
        for t in range(frames):
            run(pointer, first + hop_bytes * t, *rest)

    return call


def _psf_ms(pcm: np.ndarray) -> float | None:
    try:
        psf: Any = importlib.import_module("python_speech_features")
    except ImportError:
        return None
    samples = pcm.astype(np.float64)
    return _best_ms(
        lambda: psf.mfcc(
            samples, 16000, 0.064, 0.016, 40, 40, 1024, 80, 7600, 0.0, 0, False, np.hanning
        )
    )


def _litert_ms(file: ModelFile, rows: np.ndarray, xnnpack: bool) -> float | None:
    try:
        litert: Any = importlib.import_module("ai_edge_litert.interpreter")
    except ImportError:
        return None
    resolvers = litert.OpResolverType
    interpreter = litert.Interpreter(
        model_content=file.model,
        num_threads=1,
        experimental_op_resolver_type=resolvers.AUTO
        if xnnpack
        else resolvers.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    index = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(index, [1, *rows.shape, 1])
    interpreter.allocate_tensors()
    interpreter.set_tensor(index, rows[None, :, :, None])
    return _best_ms(interpreter.invoke)


def _best_ms(call: Callable[[], object]) -> float:
    call()
    times = []
    for _ in range(_REPEATS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1e3 * min(times)
