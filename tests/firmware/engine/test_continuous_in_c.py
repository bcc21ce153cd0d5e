"""Continuous mode in C: decisions that are smoothed and held.

The events are held against `EmotionStream` with the engine `native`.
"""

from __future__ import annotations

import ctypes
import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
import soundfile
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lightsernet_edge import UNCERTAIN, EmotionStream, Event
from lightsernet_edge.decision import ContinuousDecision, DecisionRule
from lightsernet_edge.model.file import ModelFile
from lightsernet_edge.profiles.profile import Profile, fingerprint
from lightsernet_firmware.host.stream import HostModel
from tests.firmware.engine.host_listener import HostEvent, HostListener, SettingsStruct
from tests.firmware.engine.listeners import (
    BIASES,
    HOP,
    RATE,
    SIZES,
    Pcm,
    adjusted_in_c,
    assert_same,
    chunked,
    events_in_c,
    events_in_python,
    host_with,
    profile_of,
    set_profile,
    spoken,
)
from tests.places import CLIPS


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
    expected = events_in_python(python_stream, samples)
    listener = HostListener(host_with(shipped), continuous=1)
    assert_same(events_in_c(listener, chunked(samples, sizes)), expected, shipped.record)


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
    expected = events_in_python(python_stream, samples)
    assert {event.kind for event in expected} == {"continuous"}
    longest = max(event.emotion.end_s - event.emotion.start_s for event in expected)
    window = shipped.record.decision.window_hops(RATE / HOP)
    assert longest == pytest.approx(window * HOP / RATE)
    found = events_in_c(HostListener(host_with(shipped), continuous=1), chunked(samples, [chunk]))
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
    expected = events_in_python(stream, speech)
    assert bool(expected) == (times.get("min_seconds") != 0.6)
    found = events_in_c(HostListener(host_with(smallest, decision), continuous=1), [speech])
    assert_same(found, expected, dataclasses.replace(smallest.record, decision=decision))


def test_thresholds(smallest: ModelFile, speech: Pcm) -> None:
    labels = smallest.record.labels
    plain = dataclasses.replace(smallest.record.decision, step_s=0.1, smoothing_s=0.2, hold_s=0.3)
    every = events_in_c(HostListener(host_with(smallest, plain), continuous=1), [speech])
    # Between two confidences, so that float32 and float64 agree.
    found_values = np.unique([event.confidence for event in every])
    widest = int(np.argmax(np.diff(found_values)))
    limit = float(found_values[widest : widest + 2].mean())
    decision = dataclasses.replace(plain, thresholds=dict.fromkeys(labels, limit))
    stream = EmotionStream(smallest.path, engine="native", mode="continuous", decision=decision)
    expected = events_in_python(stream, speech)
    assert {event.emotion.label == "uncertain" for event in expected} == {False, True}
    found = events_in_c(HostListener(host_with(smallest, decision), continuous=1), [speech])
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
        adjusted = adjusted_in_c(smallest_host, posteriors)
        label = smallest_host.library.lsn_continuous_decide(
            ctypes.byref(state),
            ctypes.byref(wanted),
            ctypes.byref(adjusted),
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
    expected += events_in_python(stream, speech[at:])
    found += events_in_c(listener, [speech[at:]])
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
    plain = events_in_c(listener, [speech])
    listener.reset()
    assert listener.ram[3 * ctypes.sizeof(ctypes.c_void_p) :].tobytes() == new
    assert events_in_c(listener, [speech]) == plain
    listener.reset()
    listener.stream.set_profile(np.array(profile.mean), np.array(profile.scale), 10.0)
    expected = events_in_python(stream, speech)
    found = events_in_c(listener, [speech])
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
    expected = events_in_python(stream, speech)
    assert expected
    found = events_in_c(listener, [speech])
    record = dataclasses.replace(smallest.record, decision=decision)
    assert_same(found, expected, record, profile.bias)


def test_a_bias_stays_and_goes(smallest: ModelFile, speech: Pcm) -> None:
    listener = HostListener(host_with(smallest), continuous=1)
    set_profile(listener, profile_of(smallest))
    plain = events_in_c(listener, [speech])
    listener.reset()
    listener.set_bias(np.array([2.0, -2.0, 0.0, 0.0, 0.0]))
    biased = events_in_c(listener, [speech])
    assert [event.label for event in biased] != [event.label for event in plain]
    assert [event.posteriors for event in biased] == [event.posteriors for event in plain]
    assert all(a.smoothed != b.smoothed for a, b in zip(biased, plain, strict=True))
    listener.reset()
    assert events_in_c(listener, [speech]) == biased
    listener.reset()
    listener.set_bias(None)
    assert events_in_c(listener, [speech]) == plain
