"""The C listener says what `EmotionStream` says with the engine `native`."""

from __future__ import annotations

import ctypes
import dataclasses

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lightsernet_edge import UNCERTAIN, DecisionDefaults, EmotionStream, Event
from lightsernet_edge.decision import DecisionRule
from lightsernet_edge.endpointing.settings import EndpointSettings
from lightsernet_edge.errors import LightSernetError
from lightsernet_edge.model.file import ModelFile
from lightsernet_edge.profiles.neutral_bias import MAX_BIAS
from lightsernet_firmware.blob.build import build_blob
from lightsernet_firmware.host.stream import STATUS_NAMES, HostModel, aligned_bytes
from lightsernet_firmware.planner.cost import listener_ram_bytes
from lightsernet_firmware.planner.front_end_tables import front_end_tables
from lightsernet_firmware.planner.graph_planner import plan_network
from tests.firmware.engine.host_listener import HostEvent, HostListener, SettingsStruct
from tests.firmware.engine.listeners import (
    HOP,
    RATE,
    SIZES,
    TOLERANCE,
    Pcm,
    adjusted_in_c,
    assert_same,
    chunked,
    events_in_c,
    events_in_python,
    host_with,
    spoken,
)


@pytest.fixture(scope="module")
def python_stream(shipped: ModelFile) -> EmotionStream:
    return EmotionStream(shipped.path, engine="native", provisional=True)


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
    listener = HostListener(host_with(shipped), provisional=1)
    assert_same(events_in_c(listener, chunked(samples, sizes)), expected, shipped.record)


@pytest.mark.parametrize("mode", ["utterance", "continuous"])
def test_what_is_no_emotion_is_uncertain_in_both(mode: str, shipped: ModelFile) -> None:
    """Bursts of noise, of which the output for none of the labels is the most probable."""
    random = np.random.default_rng(0)
    bursts = [(3000 * random.normal(size=RATE)).astype(np.int16) for _ in range(3)]
    samples = spoken(bursts)
    expected = events_in_python(EmotionStream(shipped.path, engine="native", mode=mode), samples)
    left = [1.0 - sum(event.emotion.posteriors.values()) for event in expected]
    assert max(left) > 0.5
    for event, other in zip(expected, left, strict=True):
        if mode == "utterance" and other > max(event.emotion.posteriors.values()):
            assert event.emotion.label == UNCERTAIN
    listener = HostListener(host_with(shipped), continuous=int(mode == "continuous"))
    assert_same(events_in_c(listener, chunked(samples, [999])), expected, shipped.record)


@pytest.mark.parametrize("chunk", [1, 255, 256, 257, 48000])
def test_chunks_of_one_size(
    chunk: int,
    shipped: ModelFile,
    python_stream: EmotionStream,
    pcm_clips: list[Pcm],
    figure: object,
) -> None:
    samples = spoken(pcm_clips[:2])
    python_stream.reset()
    expected = events_in_python(python_stream, samples)
    assert [event.kind for event in expected].count("utterance") == 2
    assert len(expected) > 4
    listener = HostListener(host_with(shipped), provisional=1)
    found = events_in_c(listener, chunked(samples, [chunk]))
    assert callable(figure)
    figure(f"{len(found)} events of {samples.size / RATE:.0f} s, as Python's")
    assert_same(found, expected, shipped.record)


def test_all_twenty_clips(
    shipped: ModelFile, python_stream: EmotionStream, pcm_clips: list[Pcm]
) -> None:
    samples = spoken(pcm_clips, noise=30.0)
    python_stream.reset()
    expected = events_in_python(python_stream, samples)
    assert [event.kind for event in expected].count("utterance") >= 18
    found = events_in_c(HostListener(host_with(shipped), provisional=1), [samples])
    assert_same(found, expected, shipped.record)


