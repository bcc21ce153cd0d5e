"""The time of an utterance on this machine, beside the time of other implementations."""

from __future__ import annotations

import ctypes
import functools
import importlib
import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.features import FrontEnd
from lightsernet_edge.model.file import ModelFile

from ..firmware_model import FirmwareModel
from ..host.build import BENCH_SOURCES, host_library, load_library
from ..host.stream import HostModel, aligned_bytes
from ..planner.front_end_tables import MAX_FFT

_ROUNDS = 15
# Each round repeats every task for about this long, so that a pause of the
# machine affects short and long tasks alike.
_ROUND_S = 0.02
# Floats of the front end's working memory: twice the largest transform.
_SCRATCH_FLOATS = 2 * MAX_FFT

Work = Callable[[], object]


def bench_host(model: FirmwareModel, frames: int, samples: int) -> dict[str, Any]:
    """Time the native engine and, where they are installed, LiteRT and python_speech_features.

    All are measured in turns, on one thread.

    Parameters
    ----------
    model : FirmwareModel
    frames, samples : int
        Length of the utterance in rows of features, and in samples.

    Returns
    -------
    dict
        Milliseconds, as the median of the rounds; None for what is not
        installed or cannot be run. ``front_end_times_faster``: the median
        over the rounds of python_speech_features' time by the native front end's.
        ``network_by_xnnpack``: that of the native network's time by XNNPACK's.
        ``kernels``: what the native engine was compiled with.
    """
    file, host = model.file, HostModel(model.blob)
    stream = host.stream()
    random = np.random.default_rng(0)
    rows = random.integers(-128, 128, (frames, host.struct.n_coefficients)).astype(np.int8)
    pcm = (random.normal(size=samples) * 3000).astype(np.int16)

    def network() -> None:
        stream.reset()
        stream.push_features(rows)
        stream.finish()

    python_front_end = FrontEnd(file.record.features)
    works: dict[str, Work | None] = {
        "network_ms": network,
        "front_end_ms": front_end_call(host, pcm, frames) if host.struct.frame_length else None,
        "python_front_end_ms": lambda: python_front_end.features(pcm),
        "python_speech_features_ms": _psf(pcm),
        "litert_ms": litert_call(file, rows, xnnpack=False),
        "litert_xnnpack_ms": litert_call(file, rows, xnnpack=True),
    }
    with _one_thread():
        rounds = _rounds_ms({name: work for name, work in works.items() if work is not None})
    result: dict[str, Any] = {"kernels": host.kernels}
    result |= {name: statistics.median(rounds[name]) if name in rounds else None for name in works}
    result["front_end_times_faster"] = _median_ratio(
        rounds, "python_speech_features_ms", "front_end_ms"
    )
    result["network_by_xnnpack"] = _median_ratio(rounds, "network_ms", "litert_xnnpack_ms")
    return result


def _median_ratio(rounds: dict[str, list[float]], above: str, below: str) -> float | None:
    """Return the median over the rounds of one time by another; None if one was not measured."""
    if above not in rounds or below not in rounds:
        return None
    return statistics.median(a / b for a, b in zip(rounds[above], rounds[below], strict=True))


def front_end_call(
    model: HostModel, pcm: NDArray[np.int16], frames: int
) -> Callable[[], NDArray[np.int8]]:
    """Return a function that runs the C front end alone and returns its rows.

    Parameters
    ----------
    model : HostModel
        Must have a front end.
    pcm : ndarray of int16, shape (n,)
    frames : int
        Number of frames to run, at most as many as `pcm` holds.
    """
    bench = load_library(str(host_library(BENCH_SOURCES)))
    run = bench.bench_front_end
    run.restype = None
    run.argtypes = [ctypes.c_void_p] * 2 + [ctypes.c_size_t] + [ctypes.c_void_p] * 2
    scratch = aligned_bytes(4 * _SCRATCH_FLOATS)
    out = np.empty((frames, model.struct.n_coefficients), np.int8)

    def call() -> NDArray[np.int8]:
        # Naming the arrays here keeps them alive as long as the function.
        run(
            ctypes.addressof(model.struct),
            pcm.ctypes.data,
            frames,
            scratch.ctypes.data,
            out.ctypes.data,
        )
        return out

    return call


def _one_thread() -> AbstractContextManager[Any]:
    """Keep linear algebra to one thread, where threadpoolctl is installed."""
    try:
        threadpoolctl: Any = importlib.import_module("threadpoolctl")
    except ImportError:
        return nullcontext()
    limits: AbstractContextManager[Any] = threadpoolctl.threadpool_limits(1)
    return limits


def _psf(pcm: NDArray[np.int16]) -> Work | None:
    try:
        psf: Any = importlib.import_module("python_speech_features")
    except ImportError:
        return None
    samples = pcm.astype(np.float64)
    return functools.partial(
        psf.mfcc, samples, 16000, 0.064, 0.016, 40, 40, 1024, 80, 7600, 0.0, 0, False, np.hanning
    )


def litert_call(file: ModelFile, rows: NDArray[np.int8], xnnpack: bool) -> Work | None:
    """Return a function that runs LiteRT on one thread; None if it is not installed.

    Parameters
    ----------
    file : ModelFile
    rows : ndarray of int8, shape (n_frames, n_coefficients)
        The input of every call.
    xnnpack : bool
        With XNNPACK, or with the built-in kernels.
    """
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
    invoke: Work = interpreter.invoke
    return invoke


def _rounds_ms(works: dict[str, Work]) -> dict[str, list[float]]:
    """Time every task once per round, in turns; return milliseconds per call."""
    repeats = {}
    for name, work in works.items():
        work()
        repeats[name] = max(1, round(_ROUND_S / _seconds(work, 1)))
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(_ROUNDS):
        for name, work in works.items():
            times[name].append(1e3 * _seconds(work, repeats[name]))
    return times


def _seconds(work: Work, repeats: int) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        work()
    return (time.perf_counter() - start) / repeats
