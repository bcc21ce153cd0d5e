"""C listeners and `EmotionStream` on the same audio, and what they say held side by side."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import strategies as st
from numpy.typing import NDArray

from lightsernet_edge import DecisionDefaults, EmotionStream, Event
from lightsernet_edge.decision import ContinuousDecision, Emotion
from lightsernet_edge.model.file import ModelFile
from lightsernet_edge.model.record import ModelRecord
from lightsernet_edge.profiles.neutral_bias import MAX_BIAS
from lightsernet_edge.profiles.profile import Profile, fingerprint
from lightsernet_firmware.blob.build import build_blob
from lightsernet_firmware.host.stream import HostModel
from lightsernet_firmware.planner.front_end_tables import front_end_tables
from lightsernet_firmware.planner.graph_planner import plan_network
from tests.firmware.engine.host_listener import HostEvent, HostListener

Pcm = NDArray[np.int16]
RATE, HOP = 16000, 256
LARGEST_CHUNK = 48000
# Of posteriors at another temperature, or smoothed: float32 beside float64.
TOLERANCE = 1e-6
SIZES = st.lists(
    # Small and large ones alike: by powers of two.
    st.integers(0, 15).flatmap(lambda e: st.integers(2**e, min(2 ** (e + 1), LARGEST_CHUNK))),
    min_size=1,
    max_size=20,
)
# As C takes them, for the five labels of the smallest network.
BIASES = st.lists(st.floats(-MAX_BIAS, MAX_BIAS, width=32), min_size=5, max_size=5)


class AdjustedStruct(ctypes.Structure):
    """``lsn_adjusted_posteriors``."""

    _fields_ = (
        ("posteriors", ctypes.POINTER(ctypes.c_int8)),
        ("bias", ctypes.POINTER(ctypes.c_float)),
        ("n_labels", ctypes.c_uint32),
        ("temperature", ctypes.c_float),
        ("best", ctypes.c_uint32),
        ("largest", ctypes.c_float),
        ("sum", ctypes.c_float),
    )


def adjusted_in_c(
    host: HostModel,
    posteriors: list[int],
    temperature: float = 1.0,
    bias: list[float] | None = None,
) -> AdjustedStruct:
    function = host.library.lsn_adjust_posteriors
    function.restype = AdjustedStruct
    count = len(posteriors)
    integers = (ctypes.c_int8 * count)(*posteriors)
    values = None if bias is None else (ctypes.c_float * count)(*bias)
    made = function(integers, ctypes.c_uint32(count), ctypes.c_float(temperature), values)
    assert isinstance(made, AdjustedStruct)
    # It holds pointers to them.
    made.kept = (integers, values)
    return made


def profile_of(file: ModelFile, bias: list[float] | None = None) -> Profile:
    """A voice other than the training set's, and a bias of this model."""
    spec = file.record.features
    assert spec.mean is not None
    assert spec.scale is not None
    mean = np.float32(np.array(spec.mean) + 0.5 * np.array(spec.scale))
    scale = np.float32(0.8 * np.array(spec.scale))
    return Profile(
        fingerprint(spec),
        tuple(mean.tolist()),
        tuple(scale.tolist()),
        10.0,
        tuple(bias or ()),
        file.record.sha256 if bias else "",
    )


def set_profile(listener: HostListener, profile: Profile) -> None:
    """Give a C listener the profile, its bias too."""
    listener.stream.set_profile(np.array(profile.mean), np.array(profile.scale), profile.seconds)
    listener.set_bias(np.array(profile.bias) if profile.bias else None)


def spoken(clips: list[Pcm], seed: int = 0, noise: float = 3.0, gap_s: float = 1.0) -> Pcm:
    """Clips with pauses, and noise over all."""
    random = np.random.default_rng(seed)
    parts = [np.zeros(RATE)]
    for clip in clips:
        parts += [clip.astype(float), np.zeros(int(random.uniform(0.5, 1.5) * gap_s * RATE))]
    joined = np.concatenate(parts)
    joined += random.normal(0.0, noise, joined.size)
    return np.clip(np.rint(joined), -32768, 32767).astype(np.int16)


def host_with(file: ModelFile, decision: DecisionDefaults | None = None) -> HostModel:
    record = file.record
    return HostModel(
        build_blob(
            plan_network(file.graph),
            front_end_tables(record.features),
            record.outputs,
            decision or record.decision,
            other_output=record.other_output,
        )
    )


def chunked(samples: Pcm, sizes: list[int]) -> list[Pcm]:
    edges = np.cumsum(np.tile(sizes, samples.size // sum(sizes) + 1))
    return np.split(samples, edges[edges < samples.size])


def events_in_c(listener: HostListener, chunks: list[Pcm]) -> list[HostEvent]:
    return [event for chunk in chunks for event in listener.process(chunk)] + listener.finish()


def events_in_python(stream: EmotionStream, samples: Pcm) -> list[Event]:
    return stream.process(samples) + stream.finish()


def assert_same(
    found: list[HostEvent],
    expected: list[Event],
    record: ModelRecord,
    bias: tuple[float, ...] = (),
) -> None:
    """Posteriors: the C event's integers, decided on in Python, to the last bit."""
    assert len(found) == len(expected)
    for ours, theirs, again in zip(found, expected, decided(found, record, bias), strict=True):
        emotion = theirs.emotion
        assert (ours.kind, ours.broken) == (theirs.kind, theirs.broken)
        assert (ours.start / RATE, ours.end / RATE) == (emotion.start_s, emotion.end_s)
        assert again.posteriors == emotion.posteriors
        assert ours.confidence == pytest.approx(emotion.confidence, abs=TOLERANCE)
        assert ours.label == emotion.label
        assert (ours.smoothed is not None) == (ours.kind == "continuous")
        if ours.smoothed is not None:
            of_labels = list(ours.smoothed)[: len(record.labels)]
            assert ours.confidence == max(of_labels)
            assert of_labels == pytest.approx(list(emotion.posteriors.values()), abs=TOLERANCE)


def decided(
    events: list[HostEvent], record: ModelRecord, bias: tuple[float, ...]
) -> Iterator[Emotion]:
    """Decide in Python on the integers of C events."""
    decision = record.decision
    rule = replace(decision.rule(record.labels), bias=bias)
    smoother = ContinuousDecision(rule, decision.step_hops(RATE / HOP) * HOP / RATE)
    before = 0
    for event in events:
        raw = (np.array(event.posteriors, np.float64) + 128.0) / 256.0
        decide = rule.decide
        if event.kind == "continuous":
            decide = smoother.decide
            # Windows of one utterance overlap.
            if event.start >= before:
                smoother.reset()
            before = event.end
        yield decide(rule.calibrated(raw), event.start / RATE, event.end / RATE)
