"""Continuous mode in C: a mean that slides, decisions that are smoothed and held.

The sliding mean is held against NumPy's over the rows that LiteRT's reference kernels
give before the mean, the events against `EmotionStream` with the engine `native`.
"""

from __future__ import annotations

import ctypes
import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import example, given, settings
from hypothesis import strategies as st
from listeners import (
    BIASES,
    HOP,
    RATE,
    SIZES,
    Pcm,
    assert_same,
    calibration_in_c,
    chunked,
    heard_in_c,
    heard_in_python,
    host_with,
    profile_of,
    set_profile,
    spoken,
)
from litert_oracle import reference
from numpy.typing import NDArray

from lightsernet_edge import UNCERTAIN, DecisionDefaults, EmotionStream, Event
from lightsernet_edge.decision import ContinuousDecision, DecisionRule
from lightsernet_edge.errors import LightSernetError
from lightsernet_edge.model_file import ModelFile
from lightsernet_edge.profile import Profile, fingerprint
from lightsernet_firmware.cost import layer_costs, listener_ram_bytes
from lightsernet_firmware.front_end_tables import front_end_tables
from lightsernet_firmware.graph_planner import plan_network
from lightsernet_firmware.host_listener import _ON_EVENT, HostEvent, HostListener, SettingsStruct
from lightsernet_firmware.host_stream import STATUS_NAMES, HostModel, aligned_bytes
from lightsernet_firmware.model_blob import build_blob

Int8 = NDArray[np.int8]
CLIPS = Path(__file__).parents[2] / "examples" / "clips"
# Bytes before and behind memory that is given to the engine, which it must leave alone.
GUARD, GUARDED = 64, 0xA5


@pytest.fixture(scope="module")
def shipped(model_for: Callable[[None], ModelFile]) -> ModelFile:
    return model_for(None)


@pytest.fixture(scope="module")
def speech(pcm_clips: list[Pcm]) -> Pcm:
    return spoken(pcm_clips[:5])


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


@pytest.fixture(scope="module")
def python_stream(shipped: ModelFile) -> EmotionStream:
    return EmotionStream(shipped.path, engine="native", mode="continuous")


@settings(max_examples=10)
@given(sizes=SIZES, seed=st.integers(0, 99), noise=st.sampled_from([0.0, 3.0, 100.0, 1000.0]))
def test_the_same_events_as_python(
    sizes: list[int],
    seed: int,
    noise: float,
    shipped: ModelFile,
    python_stream: EmotionStream,
    pcm_clips: list[Pcm],
) -> None:
    first = seed % (len(pcm_clips) - 3)
    samples = spoken(pcm_clips[first : first + 3], seed, noise)
    python_stream.reset()
    expected = heard_in_python(python_stream, samples)
    listener = HostListener(host_with(shipped), continuous=1)
    assert_same(heard_in_c(listener, chunked(samples, sizes)), expected, shipped.record)


@pytest.mark.parametrize("chunk", [1, 257, 48000])
def test_sample_clips(
    chunk: int,
    shipped: ModelFile,
    python_stream: EmotionStream,
    figure: Callable[[str], None],
) -> None:
    """Run together, so that an utterance is longer than the window."""
    clips = [soundfile.read(path, dtype="int16")[0] for path in sorted(CLIPS.glob("*.wav"))]
    samples = np.concatenate([spoken(clips[:2]), *clips, spoken(clips[:1])])
    python_stream.reset()
    expected = heard_in_python(python_stream, samples)
    assert {event.kind for event in expected} == {"continuous"}
    longest = max(event.emotion.end_s - event.emotion.start_s for event in expected)
    window = shipped.record.decision.window_hops(RATE / HOP)
    assert longest == pytest.approx(window * HOP / RATE)
    found = heard_in_c(HostListener(host_with(shipped), continuous=1), chunked(samples, [chunk]))
    figure(f"{len(found)} events of {samples.size / RATE:.0f} s, as Python's")
    assert_same(found, expected, shipped.record)


