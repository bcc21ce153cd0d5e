"""Endpointing in C: the spans of `lightsernet_edge.endpointing.detector`, whatever the audio."""

from __future__ import annotations

import ctypes
import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lightsernet_edge.endpointing.detector import Endpointer, HopLevels, find_utterances, levels
from lightsernet_edge.endpointing.settings import EndpointConstants, EndpointSettings
from lightsernet_firmware.host.stream import library

Pcm = NDArray[np.int16]
RATE, HOP = 16000, 256
USUAL = EndpointConstants.of(EndpointSettings(), RATE, HOP)
TOP = 54 * 256


class State(ctypes.Structure):
    """``lsn_endpointer``, as far as it is compared."""

    _fields_ = (
        ("hops", ctypes.c_uint32),
        ("in_speech", ctypes.c_uint32),
        ("start", ctypes.c_uint32),
        ("end", ctypes.c_uint32),
        ("rest", ctypes.c_uint32 * 256),
    )


class InC:
    """The C state machine and its levels."""

    def __init__(self, constants: EndpointConstants) -> None:
        engine = library()
        self._step, self._finish = engine.lsn_endpointer_step, engine.lsn_endpointer_finish
        self._level = engine.lsn_hop_level
        self._hop = constants.hop_length
        words = np.array(dataclasses.astuple(constants), np.int32)
        self._constants = words
        self.state = State()

    def level(self, hop: Pcm) -> int:
        assert hop.size == self._hop
        return int(self._level(*self._both(), hop.ctypes.data_as(ctypes.c_void_p)))

    def step(self, level: int) -> tuple[int, int] | None:
        return self._span(self._step(*self._both(), ctypes.c_int32(level)))

    def finish(self) -> tuple[int, int] | None:
        return self._span(self._finish(ctypes.byref(self.state)))

    def _both(self) -> tuple[Any, Any]:
        return self._constants.ctypes.data_as(ctypes.c_void_p), ctypes.byref(self.state)

    def _span(self, ended: int) -> tuple[int, int] | None:
        return (self.state.start, self.state.end) if ended else None


def spans_in_c(samples: Pcm, constants: EndpointConstants) -> list[tuple[int, int]]:
    pointer, hop = InC(constants), constants.hop_length
    found = [
        pointer.step(pointer.level(samples[start : start + hop]))
        for start in range(0, samples.size - hop + 1, hop)
    ]
    found.append(pointer.finish())
    return [(item[0] * hop, item[1] * hop) for item in found if item is not None]


@given(st.lists(st.integers(0, 2**52 - 1), min_size=1, max_size=50))
@example([0, 1, 2, 3, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**52 - 1])
def test_levels_of_energies(energies: list[int]) -> None:
    level = library().lsn_level_of_energy
    level.argtypes = [ctypes.c_uint64]
    assert [level(energy) for energy in energies] == levels(np.array(energies)).tolist()


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    amplitude=st.sampled_from([0, 1, 30, 1000, 32767]),
    hops=st.integers(1, 12),
    rate=st.sampled_from([8000, 16000, 22050, 44100, 48000]),
    hop=st.integers(1, 1024),
)
def test_levels_of_samples(seed: int, amplitude: int, hops: int, rate: int, hop: int) -> None:
    constants = dataclasses.replace(
        USUAL, hop_length=hop, half_wavelet=max(1, round(0.0005 * rate))
    )
    random = np.random.default_rng(seed)
    samples = random.integers(-amplitude - 1, amplitude + 1, hops * hop).astype(np.int16)
    pointer = InC(constants)
    found = [pointer.level(part) for part in samples.reshape(hops, hop)]
    assert found == HopLevels(constants).push(samples).tolist()


# Few hops to everything, so that every branch is taken often.
QUICK = st.builds(
    EndpointConstants,
    hop_length=st.just(HOP),
    half_wavelet=st.just(8),
    begin=st.integers(0, 1000),
    last=st.integers(0, 1000),
    range=st.integers(0, 8000),
    begin_drop=st.integers(0, 4000),
    last_drop=st.integers(0, 4000),
    silence=st.integers(0, 5000),
    first_floor=st.integers(0, TOP),
    begin_share=st.integers(0, 256),
    last_share=st.integers(0, 256),
    release=st.integers(0, 20_000),
    speech=st.integers(1, 3),
    speech_window=st.integers(3, 31),
    hang_over=st.integers(4, 12),
    maximum=st.integers(1, 60),
    before=st.integers(0, 20),
    after=st.integers(0, 4),
    floor_block=st.integers(1, 10),
    floor_blocks=st.integers(1, 8),
)
RUNS = st.lists(st.tuples(st.integers(0, TOP), st.integers(1, 30)), max_size=30)


