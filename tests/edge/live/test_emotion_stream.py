"""`EmotionStream`: the same events however the audio is cut, and what it refuses."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lightsernet_edge import (
    UNCERTAIN,
    DecisionDefaults,
    EmotionRecognizer,
    EmotionStream,
    Event,
    InputError,
    LightSernetError,
)
from lightsernet_edge.endpointing.settings import EndpointSettings
from lightsernet_edge.live.stream import MODES
from lightsernet_edge.live.timeline import MAX_GAPS
from tests.places import CLIP_FILES

RATE, HOP = 16000, 256
LARGEST_CHUNK = 48000
Pcm = NDArray[np.int16]
# Of each mode one stream, used again and again: `reset` is tested thereby.
VARIANTS: dict[str, dict[str, object]] = {
    "utterance": {"provisional": True},
    "continuous": {"mode": "continuous"},
    "adapting": {"adapt": True, "provisional": True},
    "native": {"engine": "native", "provisional": True},
    "native continuous": {"engine": "native", "mode": "continuous"},
}


def spoken(clips: list[Path]) -> Pcm:
    """Clips with a second of faint noise before, between and after them."""
    random = np.random.default_rng(5)
    parts = []
    for clip in clips:
        parts += [random.normal(0, 3, RATE), soundfile.read(clip, dtype="int16")[0]]
    return np.concatenate([*parts, random.normal(0, 3, RATE)]).astype(np.int16)


@pytest.fixture(scope="module")
def speech() -> Pcm:
    return spoken(CLIP_FILES[:3])


@pytest.fixture(scope="module")
def streams() -> dict[str, EmotionStream]:
    return {name: EmotionStream(**arguments) for name, arguments in VARIANTS.items()}  # type: ignore[arg-type]


def events_of(stream: EmotionStream, chunks: list[NDArray[np.generic]]) -> list[Event]:
    return [event for chunk in chunks for event in stream.process(chunk)] + stream.finish()


def fresh(streams: dict[str, EmotionStream], name: str) -> EmotionStream:
    if name == "adapting":  # what it learned stays: only a new one knows nothing
        return EmotionStream(**VARIANTS[name])  # type: ignore[arg-type]
    streams[name].reset()
    return streams[name]


@pytest.mark.parametrize("name", VARIANTS)
@settings(max_examples=8)
@given(data=st.data())
def test_any_chunks_give_the_same_events(
    name: str, data: st.DataObject, speech: Pcm, streams: dict[str, EmotionStream]
) -> None:
    whole = events_of(fresh(streams, name), [speech])
    assert len(whole) >= 3
    # Small and large ones alike: by powers of two.
    size = st.integers(0, 15).flatmap(lambda e: st.integers(2**e, min(2 ** (e + 1), LARGEST_CHUNK)))
    sizes = data.draw(st.lists(size, min_size=1, max_size=40))
    edges = np.cumsum(sizes)
    chunks = np.split(speech, edges[edges < speech.size])
    assert events_of(fresh(streams, name), list(chunks)) == whole


@pytest.mark.parametrize("name", VARIANTS)
def test_single_samples_give_the_same_events(name: str, streams: dict[str, EmotionStream]) -> None:
    samples = spoken(CLIP_FILES[:1])[: 3 * RATE]
    whole = events_of(fresh(streams, name), [samples])
    assert whole
    chunks: list[NDArray[np.generic]] = [samples[i : i + 1] for i in range(samples.size)]
    assert events_of(fresh(streams, name), chunks) == whole


def test_utterances_are_what_classify_says_of_them(tmp_path: Path, speech: Pcm) -> None:
    soundfile.write(tmp_path / "speech.wav", speech, RATE)
    events = events_of(EmotionStream(), [speech])
    recognizer = EmotionRecognizer()
    emotions = recognizer.classify_utterances(tmp_path / "speech.wav")
    assert [event.emotion for event in events] == emotions
    for emotion in emotions:
        start, end = round(emotion.start_s * RATE), round(emotion.end_s * RATE)
        again = recognizer.classify_samples(speech[start:end], RATE, emotion.start_s, whole=True)
        assert again.posteriors == emotion.posteriors


def test_native_events_are_the_c_engine_on_the_samples(speech: Pcm) -> None:
    """Front end included: pushed to lsn_push in one go, the same integers."""
    from lightsernet_edge.model.file import default_model_path, read_model
    from lightsernet_firmware.firmware_model import FirmwareModel
    from lightsernet_firmware.host.stream import HostModel

    file = read_model(default_model_path())
    stream = HostModel(FirmwareModel(file).blob).stream()
    events = events_of(EmotionStream(engine="native"), [speech])
    assert len(events) == 3
    for event in events:
        start, end = (round(t * RATE) for t in (event.emotion.start_s, event.emotion.end_s))
        stream.reset()
        stream.push(speech[start:end])
        stream.finish()
        result = stream.result()
        assert result is not None
        output = file.graph.output.quantization
        assert output is not None
        raw = output.dequantize(result[1])
        labels = file.record.labels
        expected = file.record.decision.rule(labels).calibrated(raw)[: len(labels)]
        assert list(event.emotion.posteriors.values()) == expected.tolist()


def test_provisional_events_come_while_the_utterance_lasts(speech: Pcm) -> None:
    events = events_of(EmotionStream(provisional=True), [speech])
    kinds = [event.kind for event in events]
    assert kinds.count("utterance") == 3
    assert kinds.count("provisional") >= 3
    for event, after in pairwise(events):
        if event.kind == "provisional":
            assert after.emotion.start_s == event.emotion.start_s
            assert after.emotion.end_s >= event.emotion.end_s
    plain = events_of(EmotionStream(), [speech])
    assert [event for event in events if event.kind == "utterance"] == plain


def test_an_event_comes_when_the_hang_over_is_over() -> None:
    samples = spoken(CLIP_FILES[:1])
    stream = EmotionStream()
    hang_over = stream._constants.hang_over
    for start in range(0, samples.size, HOP):
        for event in stream.process(samples[start : start + HOP]):
            heard = (start + HOP) / RATE
            margin = stream._constants.after * HOP / RATE
            assert heard - event.emotion.end_s == pytest.approx(
                hang_over * HOP / RATE - margin, abs=1e-9
            )
            return
    pytest.fail("no event")


def test_reset_gives_the_state_of_a_new_stream(speech: Pcm) -> None:
    for mode in MODES:
        used = EmotionStream(mode=mode)
        used.process(spoken(CLIP_FILES[3:5])[:-777])
        used.mark_broken(500)
        used.reset()
        assert (used.time_s, used.in_speech, used.level_db) == (0.0, False, -120.0)
        assert events_of(used, [speech]) == events_of(EmotionStream(mode=mode), [speech])


def test_float_samples_are_rounded_to_the_same(speech: Pcm) -> None:
    stream = EmotionStream()
    expected = events_of(stream, [speech])
    for kind in (np.float32, np.float64):
        stream.reset()
        assert events_of(stream, [(speech / 32768).astype(kind)]) == expected
    stream.reset()
    stream.process(np.array([1.0, -1.0], np.float32))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (np.array([0.0, np.nan], np.float32), "NaN"),
        (np.array([0.0, -np.inf], np.float32), "NaN or Inf"),
        (np.array([0.0, 1.5], np.float32), r"1\.5.*-1\.\.1"),
        (np.array([0.0, -32768.0]), "-1..1"),
        (np.zeros((10, 1), np.int16), "one dimension"),
        (np.int16(3), "one dimension"),
        (np.zeros(10, np.int32), "int32"),
        (np.zeros(10, np.uint8), "uint8"),
        (np.zeros(10, np.complex64), "complex64"),
        (np.zeros(10, np.dtype(np.int16).newbyteorder("S")), "expected int16"),
        (np.array(["a"]), "expected int16"),
        ([1, 2, 3], "int64"),
    ],
)
def test_wrong_samples_are_refused_and_change_nothing(
    wrong: object, message: str, speech: Pcm, streams: dict[str, EmotionStream]
) -> None:
    stream = fresh(streams, "utterance")
    expected = events_of(stream, [speech])
    stream.reset()
    half = speech.size // 2
    events = stream.process(speech[:half])
    with pytest.raises(InputError, match=message):
        stream.process(wrong)  # type: ignore[arg-type]
    assert events + stream.process(speech[half:]) + stream.finish() == expected


def test_nothing_is_no_error(streams: dict[str, EmotionStream]) -> None:
    stream = fresh(streams, "utterance")
    assert stream.process([]) == []
    assert stream.process(np.empty(0, np.float32)) == []
    assert stream.finish() == stream.finish() == []


def test_after_the_end(speech: Pcm) -> None:
    stream = EmotionStream()
    stream.finish()
    with pytest.raises(LightSernetError, match="finished"):
        stream.process(speech)
    with pytest.raises(LightSernetError, match="finished"):
        stream.mark_broken(3)
    stream.reset()
    with stream:
        assert stream.process(speech[: 2 * RATE]) == []
    calls = (lambda: stream.process(speech), stream.finish, stream.reset, stream.mark_broken)
    for call in calls:
        with pytest.raises(LightSernetError, match="closed"):
            call()


def signals() -> dict[str, Pcm]:
    random = np.random.default_rng(1)
    time = np.arange(45 * RATE) / RATE
    buzz = np.sum([np.sin(2 * np.pi * 150 * k * time) / k for k in range(1, 20)], axis=0)
    return {
        "silence": np.zeros(45 * RATE, np.int16),
        "constant": np.full(45 * RATE, -32768, np.int16),
        "vowel": np.rint(20000 * buzz / np.abs(buzz).max()).astype(np.int16),
        "clipping": random.choice([-32768, 32767], 45 * RATE).astype(np.int16),
    }


@pytest.mark.parametrize("signal", signals().values(), ids=signals())
@pytest.mark.parametrize("name", ["utterance", "continuous", "native"])
def test_endless_signals_end(
    name: str, signal: Pcm, speech: Pcm, streams: dict[str, EmotionStream]
) -> None:
    """Little is said of them, in bounded stretches, and speech after them is heard."""
    stream = fresh(streams, name)
    events = stream.process(signal)
    assert not stream.in_speech
    maximum = EndpointSettings().maximum_s
    assert all(e.emotion.end_s - e.emotion.start_s <= maximum for e in events)
    assert sum(event.kind == "utterance" for event in events) <= 1
    pause = np.zeros(4 * RATE, np.int16)
    later = stream.process(pause) + stream.process(speech) + stream.finish()
    spoken_from = (signal.size + pause.size) / RATE
    starts = {e.emotion.start_s for e in later if e.kind == "utterance"}
    assert name == "continuous" or len([s for s in starts if s > spoken_from]) == 3


def test_lost_samples(speech: Pcm) -> None:
    stream = EmotionStream()
    whole = events_of(stream, [speech])
    first, second = whole[0].emotion, whole[1].emotion
    inside = round((first.start_s + first.end_s) / 2 * RATE)
    stream.reset()
    events = stream.process(speech[:inside])
    stream.mark_broken(160)
    events += stream.process(speech[inside:]) + stream.finish()
    assert [event.broken for event in events] == [True, False, False]
    assert events[0].emotion.posteriors == first.posteriors
    assert events[0].emotion.start_s == first.start_s
    assert events[0].emotion.end_s == pytest.approx(first.end_s + 0.01)
    assert events[1].emotion.start_s == pytest.approx(second.start_s + 0.01)


def test_a_long_gap_ends_the_utterance(speech: Pcm) -> None:
    said: list[Event] = []
    stream = EmotionStream(callback=said.append)
    first = events_of(stream, [speech])[0].emotion
    inside = round((first.start_s + first.end_s) / 2 * RATE)
    stream.reset()
    said.clear()
    assert stream.process(speech[:inside]) == []
    assert stream.in_speech
    stream.mark_broken(10 * RATE)
    assert not stream.in_speech
    events = stream.process(speech[inside:]) + stream.finish()
    assert events == said
    assert len(events) == 4
    assert events[0].emotion.end_s <= inside / RATE
    # Cut off, and begun too late.
    assert [event.broken for event in events] == [True, True, False, False]
    assert events[1].emotion.start_s >= 10 + inside / RATE
    assert stream.time_s * RATE == pytest.approx(10 * RATE + speech.size, abs=HOP)
    stream.reset()
    with pytest.raises(InputError, match="lost_samples"):
        stream.mark_broken(-1)


def test_many_gaps_take_no_memory(speech: Pcm) -> None:
    stream = EmotionStream()
    for start in range(0, speech.size, 160):
        stream.process(speech[start : start + 160])
        stream.mark_broken(1)
    assert stream.time_s == pytest.approx((speech.size + -(-speech.size // 160)) / RATE)
    assert len(stream._timeline._indices) <= MAX_GAPS


def test_thresholds_make_uncertain_events(speech: Pcm) -> None:
    labels = EmotionStream().labels
    never = DecisionDefaults(thresholds=dict.fromkeys(labels, 1.0))
    for mode in MODES:
        events = events_of(EmotionStream(mode=mode, decision=never), [speech])
        assert {event.emotion.label for event in events} == {UNCERTAIN}
        assert all(e.emotion.confidence == max(e.emotion.posteriors.values()) for e in events)


def test_callback_and_async_iteration(speech: Pcm) -> None:
    said: list[Event] = []
    stream = EmotionStream(callback=said.append)
    expected = events_of(stream, [speech])
    assert said == expected

    async def source() -> AsyncIterator[Pcm]:
        for start in range(0, speech.size, 1000):
            yield speech[start : start + 1000]

    async def heard() -> list[Event]:
        return [event async for event in stream.events(source())]

    stream.reset()
    assert asyncio.run(heard()) == expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "both"},
        {"mode": "continuous", "provisional": True},
        {"mode": "continuous", "adapt": True},
        {"threads": 0},
        {"engine": "magic"},
    ],
)
def test_wrong_arguments(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        EmotionStream(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["utterance", "continuous", "native"])
def test_process_does_not_grow(
    name: str, streams: dict[str, EmotionStream], figure: Callable[[str], None]
) -> None:
    """What Python holds stays the same, however often the same speech comes again."""
    stream, speech = fresh(streams, name), spoken(CLIP_FILES[:1])
    for _ in range(3):
        stream.process(speech)
    tracemalloc.start()
    try:
        stream.process(speech)
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(4):
            stream.process(speech)
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    figure(f"{name}: {after - before} bytes more after {4 * speech.size / RATE:.0f} s")
    # Less than the samples of one hop a second.
    assert after - before < 20_000


def test_a_callback_that_raises_costs_no_audio(speech: Pcm) -> None:
    plain = EmotionStream()
    expected = events_of(plain, [speech])
    said: list[Event] = []

    def say(event: Event) -> None:
        said.append(event)
        if len(said) == 1:
            raise ZeroDivisionError

    stream = EmotionStream(callback=say)
    with pytest.raises(ZeroDivisionError):
        stream.process(speech)
    assert stream.time_s == pytest.approx(speech.size / RATE)
    assert stream.finish() == expected[1:]
    assert said == expected
