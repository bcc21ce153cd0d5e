"""What a live stream costs, and what its two modes say of the same audio.

Usage: python benchmarks/live.py cost [--engines litert,native] [--minutes 60] [--json]
       python benchmarks/live.py modes --data DIR --speakers 13,15 --model MODEL
                                       [--engines litert,native] [--json]

``cost`` feeds the sample clips with pauses of a second between them, over and over,
to a stream, 100 ms at a time, and measures CPU time against audio time, the time
that the call takes which returns an utterance's event, and memory. ``modes`` puts the
clips of EMO-DB speakers into one recording, with pauses of a second, and scores both
modes on it: of an utterance, the label of its event, and in continuous mode the label
that holds when it ends. Engines after the first are compared with it, continuous event
by continuous event.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import statistics
import time
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from lightsernet_edge import Emotion, EmotionStream, Event
from lightsernet_edge.audio.recording import as_pcm16, read_recording
from lightsernet_trainer.datasets import emodb

RATE = 16000
BLOCK = RATE // 10
CLIPS = Path(__file__).parents[1] / "examples" / "clips"
# After this share of the audio memory has settled; growth is counted from here.
SETTLED = 0.1
# The part of the audio that is fed once more under tracemalloc, which slows all down.
TRACED_S = 120.0


def clips_with_pauses() -> NDArray[np.int16]:
    """Join the sample clips, with the faint noise of a quiet room in between."""
    random = np.random.default_rng(0)
    parts = []
    for path in sorted(CLIPS.glob("*.wav")):
        parts += [np.rint(random.normal(0, 3, RATE)), soundfile.read(path, dtype="int16")[0]]
    return np.concatenate(parts).astype(np.int16)


def resident_bytes() -> int:
    """Return the memory that the process holds in RAM now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def cost(engine: str, minutes: float) -> dict[str, Any]:
    """Feed a stream and measure."""
    audio = clips_with_pauses()
    stream = EmotionStream(engine=engine)
    blocks = [audio[i : i + BLOCK] for i in range(0, audio.size, BLOCK)]
    rounds = max(2, round(minutes * 60.0 * RATE / audio.size))
    event_ms, plain_ms, resident = [], [], []
    begun = time.process_time()
    for turn in range(rounds):
        for block in blocks:
            before = time.perf_counter()
            events = stream.process(block)
            elapsed = 1000.0 * (time.perf_counter() - before)
            (event_ms if events else plain_ms).append(elapsed)
        if turn >= SETTLED * rounds:
            resident.append(resident_bytes())
    cpu = time.process_time() - begun
    gc.collect()
    tracemalloc.start()
    traced = []
    for _ in range(max(2, round(TRACED_S * RATE / audio.size))):
        for block in blocks:
            stream.process(block)
        gc.collect()
        traced.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    return {
        "engine": engine,
        "audio_s": rounds * audio.size / RATE,
        "utterances": len(event_ms),
        "cpu_share_of_real_time": cpu * RATE / (rounds * audio.size),
        "event_ms_median": statistics.median(event_ms),
        "event_ms_p99": float(np.percentile(event_ms, 99)),
        "other_ms_median": statistics.median(plain_ms),
        "resident_mib_settled": resident[0] / 2**20,
        "resident_mib_end": resident[-1] / 2**20,
        "traced_growth_bytes": traced[-1] - traced[0],
    }


def modes(data: Path, speakers: list[str], model: Path, engines: list[str]) -> list[dict[str, Any]]:
    """Score both modes on the same audio, with each engine."""
    parts, truth, length = [np.zeros(RATE, np.int16)], [], RATE
    for clip in emodb.read(data / "emodb").clips:
        bounds = emodb.speech_bounds(clip.path)
        if clip.speaker in speakers and bounds is not None:
            samples = as_pcm16(read_recording(clip.path, RATE).samples)
            truth.append((length / RATE + bounds[0], length / RATE + bounds[1], clip.label))
            parts += [samples, np.zeros(RATE, np.int16)]
            length += samples.size + RATE
    audio = np.concatenate(parts)
    running = [_events(EmotionStream(model, engine=e, mode="continuous"), audio) for e in engines]
    rows = []
    for engine, events in zip(engines, running, strict=True):
        whole = _events(EmotionStream(model, engine=engine), audio)
        rows.append({"engine": engine, **_scores(truth, whole, events)})
        if events is not running[0]:
            rows[-1] |= _beside(running[0], events)
    return rows


