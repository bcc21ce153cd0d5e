"""Streams give what the whole clip gives, whatever the chunks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lightsernet_edge import InputError
from lightsernet_edge.audio.recording import read_recording
from lightsernet_edge.features import RECIPES, FrontEnd, recipe
from lightsernet_edge.model.quantization import Quantization

CAUSAL = [name for name, spec in RECIPES.items() if spec.is_causal]
# A quantisation that gives steps of a size real models have.
STEPS = Quantization(0.0392, 3)


def streamed(
    front_end: FrontEnd, samples: NDArray[np.float64], cuts: list[int]
) -> NDArray[np.float64]:
    stream = front_end.stream()
    return np.concatenate([stream.push(part) for part in np.split(samples, cuts)])


def assert_same(ours: NDArray[np.float64], whole: NDArray[np.float64]) -> None:
    assert np.isfinite(whole).all()
    np.testing.assert_allclose(ours, whole, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(STEPS.quantize(ours), STEPS.quantize(whole))


@pytest.mark.parametrize("name", CAUSAL)
@settings(max_examples=40, deadline=None)
@given(
    length=st.integers(0, 9000),
    cuts=st.lists(st.integers(0, 9000), max_size=30),
    seed=st.integers(0, 2**31),
    level_db=st.floats(-80.0, 6.0),
)
def test_any_chunks(name: str, length: int, cuts: list[int], seed: int, level_db: float) -> None:
    random = np.random.default_rng(seed)
    samples = np.clip(random.normal(0.0, 10 ** (level_db / 20), length), -1.0, 1.0)
    samples *= np.sin(np.arange(length) / 3000.0) ** 2
    front_end = FrontEnd(recipe(name))
    cuts = sorted(min(cut, length) for cut in cuts)
    assert_same(streamed(front_end, samples, cuts), front_end.features(samples))


@pytest.mark.parametrize("name", CAUSAL)
@pytest.mark.parametrize("chunk", [1, 255, 256, 1023, 1024, 1025, 48000])
def test_equal_chunks_of_speech(name: str, chunk: int, some_clips: list[Path]) -> None:
    samples = read_recording(some_clips[5], 16000).samples[:24000]
    front_end = FrontEnd(recipe(name))
    cuts = list(range(chunk, len(samples), chunk))
    assert_same(streamed(front_end, samples, cuts), front_end.features(samples))


@pytest.mark.parametrize("name", CAUSAL)
def test_odd_signals_in_chunks(name: str, odd_signals: dict[str, NDArray[np.float64]]) -> None:
    front_end = FrontEnd(recipe(name))
    for samples in odd_signals.values():
        assert_same(streamed(front_end, samples, [1, 700, 5000]), front_end.features(samples))


@pytest.mark.parametrize("name", CAUSAL)
@given(length=st.integers(0, 200_000))
def test_number_of_frames(name: str, length: int) -> None:
    expected = 0 if length < 1024 else 1 + (length - 1024) // 256
    assert recipe(name).n_frames(length) == expected


@pytest.mark.parametrize("name", CAUSAL)
@pytest.mark.parametrize("length", [0, 1, 1023, 1024, 1025, 1279, 1280, 48000])
def test_rows_are_the_number_of_frames(name: str, length: int) -> None:
    front_end = FrontEnd(recipe(name))
    assert len(front_end.features(np.zeros(length))) == front_end.spec.n_frames(length)


def test_reset_is_a_new_stream() -> None:
    front_end = FrontEnd(recipe("edge"))
    stream = front_end.stream()
    random = np.random.default_rng(0)
    stream.push(random.normal(0, 1, 5000))
    stream.reset()
    samples = random.normal(0, 0.01, 5000)
    np.testing.assert_array_equal(stream.push(samples), front_end.stream().push(samples))


def test_int16_and_float_are_the_same_audio() -> None:
    samples = np.random.default_rng(0).integers(-32768, 32768, 4000).astype(np.int16)
    front_end = FrontEnd(recipe("edge"))
    np.testing.assert_array_equal(
        front_end.features(samples), front_end.features(samples / 32768.0)
    )


def test_a_recipe_that_needs_the_whole_clip_refuses_to_stream() -> None:
    with pytest.raises(InputError, match=r"'light-sernet' cannot stream.*percentile"):
        FrontEnd(recipe("light-sernet")).stream()


@pytest.mark.parametrize(
    ("samples", "what"),
    [
        (np.zeros((2, 2)), "shape"),
        (np.array([0.0, np.nan]), "NaN"),
        (np.array([np.inf]), "Inf"),
        (np.array([1, 2], dtype=np.int32), "int32"),
        (np.array(["a"]), "expected int16 or float"),
    ],
)
def test_samples_of_the_wrong_kind(samples: np.ndarray, what: str) -> None:
    with pytest.raises(InputError, match=what):
        FrontEnd(recipe("edge")).stream().push(samples)


@pytest.mark.parametrize("gain_db", [-24.0, -12.0, -6.0])
def test_edge_does_not_hear_the_gain(
    gain_db: float, some_clips: list[Path], figure: Callable[[str], None]
) -> None:
    """Gains a microphone has, on 16-bit audio, move the coefficients by less than one step."""
    front_end = FrontEnd(recipe("edge"))
    moved = []
    for clip in some_clips[:10]:
        samples = read_recording(clip, 16000).samples
        quiet = np.clip(np.rint(samples * 10 ** (gain_db / 20) * 32768), -32768, 32767) / 32768
        moved.append(np.abs(front_end.features(quiet) - front_end.features(samples)).mean())
    figure(f"{gain_db:+.0f} dB moves the coefficients by {np.mean(moved):.4f} on average")
    assert np.mean(moved) < 0.05
