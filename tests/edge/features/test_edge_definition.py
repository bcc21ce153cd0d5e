"""The recipe ``edge`` against its definition, written with `tf.signal` and SciPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import scipy.fft
import tensorflow as tf
from numpy.typing import NDArray

from lightsernet_edge.audio.recording import read_recording
from lightsernet_edge.features import FrontEnd, recipe


def by_definition(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """The formulas of FeatureSpec's docstring with the constants of the recipe."""
    spectrum = tf.abs(tf.signal.stft(tf.constant(samples, tf.float64), 1024, 256, 1024))
    bands = tf.signal.linear_to_mel_weight_matrix(64, 513, 16000, 80.0, 7600.0, dtype=tf.float64)
    level, rows = 1e-3, []
    for row in np.asarray(tf.matmul(spectrum, bands)):
        # 3 s of release at 16 kHz, a hop of 256.
        level = max(row.mean(), level * np.exp(-256 / 48000), 1e-3)
        rows.append(scipy.fft.dct(np.log(row / level + 1e-4), norm="ortho")[:40])
    return np.array(rows)


def test_on_clips(some_clips: list[Path]) -> None:
    front_end = FrontEnd(recipe("edge"))
    for clip in some_clips[::5]:
        samples = read_recording(clip, 16000).samples
        np.testing.assert_allclose(
            front_end.features(samples), by_definition(samples), rtol=0, atol=1e-6
        )


def test_on_odd_signals(odd_signals: dict[str, NDArray[np.float64]]) -> None:
    front_end = FrontEnd(recipe("edge"))
    for name, samples in odd_signals.items():
        ours = front_end.features(samples)
        np.testing.assert_allclose(ours, by_definition(samples), rtol=0, atol=1e-6, err_msg=name)


def test_the_peak_decays(some_clips: list[Path]) -> None:
    """Speech, then the same 40 dB quieter for long: in the end it is heard as if alone."""
    samples = read_recording(some_clips[0], 16000).samples[
        : 62 * 256
    ]  # whole hops: the frames fall alike
    quiet = np.tile(samples * 0.01, 30)
    front_end = FrontEnd(recipe("edge"))
    after = front_end.features(np.concatenate([samples, quiet]))[-60:]
    alone = front_end.features(quiet)[-60:]
    np.testing.assert_allclose(after, alone, rtol=0, atol=0.02)
