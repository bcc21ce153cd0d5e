"""The fixed-point front end: within 1 of the float ones' integers, whatever the sound."""

from __future__ import annotations

import ctypes
import dataclasses
import math
import struct
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lightsernet_edge.features import FrontEnd, recipe
from lightsernet_edge.model.file import ModelFile
from lightsernet_edge.model.tflite_graph import read_graph
from lightsernet_firmware.blob.build import build_blob, seal
from lightsernet_firmware.firmware_model import FirmwareModel
from lightsernet_firmware.host.build import FIXED_POINT_FRONT_END, host_library
from lightsernet_firmware.host.runner import HostRunner
from lightsernet_firmware.host.stream import HostModel, library
from lightsernet_firmware.planner.front_end_tables import front_end_tables
from lightsernet_firmware.planner.graph_planner import plan_network
from tests.firmware.engine import test_features_in_c, test_utterance_mean_in_c
from tests.firmware.engine.test_features_in_c import RATE, Pcm, features_in_c
from tests.firmware.planner.networks import SMALLEST, int8_model

SPECS = {
    **test_features_in_c.specs(),
    **{f"running mean, {k}": v for k, v in test_utterance_mean_in_c.specs().items()},
}
# As that of the model that ships.
SHIPPED_LIKE = SPECS["running mean, a high floor"]


@cache
def fixed_library(*flags: str) -> str:
    return str(host_library(more_flags=(*FIXED_POINT_FRONT_END, *flags)))


@cache
def fixed_host(name: str, *flags: str) -> HostModel:
    plan = plan_network(read_graph(int8_model(SMALLEST)))
    return HostModel(
        build_blob(plan, front_end_tables(SPECS[name]), list("abcde")), fixed_library(*flags)
    )


@cache
def float_host(name: str) -> HostModel:
    plan = plan_network(read_graph(int8_model(SMALLEST)))
    return HostModel(build_blob(plan, front_end_tables(SPECS[name]), list("abcde")))


def steps_off(found: NDArray[np.int8], expected: NDArray[np.int8]) -> NDArray[np.int64]:
    return np.abs(found.astype(np.int64) - expected).ravel()


@pytest.mark.parametrize("name", SPECS)
def test_speech_as_in_python(name: str, pcm_clips: list[Pcm], figure: object) -> None:
    quantization = plan_network(read_graph(int8_model(SMALLEST))).input
    model, front_end = fixed_host(name), FrontEnd(SPECS[name])
    off = np.concatenate(
        [
            steps_off(features_in_c(model, pcm), quantization.quantize(front_end.features(pcm)))
            for pcm in pcm_clips[::5]
        ]
    )
    assert callable(figure)
    figure(f"fixed point, {name}: {100 * (off == 0).mean():.3f} % equal, {off.max()} off")
    assert off.max() <= 2
    assert (off <= 1).mean() >= 0.999
    assert (off == 0).mean() >= 0.97


def test_the_same_labels(shipped: ModelFile, pcm_clips: list[Pcm]) -> None:
    model = FirmwareModel(shipped)
    expected = HostRunner(model).run_samples(pcm_clips)
    found = HostRunner(model, fixed_library()).run_samples(pcm_clips)
    for wanted, outcome in zip(expected, found, strict=True):
        assert wanted.features is not None
        assert outcome.features is not None
        assert steps_off(outcome.features, wanted.features).max() <= 1
        assert np.argmax(outcome.posteriors) == np.argmax(wanted.posteriors)


def test_a_short_multiplication_gives_the_same(pcm_clips: list[Pcm]) -> None:
    """As on a Cortex-M0+."""
    name = "running mean, a high floor"
    pcm = pcm_clips[0]
    np.testing.assert_array_equal(
        features_in_c(fixed_host(name, "-DLSN_LONG_MULTIPLY=0"), pcm),
        features_in_c(fixed_host(name), pcm),
    )