@settings(max_examples=300)
@given(
    constants=st.one_of(st.just(USUAL), QUICK),
    runs=RUNS,
    noise=st.integers(0, 600),
    seed=st.integers(0, 2**32 - 1),
    gaps=st.sets(st.integers(0, 600), max_size=4),
)
def test_any_levels_give_the_same_states(
    constants: EndpointConstants,
    runs: list[tuple[int, int]],
    noise: int,
    seed: int,
    gaps: set[int],
) -> None:
    """Also with gaps, after which the audio goes on."""
    random = np.random.default_rng(seed)
    steady = np.repeat([level for level, _ in runs], [length for _, length in runs])
    noisy = np.clip(steady + random.integers(-noise, noise + 1, steady.size), 0, TOP)
    ours, theirs = InC(constants), Endpointer(constants)
    for index, level in enumerate(noisy.astype(int).tolist()):
        if index in gaps:
            assert ours.finish() == theirs.finish()
        assert ours.step(level) == theirs.step(level)
        state = ours.state
        assert (state.hops, bool(state.in_speech)) == (theirs.hops, theirs.in_speech)
        assert (state.start, state.end) == (theirs.start, theirs.end)
    assert ours.finish() == theirs.finish()


def speech(emodb: Path, random: np.random.Generator, clips: int) -> Pcm:
    """Clips of any actors with pauses of 0.3 to 3 s."""
    import soundfile

    files = sorted((emodb / "wav").glob("*.wav"))
    parts = []
    for index in random.integers(0, len(files), clips):
        parts.append(np.zeros(int(random.uniform(0.3, 3.0) * RATE)))
        parts.append(soundfile.read(files[index], dtype="int16")[0].astype(float))
    return np.concatenate(parts)


@settings(max_examples=12)
@given(
    seed=st.integers(0, 2**32 - 1),
    gain=st.floats(0.02, 4.0),
    noise=st.sampled_from([0.0, 1.0, 30.0, 500.0, 5000.0]),
    times=st.fixed_dictionaries(
        {"hang_over_s": st.floats(0.1, 1.0), "maximum_s": st.floats(1.0, 15.0)}
    ),
)
def test_speech_in_noise_gives_the_same_spans(
    seed: int, gain: float, noise: float, times: dict[str, float], emodb: Path
) -> None:
    random = np.random.default_rng(seed)
    clean = speech(emodb, random, 5)
    noisy = gain * clean + random.normal(0.0, 1.0, clean.size) * noise
    samples = np.clip(np.rint(noisy), -32768, 32767).astype(np.int16)
    constants = EndpointConstants.of(EndpointSettings(**times), RATE, HOP)
    assert spans_in_c(samples, constants) == find_utterances(samples, constants)


def test_clips_with_pauses(emodb: Path, figure: object) -> None:
    samples = speech(emodb, np.random.default_rng(0), 60).astype(np.int16)
    spans = spans_in_c(samples, USUAL)
    assert callable(figure)
    figure(f"{samples.size / RATE:.0f} s of clips and pauses: {len(spans)} utterances")
    assert len(spans) >= 50
    assert spans == find_utterances(samples, USUAL)


@pytest.mark.parametrize("value", [0, -32768, 32767])
def test_nothing_but_a_constant(value: int) -> None:
    samples = np.full(4 * RATE, value, np.int16)
    assert spans_in_c(samples, USUAL) == find_utterances(samples, USUAL) == []


def test_the_last_hops_that_can_be_counted() -> None:
    """A listener takes hops up to 2**32 - 1: the same utterances there as anywhere."""
    heard = [1000] * 100 + [9000] * 60 + [1000] * 100 + [9000] * 40 + [1000] * 20
    states = []
    for first in (100_000, 2**32 - 1 - len(heard)):
        pointer = InC(dataclasses.replace(USUAL, hang_over=90, after=80))
        pointer.state.hops = first
        seen = []
        for level in heard:
            ended = pointer.step(level) is not None
            state = pointer.state
            speaks = bool(state.in_speech)
            span = (state.start - first, state.end - first) if speaks or ended else None
            seen.append((speaks, ended, span))
        states.append(seen)
    assert states[0] == states[1]
    assert [ended for _, ended, _ in states[0]].count(True) == 1
    assert states[0][-1][0]
