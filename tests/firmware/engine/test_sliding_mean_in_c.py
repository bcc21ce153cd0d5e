"""Continuous mode in C: the mean that slides.

It is held against NumPy's over the rows that LiteRT's reference kernels give before
the mean.
"""

from __future__ import annotations

import ctypes

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lightsernet_edge.model.file import ModelFile
from lightsernet_firmware.host.stream import HostModel
from lightsernet_firmware.planner.cost import layer_costs
from lightsernet_firmware.planner.graph_planner import plan_network
from tests.firmware.comparison.litert_oracle import reference

Int8 = NDArray[np.int8]


def output_rows(file: ModelFile, rows: Int8) -> Int8:
    """What the reference kernels take the mean of, shape (rows, columns, channels)."""
    kernels = reference(file.model)
    kernels.run(rows)
    (mean,) = (operator for operator in file.graph.operators if operator.name == "MEAN")
    return kernels.tensor(mean.inputs[0])[0]


def judged(host: HostModel, rows: Int8) -> tuple[list[int], list[int]]:
    """Logits and posteriors of rows of output: NumPy's sums through the engine's head."""
    n_rows, width, channels = rows.shape
    sums = rows.astype(np.int32).sum(axis=(0, 1), dtype=np.int32)
    mean = np.zeros(channels, np.int8)
    logits, posteriors = np.zeros((2, host.struct.n_labels), np.int8)
    arrays = [array.ctypes.data_as(ctypes.c_void_p) for array in (mean, logits, posteriors)]
    host.library.lsn_head_run(
        ctypes.byref(host.struct),
        sums.ctypes.data_as(ctypes.c_void_p),
        ctypes.c_uint32(n_rows * width),
        *arrays,
    )
    return logits.tolist(), posteriors.tolist()


@settings(max_examples=40)
@given(
    frames=st.integers(1, 420),
    window=st.integers(1, 300),
    before=st.integers(0, 300),
    finish=st.booleans(),
    extreme=st.booleans(),
    seed=st.integers(0, 2**16),
)
@example(frames=420, window=32, before=300, finish=False, extreme=True, seed=0)
@example(frames=420, window=33, before=0, finish=True, extreme=False, seed=0)
def test_the_mean_slides(
    frames: int,
    window: int,
    before: int,
    finish: bool,
    extreme: bool,
    seed: int,
    smallest: ModelFile,
    smallest_host: HostModel,
) -> None:
    """Any length, any window, also after an utterance before."""
    random = np.random.default_rng(seed)
    plan = plan_network(smallest.graph)
    rows = random.integers(-128, 128, (frames, plan.coefficients)).astype(np.int8)
    if extreme:
        rows = np.repeat(np.where(rows[::40] < 0, -128, 127).astype(np.int8), 40, axis=0)[:frames]
    stream = smallest_host.stream(window)
    stream.push_features(random.integers(-128, 128, (before, plan.coefficients)).astype(np.int8))
    stream.reset()
    stream.push_features(rows)
    stride = int(np.prod([stage.pool[0] for stage in plan.stages]))
    came = max(0, (frames - 1 - layer_costs(plan, 1)[-1].lag_rows) // stride + 1)
    if finish:
        stream.finish()
        came = -(-frames // stride)
    result = stream.result()
    if came == 0:
        assert result is None
        return
    window_rows = -(-window // stride)
    expected = judged(smallest_host, output_rows(smallest, rows)[:came][-window_rows:])
    assert result is not None
    assert tuple(part.tolist() for part in result) == expected


def test_columns_are_summed_in_an_int16(smallest_host: HostModel) -> None:
    """The bytes of a window are those of its rows and channels, two each."""
    struct = ctypes.byref(smallest_host.struct)
    channels = smallest_host.library.lsn_window_bytes(struct, 1) // 2
    stream = smallest_host.stream(185)
    assert stream.window is not None
    assert stream.window.size == 2 * channels * smallest_host.library.lsn_output_rows(struct, 185)
    # Written to, and to the end.
    stream.push_features(np.full((420, 40), 127, np.int8))
    assert stream.window.reshape(-1, 2 * channels).any(axis=1).all()