# Ends in every way: early, at the maximum, with all or nothing of the hang-over.
@pytest.mark.parametrize(
    "times",
    [
        {"maximum_s": 1.0},
        {"hang_over_s": 0.06, "after_s": 0.0},
        {"hang_over_s": 0.3, "after_s": 0.3},
        {"before_s": 0.5, "speech_window_s": 0.4, "after_s": 0.0},
        {"hang_over_s": 5.0},
    ],
    ids=str,
)
def test_other_settings_of_endpointing(
    times: dict[str, float], smallest: ModelFile, speech: Pcm
) -> None:
    decision = dataclasses.replace(
        smallest.record.decision, endpointing=EndpointSettings(**times), step_s=0.1
    )
    stream = EmotionStream(smallest.path, engine="native", provisional=True, decision=decision)
    expected = events_in_python(stream, speech)
    assert expected
    found = events_in_c(HostListener(host_with(smallest, decision), provisional=1), [speech])
    assert_same(found, expected, dataclasses.replace(smallest.record, decision=decision))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.7, 10.0])
def test_temperature_and_thresholds(temperature: float, smallest: ModelFile, speech: Pcm) -> None:
    labels = smallest.record.labels
    plain = HostListener(host_with(smallest), provisional=1)
    raw = [event.posteriors for event in events_in_c(plain, [speech])]
    rule = DecisionDefaults(temperature=temperature).rule(labels)
    highest = [
        float(rule.calibrated((np.array(values, float) + 128) / 256).max()) for values in raw
    ]
    # Some events are uncertain; at temperature 1 one lies on the threshold itself.
    found_values = np.unique(highest)
    widest = int(np.argmax(np.diff(found_values)))
    below, limit = found_values[widest], found_values[widest + 1]
    if temperature != 1.0:
        assert limit - below > 4 * TOLERANCE
        limit = (below + limit) / 2
    thresholds = dict.fromkeys(labels, float(limit))
    decision = dataclasses.replace(
        smallest.record.decision, temperature=temperature, thresholds=thresholds
    )
    stream = EmotionStream(smallest.path, engine="native", provisional=True, decision=decision)
    expected = events_in_python(stream, speech)
    assert {event.emotion.label == "uncertain" for event in expected} == {False, True}
    found = events_in_c(HostListener(host_with(smallest, decision), provisional=1), [speech])
    assert_same(found, expected, dataclasses.replace(smallest.record, decision=decision))
    # The same from the caller's settings as from the blob's.
    values = (ctypes.c_float * len(labels))(*[limit] * len(labels))
    told = HostListener(
        host_with(smallest),
        provisional=1,
        temperature=temperature,
        thresholds=ctypes.cast(values, ctypes.POINTER(ctypes.c_float)),
    )
    assert [event.label for event in events_in_c(told, [speech])] == [
        event.label for event in found
    ]


@settings(max_examples=15)
@given(
    gaps=st.lists(
        st.tuples(st.integers(0, 15 * RATE), st.sampled_from([0, 1, 500, 9_000, 9_984, 50_000])),
        max_size=12,
    )
)
# More than are kept apart.
@example(gaps=[(20_000 + 1_000 * i, 100 * i) for i in range(40)])
# In the midst of speech: the next utterance begins where the gap is.
@example(gaps=[(28_800, 50_000), (30_800, 50_000), (34_000, 500)])
def test_lost_samples(gaps: list[tuple[int, int]], smallest: ModelFile, speech: Pcm) -> None:
    stream = EmotionStream(smallest.path, engine="native", provisional=True)
    listener = HostListener(host_with(smallest), provisional=1)
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
    assert_same(found, expected, smallest.record)


