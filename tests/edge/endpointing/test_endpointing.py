"""Endpointing: its integers, and what it must never do."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lightsernet_edge import InputError
from lightsernet_edge.endpointing.detector import Endpointer, HopLevels, find_utterances, levels
from lightsernet_edge.endpointing.settings import (
    EndpointConstants,
    EndpointSettings,
    settings_from_json,
)
from lightsernet_trainer.datasets import emodb as emodb_reader

RATE, HOP = 16000, 256
SETTINGS = EndpointSettings()
CONSTANTS = EndpointConstants.of(SETTINGS, RATE, HOP)


def level_by_the_book(energy: int) -> int:
    """The routine of docs/reference/endpointing.md, line by line, in Python's integers."""
    if energy == 0:
        return 0
    e = energy.bit_length() - 1
    m = energy << (31 - e) if e <= 31 else energy >> (e - 31)
    level = e
    for _ in range(8):
        m = (m * m) >> 31
        b = m >> 32
        m >>= b
        level = 2 * level + b
    return level


@given(st.lists(st.integers(0, 2**52 - 1), min_size=1, max_size=50))
def test_levels_are_those_of_the_documented_routine(energies: list[int]) -> None:
    found = levels(np.array(energies))
    assert found.tolist() == [level_by_the_book(energy) for energy in energies]
    for energy, level in zip(energies, found.tolist(), strict=True):
        if energy:
            assert abs(level - 256 * math.log2(energy)) < 1.01


@given(st.integers(0, 51))
def test_levels_of_powers_of_two_are_exact(exponent: int) -> None:
    assert levels(np.array([2**exponent])).tolist() == [256 * exponent]


@given(st.integers(0, 2**32 - 1), st.integers(-32768, 32767))
def test_levels_are_of_the_wavelet_and_deaf_to_an_offset(seed: int, offset: int) -> None:
    random = np.random.default_rng(seed)
    samples = random.integers(-16384, 16384, 3 * HOP)
    padded = np.concatenate([np.full(16, samples[0]), samples])
    wavelet = np.concatenate([np.ones(8), -np.ones(8)])
    filtered = np.convolve(padded, wavelet)[16 : 16 + samples.size]
    energies = np.square(filtered.astype(np.int64)).reshape(3, HOP).sum(axis=1)
    expected = [level_by_the_book(int(energy)) for energy in energies]
    assert HopLevels(CONSTANTS).push(samples.astype(np.int16)).tolist() == expected
    moved = samples // 2 + offset // 2
    still = HopLevels(CONSTANTS).push((samples // 2).astype(np.int16))
    np.testing.assert_array_equal(HopLevels(CONSTANTS).push(moved.astype(np.int16)), still)


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 6), min_size=1, max_size=8))
def test_levels_do_not_depend_on_how_hops_come(seed: int, counts: list[int]) -> None:
    samples = np.random.default_rng(seed).integers(-32768, 32768, sum(counts) * HOP)
    pcm = samples.astype(np.int16)
    parts = np.split(pcm, np.cumsum(counts)[:-1] * HOP)
    portions = HopLevels(CONSTANTS)
    found = np.concatenate([portions.push(part) for part in parts])
    np.testing.assert_array_equal(found, HopLevels(CONSTANTS).push(pcm))