@pytest.mark.parametrize(
    "times",
    [
        {"step_s": 0.1, "smoothing_s": 0.0, "hold_s": 0.0},
        {"step_s": 0.1, "smoothing_s": 5.0, "hold_s": 0.3},
        {"step_s": 0.112, "window_s": 0.5, "min_seconds": 0.1},
        {"step_s": 0.3, "window_s": 1.7, "temperature": 2.5},
        # Never long enough.
        {"window_s": 0.5, "min_seconds": 0.6},
    ],
    ids=str,
)
def test_other_times(times: dict[str, float], smallest: ModelFile, speech: Pcm) -> None:
    decision = dataclasses.replace(smallest.record.decision, **times)
    stream = EmotionStream(smallest.path, engine="native", mode="continuous", decision=decision)
    expected = heard_in_python(stream, speech)
    assert bool(expected) == (times.get("min_seconds") != 0.6)
    found = heard_in_c(HostListener(host_with(smallest, decision), continuous=1), [speech])
    assert_same(found, expected, dataclasses.replace(smallest.record, decision=decision))


def test_thresholds(smallest: ModelFile, speech: Pcm) -> None:
    labels = smallest.record.labels
    plain = dataclasses.replace(smallest.record.decision, step_s=0.1, smoothing_s=0.2, hold_s=0.3)
    heard = heard_in_c(HostListener(host_with(smallest, plain), continuous=1), [speech])
    # Between two confidences, so that float32 and float64 agree.
    found_values = np.unique([event.confidence for event in heard])
    widest = int(np.argmax(np.diff(found_values)))
    limit = float(found_values[widest : widest + 2].mean())
    decision = dataclasses.replace(plain, thresholds=dict.fromkeys(labels, limit))
    stream = EmotionStream(smallest.path, engine="native", mode="continuous", decision=decision)
    expected = heard_in_python(stream, speech)
    assert {event.emotion.label == "uncertain" for event in expected} == {False, True}
    found = heard_in_c(HostListener(host_with(smallest, decision), continuous=1), [speech])
    assert_same(found, expected, dataclasses.replace(smallest.record, decision=decision))


class ContinuousStruct(ctypes.Structure):
    """``lsn_continuous``."""

    _fields_ = tuple((name, ctypes.c_uint32) for name in ("begun", "said", "rival", "rival_steps"))


@settings(max_examples=300)
@given(
    said=st.lists(st.lists(st.integers(-128, 127), min_size=3, max_size=3), max_size=8),
    keep=st.sampled_from([0.0, 0.25, 0.5, 0.75]),
    hold_steps=st.integers(0, 4),
    thresholds=st.lists(st.integers(0, 256).map(lambda n: n / 256), min_size=3, max_size=3),
)
# It is held, and not said when it has been the most probable for one step less.
@example(
    said=[[100, -100, 0], *[[-100, 100, 0]] * 3, [100, -100, 0], *[[-100, 100, 0]] * 3],
    keep=0.0,
    hold_steps=3,
    thresholds=[0.0, 0.0, 0.0],
)
def test_decisions(
    said: list[list[int]],
    keep: float,
    hold_steps: int,
    thresholds: list[float],
    smallest_host: HostModel,
) -> None:
    """Of numbers with few bits, so that float32 is exact: Python's to the last bit."""
    labels = ("a", "b", "c")
    rule = DecisionRule(
        labels, thresholds=dict(zip(labels, thresholds, strict=True)), hold_s=float(hold_steps)
    )
    python = ContinuousDecision(rule, 1.0)
    python._keep = keep
    state, wanted = ContinuousStruct(), SettingsStruct(temperature=1.0, keep=keep)
    wanted.hold_steps = hold_steps
    smoothed = (ctypes.c_float * 3)(7.0, 7.0, 7.0)
    limits, confidence = (ctypes.c_float * 3)(*thresholds), ctypes.c_float()
    for posteriors in said:
        calibration = calibration_in_c(smallest_host, posteriors)
        label = smallest_host.library.lsn_continuous_decide(
            ctypes.byref(state),
            ctypes.byref(wanted),
            ctypes.byref(calibration),
            limits,
            smoothed,
            ctypes.byref(confidence),
        )
        expected = python.decide((np.array(posteriors) + 128) / 256, 0.0, 1.0)
        assert (*labels, UNCERTAIN)[label] == expected.label
        assert list(smoothed) == list(expected.posteriors.values())
        assert confidence.value == expected.confidence