def _scores(
    truth: list[tuple[float, float, str]], whole: list[Event], running: list[Event]
) -> dict[str, Any]:
    utterance = [_label(_overlapping(whole, a, b)) == label for a, b, label in truth]
    # What holds when the speaker stops: the last event before the hang-over is over.
    held = [
        _label([event for event in running if a < event.emotion.end_s <= b + 0.5]) == label
        for a, b, label in truth
    ]
    first = [
        min(event.emotion.end_s for event in running if a < event.emotion.end_s <= b + 0.5) - a
        for a, b, _ in truth
        if any(a < event.emotion.end_s <= b + 0.5 for event in running)
    ]
    during = [
        event.emotion.label == label
        for a, b, label in truth
        for event in running
        if a + 1.0 <= event.emotion.end_s <= b
    ]
    return {
        "utterances": len(truth),
        "utterance_wa": float(np.mean(utterance)),
        "continuous_wa_at_the_end": float(np.mean(held)),
        "both_right": float(np.mean(np.logical_and(utterance, held))),
        "utterances_with_continuous_events": len(first),
        "first_continuous_event_s": statistics.median(first),
        "continuous_events_in_speech": len(during),
        "continuous_events_right": float(np.mean(during)),
    }


def _beside(first: list[Event], others: list[Event]) -> dict[str, Any]:
    """Compare the continuous events that two engines have at the same time."""
    # In the hang-over several end at the same time; what one engine lacks are the early ones.
    at: dict[float, list[Emotion]] = {}
    for event in first:
        at.setdefault(event.emotion.end_s, []).append(event.emotion)
    pairs = [(at[e.emotion.end_s].pop(), e.emotion) for e in reversed(others)]
    apart = [
        max(abs(a.posteriors[label] - b.posteriors[label]) for label in a.posteriors)
        for a, b in pairs
    ]
    return {
        "continuous_events": len(others),
        "continuous_events_of_the_first_engine": len(first),
        "same_label": float(np.mean([a.label == b.label for a, b in pairs])),
        "largest_posterior_difference_median": statistics.median(apart),
    }


def _events(stream: EmotionStream, audio: NDArray[np.int16]) -> list[Event]:
    return stream.process(audio) + stream.finish()


def _overlapping(events: list[Event], start_s: float, end_s: float) -> list[Event]:
    return [
        event
        for event in events
        if min(event.emotion.end_s, end_s) - max(event.emotion.start_s, start_s) > 0.0
    ]


def _label(events: list[Event]) -> str | None:
    return events[-1].emotion.label if events else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    of_cost = commands.add_parser("cost")
    of_cost.add_argument("--engines", default="litert,native")
    of_cost.add_argument("--minutes", type=float, default=60.0)
    of_modes = commands.add_parser("modes")
    of_modes.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help="folder that holds emodb"
    )
    of_modes.add_argument("--speakers", default="13,15")
    of_modes.add_argument("--model", type=Path, required=True)
    of_modes.add_argument("--engines", default="litert,native")
    for command in (of_cost, of_modes):
        command.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.command == "cost":
        rows = [cost(engine, options.minutes) for engine in options.engines.split(",")]
    else:
        speakers, engines = options.speakers.split(","), options.engines.split(",")
        rows = modes(options.data, speakers, options.model, engines)
    for row in rows:
        if options.json:
            print(json.dumps(row))
            continue
        for name, value in row.items():
            print(f"{name:30} {value:.4g}" if isinstance(value, float) else f"{name:30} {value}")
        print()


if __name__ == "__main__":
    main()