def sounds() -> dict[str, NDArray[np.float64]]:
    """Sounds that reach the ends of the ranges of integers, in -1..1."""
    count = 3 * 1024
    time = np.arange(count) / RATE
    random = np.random.default_rng(11)
    return {
        "silence": np.zeros(count),
        "lowest": np.full(count, -1.0),
        "highest": np.full(count, 1.0),
        "square": np.where(np.sin(2 * np.pi * 187.5 * time) >= 0, 1.0, -1.0),
        "square without noise": np.where(np.arange(count) // 8 % 2 == 0, 1.0, -1.0),
        "step": np.where(np.arange(count) < count // 2, -1.0, 1.0),
        "impulse": np.where(np.arange(count) == count // 2, 1.0, 0.0),
        "last bit": np.where(random.random(count) < 0.5, 1 / 32768, 0.0),
        "noise of -90 dB": random.uniform(-1.7, 1.7, count) * 10**-4.5,
        "loud noise": np.where(random.random(count) < 0.5, -1.0, 1.0),
        "loud, then quiet": np.where(time < 0.1, 1.0, 1e-3) * random.normal(0.0, 0.3, count),
        "tone": 0.5 * np.sin(2 * np.pi * 1000.0 * time),
        "chirp": np.sin(2 * np.pi * (100.0 + 19_000.0 * time) * time),
    }


def as_pcm(sound: NDArray[np.float64]) -> Pcm:
    return np.clip(np.rint(sound * 32768), -32768, 32767).astype(np.int16)


@pytest.mark.parametrize("sound", sounds())
def test_extremes(sound: str) -> None:
    """Also under sanitizers: no integer overflows."""
    name, pcm = "running mean, a high floor", as_pcm(sounds()[sound])
    found = features_in_c(fixed_host(name), pcm)
    assert steps_off(found, features_in_c(float_host(name), pcm)).max() <= 1


def test_a_window_below_zero() -> None:
    """A senseless table: test_sanitizers.py sees to it that -2**16 times -1 does not overflow."""
    name = "running mean, a high floor"
    blob = bytes(fixed_host(name)._blob)
    (front_end,) = struct.unpack_from("<I", blob, 28)
    frame_length, window = (struct.unpack_from("<I", blob, front_end + at)[0] for at in (4, 44))
    values = np.full(frame_length, -1e30, np.float32)
    # The scale is that of the middle.
    values[frame_length // 2] = 2.0**-16
    blob = blob[:window] + values.tobytes() + blob[window + values.nbytes :]
    model = HostModel(seal(blob), fixed_library())
    pcm = np.where(np.arange(2 * frame_length) % 3 == 0, -2, 1).astype(np.int16)
    assert len(features_in_c(model, pcm)) > 1


def test_nothing_but_rounding_noise_ends() -> None:
    """At half of the sampling rate no band holds anything: the level is the noise of rounding."""
    pcm = as_pcm(np.where(np.arange(4096) % 2 == 0, 1.0, -1.0))
    for name in ("running mean, a high floor", "psf"):
        assert len(features_in_c(fixed_host(name), pcm)) == 13


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    gains=st.lists(st.floats(-90.0, 0.0), min_size=1, max_size=3),
    tones=st.lists(st.tuples(st.floats(100.0, 7500.0), st.floats(0.0, 1.0)), max_size=3),
    noise=st.floats(1e-3, 1.0),
    offset=st.floats(-0.5, 0.5),
)
def test_any_sound(
    seed: int,
    gains: list[float],
    tones: list[tuple[float, float]],
    noise: float,
    offset: float,
) -> None:
    time = np.arange(1024 * len(gains)) / RATE
    sound = noise * np.random.default_rng(seed).uniform(-1.0, 1.0, time.size)
    for hz, amplitude in tones:
        sound += amplitude * np.sin(2 * np.pi * hz * time)
    sound *= np.repeat(10 ** (np.array(gains) / 20), 1024)
    name, pcm = "running mean, a high floor", as_pcm(sound + offset)
    off = steps_off(features_in_c(fixed_host(name), pcm), features_in_c(float_host(name), pcm))
    assert off.max() <= 1


@pytest.mark.parametrize("points", [8 << n for n in range(9)])
def test_transform(points: int) -> None:
    """As NumPy's, for every length that a blob may ask for, up to the largest input."""
    engine = library(fixed_library())
    engine.lsn_fixed_fft.argtypes = [ctypes.c_void_p] * 5 + [ctypes.c_uint32]
    turns = np.outer(np.arange(1, 8), np.arange(points // 8)) / points
    factors = np.exp(-2j * np.pi * turns)
    twiddles = np.stack([factors.real, factors.imag], 1).astype(np.float32)
    largest = 2 ** engine.lsn_fixed_fft_bits(points) - 1
    random = np.random.default_rng(points)
    inputs = {
        "random": random.integers(-largest, largest, (2, points), endpoint=True),
        "constant": np.full((2, points), -largest),
        "alternating": np.tile([largest, -largest], points).reshape(2, points),
    }
    for name, values in inputs.items():
        work = np.zeros((2, 2, points), np.int32)
        work[0] = values
        expected = np.fft.fft(values[0] + 1j * values[1]) / 2 ** engine.lsn_fixed_fft_halvings(
            points
        )
        place = engine.lsn_fixed_fft(
            *(part.ctypes.data for part in (*work[0], *work[1], twiddles)), points
        )
        found = work[place, 0] + 1j * work[place, 1].astype(float)
        # Every pass rounds down once or twice, and what is common to all adds up in some bins.
        assert np.abs(found - expected).max() < 16 + points / 8, name


@given(real=st.integers(-(2**31) + 1, 2**31 - 1), imag=st.integers(-(2**31) + 1, 2**31 - 1))
def test_magnitude(real: int, imag: int) -> None:
    magnitude = library(fixed_library()).lsn_fixed_magnitude
    magnitude.argtypes, magnitude.restype = [ctypes.c_int32] * 2, ctypes.c_uint32
    assert magnitude(real, imag) == pytest.approx(math.hypot(real, imag) / 4, rel=2e-4, abs=2)


@given(x=st.integers(1, 2**64 - 1))
def test_logarithm(x: int) -> None:
    logarithm = library(fixed_library()).lsn_fixed_log
    logarithm.argtypes, logarithm.restype = [ctypes.c_uint64], ctypes.c_int32
    assert logarithm(x) / 65536 == pytest.approx(math.log(x), abs=1e-4)


@given(x=st.integers(-(2**28), 2**28), factor=st.floats(-8.0, 8.0, width=32))
def test_scaling(x: int, factor: float) -> None:
    scaled = library(fixed_library()).lsn_fixed_scaled
    scaled.argtypes, scaled.restype = [ctypes.c_int32, ctypes.c_uint32], ctypes.c_int32
    wanted = min(max(x * factor, -(2.0**31)), 2.0**31)
    bits = int(np.float32(factor).view(np.uint32))
    assert scaled(x, bits) == pytest.approx(wanted, rel=1e-6, abs=abs(factor) + 1)


def test_the_statistics_of_a_profile(pcm_clips: list[Pcm]) -> None:
    """Adaptation sees the same rows."""
    profiles = []
    for model in (
        float_host("running mean, a high floor"),
        fixed_host("running mean, a high floor"),
    ):
        stream = model.stream()
        stream.push(pcm_clips[0])
        stream.finish()
        stream.adapt()
        profiles.append(stream.profile())
    scale = np.array(SHIPPED_LIKE.scale)
    np.testing.assert_array_less(np.abs(profiles[1][0] - profiles[0][0]) / scale, 1e-3)
    np.testing.assert_allclose(profiles[1][1], profiles[0][1], rtol=1e-3)
    assert profiles[1][2] == profiles[0][2]


def test_a_running_mean_of_an_hour(pcm_clips: list[Pcm]) -> None:
    """The integers of the running mean lose nothing that shows, however long it runs."""
    spec = dataclasses.replace(SHIPPED_LIKE, hop_length=1024)
    assert spec.name == recipe("edge").name
    pcm = np.tile(np.concatenate(pcm_clips[:4]), 60)
    plan = plan_network(read_graph(int8_model(SMALLEST)))
    blob = build_blob(plan, front_end_tables(spec), list("abcde"))
    found = features_in_c(HostModel(blob, fixed_library()), pcm)
    wanted = features_in_c(HostModel(blob), pcm)
    assert steps_off(found[-300:], wanted[-300:]).max() <= 1