def test_the_largest_energy_has_room() -> None:
    square = np.where(np.arange(HOP * 2) // 8 % 2 == 0, 32767, -32768).astype(np.int16)
    level = int(HopLevels(CONSTANTS).push(square)[1])
    # A triangle through the wavelet, 2^19 high: a third of that, squared, in 256 samples.
    assert level == pytest.approx(256 * math.log2(2**38 / 3 * 256), abs=32)


@given(st.lists(st.integers(0, 48 * 256), max_size=400), st.integers(0, 2**32 - 1))
def test_utterances_are_in_order_and_bounded(found: list[int], seed: int) -> None:
    # Levels in runs, as speech has them, between the arbitrary ones.
    random = np.random.default_rng(seed)
    runs = np.repeat(random.integers(0, 48 * 256, 40), random.integers(1, 60, 40)).tolist()
    endpointer = Endpointer(CONSTANTS)
    ended, before = 0, 0
    for level in [*found, *runs]:
        utterance = endpointer.step(level)
        if endpointer.in_speech:
            assert ended <= endpointer.start <= endpointer.end <= endpointer.hops
            assert endpointer.hops - endpointer.start < CONSTANTS.maximum
            # What a stream must keep.
            assert endpointer.hops - endpointer.end < CONSTANTS.hops_kept
            assert endpointer.start >= endpointer.hops - CONSTANTS.hops_kept or before > 0
            before = endpointer.end
        if utterance is not None:
            start, end = utterance
            assert ended <= start < end <= endpointer.hops
            assert end - start <= CONSTANTS.maximum
            ended, before = end, 0


def test_reset_gives_a_new_one() -> None:
    used = Endpointer(CONSTANTS)
    for level in np.random.default_rng(0).integers(0, 48 * 256, 1000).tolist():
        used.step(level)
    used.reset()
    new = Endpointer(CONSTANTS)
    for level in np.random.default_rng(1).integers(0, 48 * 256, 1000).tolist():
        assert used.step(level) == new.step(level)
    assert (used.floor, used.peak, used.start, used.end) == (
        new.floor,
        new.peak,
        new.start,
        new.end,
    )


def noise(seconds: float, rms: float, seed: int = 0) -> NDArray[np.int16]:
    samples = np.random.default_rng(seed).normal(0, rms, int(seconds * RATE))
    return np.clip(np.rint(samples), -32768, 32767).astype(np.int16)


def vowel(seconds: float, amplitude: float) -> NDArray[np.int16]:
    """A steady buzz: harmonics of 120 Hz."""
    time = np.arange(int(seconds * RATE)) / RATE
    wave = sum(np.sin(2 * np.pi * 120 * k * time + k) / k for k in range(1, 25))
    return np.rint(amplitude * wave / np.abs(wave).max()).astype(np.int16)


def test_silence_is_no_speech() -> None:
    assert find_utterances(np.zeros(60 * RATE, np.int16), CONSTANTS) == []
    assert find_utterances(np.full(60 * RATE, 12345, np.int16), CONSTANTS) == []
    assert find_utterances(np.zeros(0, np.int16), CONSTANTS) == []


@pytest.mark.parametrize("rms", [0.5, 5.0, 100.0, 3000.0])
def test_steady_noise_is_no_speech_for_long(rms: float) -> None:
    """From the start of a stream, and set in after silence: at most one short event."""
    for before in (np.zeros(0, np.int16), np.zeros(5 * RATE, np.int16)):
        spans = find_utterances(np.concatenate([before, noise(60, rms)]), CONSTANTS)
        assert len(spans) <= 1
        assert all(end - start < 4 * RATE for start, end in spans)


def test_an_endless_vowel_ends_and_speech_is_found_after_it() -> None:
    samples = np.concatenate(
        [
            np.zeros(RATE, np.int16),
            vowel(40, 8000),
            np.zeros(4 * RATE, np.int16),
            vowel(1, 8000),
            np.zeros(RATE, np.int16),
        ]
    )
    spans = find_utterances(samples, CONSTANTS)
    assert spans[0][0] == pytest.approx(RATE, abs=0.15 * RATE)
    assert all(end - start <= CONSTANTS.maximum * HOP for start, end in spans)
    assert spans[-1] == pytest.approx((45 * RATE, 46 * RATE), abs=0.15 * RATE)
    assert len(spans) == 2


def test_a_babble_that_never_pauses_is_cut_at_the_maximum() -> None:
    """Louder and quieter ten times a second, so that the floor never catches up."""
    time = np.arange(60 * RATE) / RATE
    babble = noise(60, 2000) * (np.sin(2 * np.pi * 5 * time) > -0.5)
    spans = find_utterances(babble.astype(np.int16), CONSTANTS)
    lengths = [end - start for start, end in spans]
    assert max(lengths) <= CONSTANTS.maximum * HOP
    assert sum(lengths) > 0.9 * len(babble)
    assert lengths[1:-1] == [CONSTANTS.maximum * HOP] * (len(lengths) - 2)


def test_full_scale_clipping() -> None:
    random = np.random.default_rng(2)
    burst = random.choice([-32768, 32767], RATE).astype(np.int16)
    quiet = np.zeros(2 * RATE, np.int16)
    spans = find_utterances(np.concatenate([quiet, burst, quiet]), CONSTANTS)
    assert len(spans) == 1
    assert spans[0] == pytest.approx((2 * RATE, 3 * RATE), abs=0.15 * RATE)


def clips_with_pauses(emodb: Path, pause_s: float) -> tuple[NDArray[np.int16], list[float]]:
    """Two clips of each actor, with pauses of digital silence; and the labelled bounds."""
    parts, bounds = [np.zeros(RATE, np.int16)], []
    length = RATE
    for speaker in ("03", "08", "09", "10", "11", "12", "13", "14", "15", "16"):
        paths = sorted((emodb / "wav").glob(f"{speaker}a*.wav"))
        for path in [path for path in paths if emodb_reader.speech_bounds(path)][3:5]:
            labelled = emodb_reader.speech_bounds(path)
            assert labelled is not None
            samples, _ = soundfile.read(path, dtype="int16")
            bounds += [length / RATE + time for time in labelled]
            parts += [samples, np.zeros(int(pause_s * RATE), np.int16)]
            length += samples.size + int(pause_s * RATE)
    return np.concatenate(parts), bounds


@pytest.mark.parametrize("gain_db", [0.0, -24.0, 6.0])
def test_real_clips_with_pauses(emodb: Path, gain_db: float, figure: object) -> None:
    samples, bounds = clips_with_pauses(emodb, 1.0)
    gained = np.clip(np.rint(samples * 10 ** (gain_db / 20)), -32768, 32767).astype(np.int16)
    spans = find_utterances(gained, CONSTANTS)
    assert len(spans) == len(bounds) // 2
    errors = np.array(spans).ravel() / RATE - bounds
    assert callable(figure)
    figure(f"{gain_db:+.0f} dB: largest boundary error {1000 * np.abs(errors).max():.0f} ms")
    assert np.abs(errors).max() < 0.15 if gain_db == 0 else np.mean(np.abs(errors) < 0.15) > 0.9


@pytest.mark.parametrize(
    "wrong",
    [
        {"hang_over_s": 0},
        {"begin_db": "9"},
        {"begin_db": True},
        {"maximum_s": 31},
        {"maximum_s": math.nan},
        {"last_db": 12.0},
        {"speech_s": 0.4},
        {"after_s": 0.5, "hang_over_s": 0.4},
    ],
)
def test_settings_out_of_range(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError, match="endpointing"):
        settings_from_json(wrong)


def test_settings_of_a_newer_version_are_read() -> None:
    assert settings_from_json({"hang_over_s": 0.7, "later": 1}) == EndpointSettings(hang_over_s=0.7)


@given(st.sampled_from([8000, 16000, 22050, 44100, 48000]), st.integers(64, 1024))
def test_constants_at_other_rates(rate: int, hop: int) -> None:
    settings = EndpointSettings(speech_window_s=0.03, speech_s=0.02)
    constants = EndpointConstants.of(settings, rate, hop)
    assert constants.hang_over * hop / rate == pytest.approx(
        settings.hang_over_s, abs=hop / rate / 2 + 1e-9
    )
    assert 1 <= constants.speech <= constants.speech_window <= 31
