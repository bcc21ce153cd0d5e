"""Recordings at any usual rate, read at the model's."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import chirp, resample_poly

from lightsernet_edge.audio.recording import read_recording
from lightsernet_edge.errors import AudioWarning
from tests.edge.audio.made_recordings import FLOAT, RATE, inside, int24, read, tone, wav


@pytest.mark.parametrize("rate", [22050, 24000, 32000, 44100, 48000, 96000])
@pytest.mark.parametrize("hertz", [100.0, 1000.0, 6000.0])
def test_a_tone_stays_where_it_is(hertz: float, rate: int, file: Path) -> None:
    """In time too: a resampler's delay would show as a difference of the phases."""
    file.write_bytes(wav(tone(hertz, rate).astype("<f8").tobytes(), kind=FLOAT, bits=64, rate=rate))
    samples = read(file).samples
    assert samples.size == RATE
    difference = inside(samples) - inside(tone(hertz, RATE))
    assert np.abs(difference).max() < 2e-4


@pytest.mark.parametrize("rate", [44100, 48000])
def test_what_lies_above_the_band_is_not_folded_into_it(rate: int, file: Path) -> None:
    file.write_bytes(wav((tone(11000, rate) * 32767).astype("<i2").tobytes(), rate=rate))
    assert np.abs(inside(read(file).samples)).max() < 1e-3


@pytest.mark.parametrize("rate", [44100, 48000])
def test_same_as_another_resampler(rate: int, file: Path) -> None:
    time = np.arange(rate) / rate
    sweep = 0.5 * chirp(time, 50, 1.0, 6500)
    file.write_bytes(wav(sweep.astype("<f8").tobytes(), kind=FLOAT, bits=64, rate=rate))
    samples = read(file).samples
    divisor = np.gcd(rate, RATE)
    expected = resample_poly(sweep, RATE // divisor, rate // divisor, window=("kaiser", 12.0))
    assert abs(samples.size - expected.size) <= 1
    difference = inside(samples[:RATE]) - inside(expected[:RATE])
    assert np.sqrt(np.mean(difference**2)) < 2e-3


def test_stereo_at_48_khz_in_24_bit(file: Path) -> None:
    """All at once, as a sound card records it."""
    left, right = tone(300, 48000), tone(2000, 48000)
    both = np.stack([left, right], axis=1).ravel()
    data = int24(np.rint(both * 2**23).astype(np.int32))
    file.write_bytes(wav(data, bits=24, channels=2, rate=48000, extensible=True))
    expected = (tone(300, RATE) + tone(2000, RATE)) / 2
    assert np.abs(inside(read(file).samples) - inside(expected)).max() < 1e-4


def test_8_khz_comes_with_a_warning(file: Path) -> None:
    file.write_bytes(wav((tone(1000, 8000) * 32767).astype("<i2").tobytes(), rate=8000))
    with pytest.warns(AudioWarning) as caught:
        recording = read_recording(file, RATE)
    (warning,) = caught
    for words in (str(file), "8000 Hz", "above 4000 Hz", "16000 Hz"):
        assert words in str(warning.message)
    assert recording.samples.size == RATE
    assert np.abs(inside(recording.samples) - inside(tone(1000, RATE))).max() < 1e-3


def test_the_models_rate_is_what_counts(file: Path) -> None:
    file.write_bytes(wav((tone(1000, RATE) * 32767).astype("<i2").tobytes()))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_recording(file, 8000).samples.size == 8000
    with pytest.warns(AudioWarning, match="above 8000 Hz"):
        assert read_recording(file, 48000).samples.size == 48000