@settings(max_examples=10)
@given(
    gaps=st.lists(
        st.tuples(st.integers(0, 15 * RATE), st.sampled_from([0, 1, 500, 9_000, 9_984, 50_000])),
        max_size=8,
    )
)
@example(gaps=[(28_800, 50_000), (30_800, 50_000), (34_000, 500)])
def test_lost_samples(gaps: list[tuple[int, int]], smallest: ModelFile, speech: Pcm) -> None:
    decision = dataclasses.replace(smallest.record.decision, step_s=0.2, window_s=1.0)
    stream = EmotionStream(smallest.path, engine="native", mode="continuous", decision=decision)
    listener = HostListener(host_with(smallest, decision), continuous=1)
    expected: list[Event] = []
    found: list[HostEvent] = []
    at = 0
    for position, lost in sorted(gaps):
        if at > 0 and position < at + 2 * HOP:
            continue
        part = speech[at:position]
        expected += stream.process(part)
        found += listener.process(part)
        stream.mark_broken(lost)
        found += listener.mark_broken(lost)
        at = position
    expected += heard_in_python(stream, speech[at:])
    found += heard_in_c(listener, [speech[at:]])
    assert_same(found, expected, dataclasses.replace(smallest.record, decision=decision))


def test_a_profile_and_a_reset(smallest: ModelFile, speech: Pcm) -> None:
    spec = smallest.record.features
    assert spec.mean is not None
    assert spec.scale is not None
    mean = np.float32(np.array(spec.mean) + 0.5 * np.array(spec.scale))
    profile = Profile(fingerprint(spec), tuple(mean.tolist()), spec.scale, 10.0)
    stream = EmotionStream(smallest.path, engine="native", mode="continuous", profile=profile)
    listener = HostListener(host_with(smallest), continuous=1)
    # Behind the pointers to stream, callback and context.
    new = listener.ram[3 * ctypes.sizeof(ctypes.c_void_p) :].tobytes()
    plain = heard_in_c(listener, [speech])
    listener.reset()
    assert listener.ram[3 * ctypes.sizeof(ctypes.c_void_p) :].tobytes() == new
    assert heard_in_c(listener, [speech]) == plain
    listener.reset()
    listener.stream.set_profile(np.array(profile.mean), np.array(profile.scale), 10.0)
    expected = heard_in_python(stream, speech)
    found = heard_in_c(listener, [speech])
    assert found != plain
    assert_same(found, expected, smallest.record)


@settings(max_examples=10)
@given(bias=BIASES, temperature=st.sampled_from([0.5, 1.0, 1.7]))
@example(bias=[2.0, -2.0, 0.0, 0.0, 0.0], temperature=1.0)
def test_a_profile_with_a_bias(
    bias: list[float], temperature: float, smallest: ModelFile, speech: Pcm
) -> None:
    decision = dataclasses.replace(smallest.record.decision, temperature=temperature, step_s=0.2)
    profile = profile_of(smallest, bias)
    stream = EmotionStream(
        smallest.path, engine="native", mode="continuous", profile=profile, decision=decision
    )
    listener = HostListener(host_with(smallest, decision), continuous=1)
    set_profile(listener, profile)
    expected = heard_in_python(stream, speech)
    assert expected
    found = heard_in_c(listener, [speech])
    record = dataclasses.replace(smallest.record, decision=decision)
    assert_same(found, expected, record, profile.bias)


def test_a_bias_stays_and_goes(smallest: ModelFile, speech: Pcm) -> None:
    listener = HostListener(host_with(smallest), continuous=1)
    set_profile(listener, profile_of(smallest))
    plain = heard_in_c(listener, [speech])
    listener.reset()
    listener.set_bias(np.array([2.0, -2.0, 0.0, 0.0, 0.0]))
    biased = heard_in_c(listener, [speech])
    assert [event.label for event in biased] != [event.label for event in plain]
    assert [event.posteriors for event in biased] == [event.posteriors for event in plain]
    assert all(a.smoothed != b.smoothed for a, b in zip(biased, plain, strict=True))
    listener.reset()
    assert heard_in_c(listener, [speech]) == biased
    listener.reset()
    listener.set_bias(None)
    assert heard_in_c(listener, [speech]) == plain