@settings(max_examples=500)
@given(
    labels=st.lists(
        st.tuples(
            st.integers(-128, 127),
            st.floats(-MAX_BIAS, MAX_BIAS, width=32),
            st.integers(0, 256).map(lambda n: n / 256),
        ),
        min_size=1,
        max_size=7,
    ),
    temperature=st.sampled_from([0.5, 1.0, 1.7, 10.0]),
    biased=st.booleans(),
)
# Equal ones: the first. On the threshold: said.
@example(labels=[(0, 0.0, 0.5), (1, 0.0, 0.5), (1, 0.0, 0.5)], temperature=1.0, biased=False)
@example(labels=[(-27, 0.0, 0.5), (0, 1.0, 0.5), (0, 1.0, 0.5)], temperature=1.7, biased=True)
@example(labels=[(0, 0.0, 0.5), (-128, 0.0, 0.0)], temperature=1.0, biased=False)
@example(labels=[(127, 2.0, 0.5), (-128, -2.0, 0.5)], temperature=1.0, biased=True)
def test_decisions(
    labels: list[tuple[int, float, float]],
    temperature: float,
    biased: bool,
    smallest_host: HostModel,
) -> None:
    """Python's: to the last bit where neither temperature nor bias changes anything."""
    raw, bias, thresholds = map(list, zip(*labels, strict=True))
    # A listener has none where there is nothing but zeros.
    biased = biased and any(bias)
    bias = bias if biased else [0.0] * len(raw)
    names = tuple(f"label {index}" for index in range(len(raw)))
    limits = dict(zip(names, thresholds, strict=True))
    rule = DecisionRule(names, temperature, limits, bias=tuple(bias))
    calibrated = rule.calibrated((np.array(raw) + 128) / 256)
    expected = rule.decide(calibrated, 0.0, 1.0)

    adjusted = adjusted_in_c(smallest_host, raw, temperature, bias if biased else None)
    posterior, decide = (
        smallest_host.library.lsn_adjusted_posterior,
        smallest_host.library.lsn_decide,
    )
    posterior.restype = ctypes.c_float
    confidence = ctypes.c_float()
    index = decide(
        ctypes.byref(adjusted),
        (ctypes.c_float * len(raw))(*thresholds),
        ctypes.byref(confidence),
    )
    label = UNCERTAIN if index == -1 else names[index]
    found = [posterior(ctypes.byref(adjusted), ctypes.c_uint32(i)) for i in range(len(raw))]
    exact = temperature == 1.0 and not biased
    tolerance = 0.0 if exact else TOLERANCE
    assert found == pytest.approx(calibrated.tolist(), rel=0.0, abs=tolerance)
    assert confidence.value == found[adjusted.best]
    assert confidence.value == pytest.approx(expected.confidence, rel=0.0, abs=tolerance)
    close = np.abs(calibrated - calibrated.max()) <= 2 * tolerance
    decisive = len({(raw[i], bias[i]) for i in np.flatnonzero(close)}) == 1
    margin = abs(expected.confidence - thresholds[int(np.argmax(calibrated))])
    if exact or (decisive and margin > tolerance):
        assert label == expected.label


def test_reset_is_as_new(smallest: ModelFile, speech: Pcm) -> None:
    model = host_with(smallest)
    listener = HostListener(model, provisional=1)
    # Behind the pointers to stream, callback and context.
    pointers = 3 * ctypes.sizeof(ctypes.c_void_p)
    # The stream's pointer to its model lies at the end; it is the same.
    new = listener.ram[pointers:].tobytes()
    for end in (100, 3 * RATE + 77, len(speech)):
        listener.process(speech[:end])
        listener.mark_broken(1000)
        if end == len(speech):
            listener.finish()
        listener.reset()
        assert listener.ram[pointers:].tobytes() == new
        assert not listener.in_speech


def test_after_the_end_only_reset_helps(smallest: ModelFile, speech: Pcm) -> None:
    listener = HostListener(host_with(smallest))
    listener.finish()
    for call in (lambda: listener.process(speech), listener.finish, listener.mark_broken):
        with pytest.raises(LightSernetError, match="FINISHED"):
            call()
    listener.reset()
    assert len(events_in_c(listener, [speech])) == 5


