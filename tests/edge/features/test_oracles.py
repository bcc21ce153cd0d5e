"""The front end against implementations we did not write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lightsernet_edge.audio.recording import read_recording
from lightsernet_edge.features import FrontEnd, recipe
from tests.edge.features import psf_oracle, tf_signal_oracle

ODD_SIGNALS = ("silence", "clicks", "square", "tone", "dc", "noise", "full scale")
LENGTHS = (0, 1, 1023, 1024, 1025, 48000)


def some_noise(length: int) -> NDArray[np.float64]:
    return np.random.default_rng(length).normal(0.0, 0.1, length)


def test_light_sernet_equals_tf_signal_on_clips(
    some_clips: list[Path], figure: Callable[[str], None]
) -> None:
    front_end = FrontEnd(recipe("light-sernet"))
    close = total = 0
    worst = 0.0
    for clip in some_clips:
        samples = read_recording(clip, 16000).samples
        ours = front_end.features(samples)
        levelled = tf_signal_oracle.level_and_fit(samples)
        exact = tf_signal_oracle.mfcc(levelled, "float64")
        worst = max(worst, float(np.abs(ours - exact).max()))
        np.testing.assert_allclose(ours, exact, rtol=0, atol=1e-6, err_msg=clip.name)
        near = np.abs(ours - tf_signal_oracle.mfcc(levelled, "float32")) <= 0.01
        close += int(near.sum())
        total += near.size
    figure(f"within 0.01 of tf.signal's float32: {close} of {total}")
    figure(f"largest difference from tf.signal's float64: {worst:.1e}")
    assert close >= 0.999 * total


@pytest.mark.parametrize("name", ODD_SIGNALS)
def test_light_sernet_equals_tf_signal_on_odd_signals(
    name: str, odd_signals: dict[str, NDArray[np.float64]]
) -> None:
    samples = odd_signals[name]
    ours = FrontEnd(recipe("light-sernet")).features(samples)
    theirs = tf_signal_oracle.mfcc(tf_signal_oracle.level_and_fit(samples), "float64")
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)


@pytest.mark.parametrize("length", LENGTHS)
def test_light_sernet_equals_tf_signal_at_every_length(length: int) -> None:
    samples = some_noise(length)
    ours = FrontEnd(recipe("light-sernet")).features(samples)
    assert ours.shape == (184, 40)
    theirs = tf_signal_oracle.mfcc(tf_signal_oracle.level_and_fit(samples), "float64")
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)


@pytest.mark.parametrize("input_type", ["mel-spectrogram", "spectrogram"])
def test_other_input_types_equal_tf_signal(input_type: str, some_clips: list[Path]) -> None:
    samples = read_recording(some_clips[0], 16000).samples
    ours = FrontEnd(recipe("light-sernet", input_type)).features(samples)
    levelled = tf_signal_oracle.level_and_fit(samples)
    theirs = tf_signal_oracle.intermediate(levelled, input_type)
    np.testing.assert_allclose(ours, np.clip(theirs, -10, 10), rtol=0, atol=1e-6)


def test_psf_equals_python_speech_features_on_clips(some_clips: list[Path]) -> None:
    front_end = FrontEnd(recipe("psf"))
    for clip in some_clips:
        samples = read_recording(clip, 16000).samples
        ours = front_end.features(samples)
        theirs = psf_oracle.mfcc(samples)
        # It pads the last frame with zeros where samples are left over.
        assert len(theirs) - len(ours) in (0, 1)
        np.testing.assert_allclose(ours, theirs[: len(ours)], rtol=0, atol=1e-6, err_msg=clip.name)


@pytest.mark.parametrize("name", ODD_SIGNALS)
def test_psf_equals_python_speech_features_on_odd_signals(
    name: str, odd_signals: dict[str, NDArray[np.float64]]
) -> None:
    samples = odd_signals[name]
    ours = FrontEnd(recipe("psf")).features(samples)
    theirs = psf_oracle.mfcc(samples)[: len(ours)]
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)


@pytest.mark.parametrize("length", LENGTHS)
def test_psf_equals_python_speech_features_at_every_length(length: int) -> None:
    samples = some_noise(length)
    ours = FrontEnd(recipe("psf")).features(samples)
    if length < 1024:
        assert ours.shape == (0, 40)
    else:
        np.testing.assert_allclose(ours, psf_oracle.mfcc(samples)[: len(ours)], rtol=0, atol=1e-6)