def test_ram_is_what_the_planner_says(
    shipped: ModelFile, smallest: ModelFile, figure: Callable[[str], None]
) -> None:
    longer = dataclasses.replace(smallest.record.decision, window_s=7.0)
    for file, decision in (
        (shipped, shipped.record.decision),
        (smallest, smallest.record.decision),
        (smallest, longer),
    ):
        plan, tables = plan_network(file.graph), front_end_tables(file.record.features)
        for continuous in (0, 1):
            ram = listener_ram_bytes(plan, tables, decision, continuous=bool(continuous))
            model = host_with(file, decision)
            assert ram == HostListener(model, continuous=continuous).ram.size
    figure(
        "a listener of the model that ships, in continuous mode: "
        f"{HostListener(host_with(shipped), continuous=1).ram.size} bytes"
    )


def test_the_engine_stays_in_its_ram(smallest: ModelFile, speech: Pcm) -> None:
    model = host_with(smallest)
    engine, struct = model.library, ctypes.byref(model.struct)
    wanted = SettingsStruct()
    engine.lsn_listener_defaults(struct, ctypes.byref(wanted))
    # Its constructor declares the functions.
    expected = heard_in_c(HostListener(model, continuous=1), [speech])
    wanted.continuous = 1
    size = engine.lsn_listener_ram_size(struct, ctypes.byref(wanted))
    assert size > engine.lsn_listener_ram_size(struct, None)
    memory = aligned_bytes(size + 2 * GUARD)
    memory[:] = GUARDED
    listener, ends = ctypes.c_void_p(), []
    callback = _ON_EVENT(lambda _, event: ends.append(event.contents.end))
    arguments = (struct, memory.ctypes.data + GUARD)
    for room, status in ((size - 1, "RAM_TOO_SMALL"), (size, "OK")):
        opened = engine.lsn_listener_open(
            ctypes.byref(listener), *arguments, room, ctypes.byref(wanted), callback, None
        )
        assert STATUS_NAMES[opened] == status
    engine.lsn_listener_process(listener, speech.ctypes.data, speech.size)
    assert ends == [event.end for event in expected]
    for guard in (memory[:GUARD], memory[GUARD + size :]):
        assert (guard == GUARDED).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"provisional": 1},
        {"adapt": 1},
        # Less than a frame; more than the engine gives room.
        {"window_hops": 0},
        {"window_hops": 3},
        {"window_hops": 0xFFFFFFFF},
        {"window_hops": 0x200001},
        {"keep": -0.1},
        {"keep": 1.1},
        {"keep": float("nan")},
    ],
    ids=str,
)
def test_wrong_settings(wrong: dict[str, float], smallest: ModelFile) -> None:
    model = host_with(smallest)
    with pytest.raises(LightSernetError, match="BAD_SETTINGS"):
        HostListener(model, continuous=1, **wrong)
    # In utterance mode the settings of continuous mode do not matter.
    assert HostListener(model, **wrong).ram.size == HostListener(model).ram.size


def test_a_window_of_one_frame(smallest: ModelFile) -> None:
    frame = smallest.record.features.frame_length // HOP
    HostListener(host_with(smallest), continuous=1, window_hops=frame)


def test_a_window_shorter_than_a_frame(smallest: ModelFile) -> None:
    plan, labels = plan_network(smallest.graph), smallest.record.labels
    spec = dataclasses.replace(
        smallest.record.features,
        sample_rate=8000,
        frame_length=4096,
        fft_length=4096,
        hop_length=640,
        high_hz=4000.0,
    )
    tables, decision = front_end_tables(spec), DecisionDefaults(window_s=0.5)
    model = HostModel(build_blob(plan, tables, labels, decision))
    with pytest.raises(LightSernetError, match="BAD_SETTINGS"):
        HostListener(model, continuous=1)
    assert listener_ram_bytes(plan, tables, decision, continuous=True) is None
    assert listener_ram_bytes(plan, tables, decision) == HostListener(model).ram.size


def test_the_blob_carries_what_continuous_mode_needs(smallest: ModelFile) -> None:
    decision = DecisionDefaults(window_s=2.0, step_s=0.25, smoothing_s=0.8, hold_s=0.7)
    listener = HostListener(host_with(smallest, decision))
    given_ = listener._settings
    assert (given_.continuous, given_.step_hops, given_.window_hops) == (0, 16, 125)
    assert given_.keep == pytest.approx(np.exp(-0.256 / 0.8), rel=1e-7)
    assert given_.hold_steps == 3