def test_ram_is_what_the_planner_says(
    shipped: ModelFile, smallest: ModelFile, figure: object
) -> None:
    for file in (shipped, smallest):
        tables, record = front_end_tables(file.record.features), file.record
        ram = listener_ram_bytes(plan_network(file.graph), tables, record.decision)
        assert ram == HostListener(host_with(file)).ram.size
    assert callable(figure)
    figure(f"a listener of the model that ships: {HostListener(host_with(shipped)).ram.size} bytes")


def test_what_cannot_be_opened(smallest: ModelFile, smallest_host: HostModel) -> None:
    plan, record = plan_network(smallest.graph), smallest.record
    # A window of more than 31 hops.
    fine = front_end_tables(dataclasses.replace(record.features, hop_length=64))
    for tables in (None, fine):
        with pytest.raises(LightSernetError, match="NO_ENDPOINTING"):
            HostListener(HostModel(build_blob(plan, tables, record.labels)))
        assert listener_ram_bytes(plan, tables, record.decision) is None
    model = host_with(smallest)
    for wrong in (
        {"temperature": 0.0},
        {"temperature": float("nan")},
        {"temperature": float("inf")},
        {"step_hops": 0},
        {"thresholds": (ctypes.c_float * 5)(0, 0, 0, 0, 2.5)},
        {"thresholds": (ctypes.c_float * 5)(0, 0, 0, 0, float("nan"))},
    ):
        if "thresholds" in wrong:
            wrong["thresholds"] = ctypes.cast(wrong["thresholds"], ctypes.POINTER(ctypes.c_float))
        with pytest.raises(LightSernetError, match="BAD_SETTINGS"):
            HostListener(model, **wrong)


def test_null_pointers(smallest: ModelFile) -> None:
    model = host_with(smallest)
    listener = HostListener(model)
    engine, struct = model.library, ctypes.byref(model.struct)
    ram = aligned_bytes(listener.ram.size + 16)
    made = ctypes.c_void_p()
    callback = listener._callback

    def opened(*arguments: object) -> str:
        return STATUS_NAMES[engine.lsn_listener_open(*arguments)]

    at, size = ram.ctypes.data, listener.ram.size
    assert opened(ctypes.byref(made), struct, at, size, None, callback, None) == "OK"
    assert opened(None, struct, at, size, None, callback, None) == "BAD_ARGUMENT"
    assert opened(ctypes.byref(made), None, at, size, None, callback, None) == "BAD_ARGUMENT"
    assert opened(ctypes.byref(made), struct, None, size, None, callback, None) == "BAD_ARGUMENT"
    none = ctypes.cast(None, type(callback))
    assert opened(ctypes.byref(made), struct, at, size, None, none, None) == "BAD_ARGUMENT"
    empty = SettingsStruct(temperature=1.0, step_hops=1)
    settings_ = ctypes.byref(empty)
    assert opened(ctypes.byref(made), struct, at, size, settings_, callback, None) == "BAD_ARGUMENT"
    assert opened(ctypes.byref(made), struct, at + 4, size, None, callback, None) == "BAD_ALIGNMENT"
    assert opened(ctypes.byref(made), struct, at, size - 1, None, callback, None) == "RAM_TOO_SMALL"
    assert made.value is None
    bad = STATUS_NAMES.index("BAD_ARGUMENT")
    assert engine.lsn_listener_defaults(None, settings_) == bad
    assert engine.lsn_listener_defaults(struct, None) == bad
    assert engine.lsn_listener_process(None, at, 1) == bad
    assert engine.lsn_listener_process(listener._listener, None, 1) == bad
    assert engine.lsn_listener_mark_broken(None, 1) == bad
    assert engine.lsn_listener_finish(None) == bad
    assert engine.lsn_listener_ram_size(None, None) == 0
    assert engine.lsn_listener_ram_size(struct, None) == size
    assert engine.lsn_listener_in_speech(None) == 0
    assert engine.lsn_listener_stream(None) is None
    assert engine.lsn_listener_set_bias(None, None) == bad
    engine.lsn_listener_reset(None)
