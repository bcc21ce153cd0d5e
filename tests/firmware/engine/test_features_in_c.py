"""The C front end gives the Python front end's integers: 99 % equal, none off by more than 1."""

from __future__ import annotations

import ctypes
import dataclasses
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lightsernet_edge.features import FeatureSpec, FrontEnd, recipe
from lightsernet_edge.model.file import ModelFile
from lightsernet_edge.model.tflite_graph import read_graph
from lightsernet_firmware.blob.build import build_blob
from lightsernet_firmware.comparison.host_benchmark import front_end_call
from lightsernet_firmware.engine_files import engine_sources, include_flags
from lightsernet_firmware.firmware_model import FirmwareModel
from lightsernet_firmware.host.stream import HostModel, library
from lightsernet_firmware.planner.front_end_tables import front_end_tables
from lightsernet_firmware.planner.graph_planner import plan_network
from tests.firmware.planner.networks import SMALLEST, Network, int8_model

Pcm = NDArray[np.int16]
RATE = 16000
PRINT_FEATURES = Path(__file__).parent / "print_features.c"


def specs() -> dict[str, FeatureSpec]:
    edge = recipe("edge")
    random = np.random.default_rng(5)
    return {
        "edge": edge,
        "edge, standardised": dataclasses.replace(
            edge,
            mean=tuple(random.normal(0.0, 1.0, 40).tolist()),
            scale=tuple(np.geomspace(8.0, 0.5, 40).tolist()),
        ),
        "edge, short odd frames": dataclasses.replace(
            edge, frame_length=401, hop_length=160, fft_length=512
        ),
        "edge, log-mel": dataclasses.replace(edge, output="log-mel", n_mels=40, n_coefficients=40),
        "edge, a long transform and bands left over": dataclasses.replace(
            edge, frame_length=1600, hop_length=400, fft_length=2048, n_mels=61
        ),
        "edge, a short transform": dataclasses.replace(
            edge, frame_length=256, hop_length=128, fft_length=256, n_mels=40
        ),
        "psf": dataclasses.replace(recipe("psf"), mean=(0.0,) * 40, scale=(10.0,) * 40),
    }


def host_for(spec: FeatureSpec) -> HostModel:
    graph = read_graph(int8_model(SMALLEST))
    return HostModel(build_blob(plan_network(graph), front_end_tables(spec), list("abcde")))


def features_in_c(model: HostModel, pcm: Pcm) -> NDArray[np.int8]:
    """Read every row of features from the stream's RAM as soon as it is there."""
    stream = model.stream()
    rows = []
    frame, hop = model.struct.frame_length, model.struct.hop_length
    position = 0
    for end in range(frame, len(pcm) + 1, hop):
        stream.push(pcm[position:end])
        position = end
        rows.append(stream.last_features())
    return np.array(rows, np.int8)


def differences(spec: FeatureSpec, pcm: Pcm) -> NDArray[np.int64]:
    model = host_for(spec)
    quantization = plan_network(read_graph(int8_model(SMALLEST))).input
    expected = quantization.quantize(FrontEnd(spec).features(pcm))
    found = features_in_c(model, pcm)
    return np.abs(found.astype(np.int64) - expected)


@pytest.mark.parametrize("name", specs())
def test_speech(name: str, pcm_clips: list[Pcm]) -> None:
    off = np.concatenate([differences(specs()[name], pcm).ravel() for pcm in pcm_clips[::3]])
    assert off.max() <= 1
    assert (off == 0).mean() >= 0.99


def signals() -> dict[str, Pcm]:
    time = np.arange(2 * RATE) / RATE
    random = np.random.default_rng(7)
    floats = {
        "tone": 0.5 * np.sin(2 * np.pi * 1000.0 * time),
        "quiet tone": 0.01 * np.sin(2 * np.pi * 440.0 * time),
        "square": np.where(np.sin(2 * np.pi * 187.5 * time) >= 0, 0.9, -0.9),
        "dc": np.full(2 * RATE, 0.25),
        "silence": np.zeros(2 * RATE),
        "noise": random.uniform(-1, 1, 2 * RATE),
        "full scale": np.where(random.random(2 * RATE) < 0.5, -1.0, 1.0),
    }
    return {
        k: np.clip(np.rint(v * 32768), -32768, 32767).astype(np.int16) for k, v in floats.items()
    }


@pytest.mark.parametrize("signal", signals())
def test_odd_signals(signal: str) -> None:
    off = differences(specs()["edge, standardised"], signals()[signal])
    assert off.max() <= 1
    # A tone leaves nearly all bands empty, where the rounding of the float32 transform is
    # some per cent of the log floor; and its rows are all alike, so that a coefficient near
    # a tie is off in each of them.
    assert (off == 0).mean() >= (0.9 if "tone" in signal else 0.99)


@pytest.mark.parametrize("points", [8 << n for n in range(9)])
def test_transform(points: int) -> None:
    """As NumPy's, for every length that a blob may ask for."""
    transform = library().lsn_complex_fft
    transform.argtypes = [ctypes.c_void_p] * 5 + [ctypes.c_uint32]
    random = np.random.default_rng(points)
    turns = np.outer(np.arange(1, 8), np.arange(points // 8)) / points
    factors = np.exp(-2j * np.pi * turns)
    twiddles = np.stack([factors.real, factors.imag], 1).astype(np.float32)
    work = np.zeros((2, 2, points), np.float32)
    work[0] = random.normal(size=(2, points))
    expected = np.fft.fft(work[0, 0].astype(float) + 1j * work[0, 1].astype(float))
    place = transform(*(part.ctypes.data for part in (*work[0], *work[1], twiddles)), points)
    found = work[place, 0] + 1j * work[place, 1].astype(float)
    # float32 rounds by 6e-8, and a few dozen times on the way.
    assert np.abs(found - expected).max() < 1e-6 * np.abs(expected).max()


def test_what_is_timed_is_what_streams_compute(pcm_clips: list[Pcm]) -> None:
    model, pcm = host_for(recipe("edge")), pcm_clips[0]
    expected = features_in_c(model, pcm)
    call = front_end_call(model, pcm, len(expected))
    np.testing.assert_array_equal(call(), expected)


@pytest.mark.parametrize("samples", [0, 1, 1023, 1024, 1025, 1279, 1280, 16000])
def test_number_of_rows(samples: int) -> None:
    spec = recipe("edge")
    stream = host_for(spec).stream()
    stream.push(np.ones(samples, np.int16))
    assert stream.rows == spec.n_frames(samples)


def test_recipes_that_need_the_whole_clip_take_features_only() -> None:
    from lightsernet_edge.errors import LightSernetError, ModelError

    with pytest.raises(ModelError, match="needs the whole clip"):
        front_end_tables(recipe("light-sernet"))
    plan = plan_network(read_graph(int8_model(Network(labels=5))))
    stream = HostModel(build_blob(plan, None, list("abcde"))).stream()
    with pytest.raises(LightSernetError, match="NO_FRONT_END"):
        stream.push(np.zeros(10, np.int16))


@pytest.mark.no_preload
@pytest.mark.skipif(not shutil.which("gcc"), reason="needs gcc")
def test_a_compiler_that_reorders_floats(shipped: ModelFile, tmp_path: Path) -> None:
    """As with -ffast-math, which some projects set for everything: rows are rounded all the same.

    Not with that flag itself, which would also change the processor's mode.
    """
    wanted = FirmwareModel(shipped).blob
    random = np.random.default_rng(3)
    pcm = (random.normal(size=RATE) * np.geomspace(10, 10_000, RATE)).astype(np.int16)
    program, blob, samples = tmp_path / "print_features", tmp_path / "blob", tmp_path / "samples"
    blob.write_bytes(wanted)
    samples.write_bytes(pcm.tobytes())
    reorders = ["-fassociative-math", "-fno-signed-zeros", "-fno-trapping-math"]
    command = ["gcc", "-std=c99", "-O1", "-DLSN_PLAIN_KERNELS", *reorders, *include_flags()]
    command += [*map(str, engine_sources()), str(PRINT_FEATURES), "-lm", "-o", str(program)]
    subprocess.run(command, check=True)
    printed = subprocess.run([program, blob, samples], capture_output=True, text=True, check=True)
    rows = np.array([line.split() for line in printed.stdout.splitlines()], np.int64)
    off = np.abs(rows - features_in_c(HostModel(wanted), pcm))
    assert off.max() <= 1
    assert (off == 0).mean() > 0.99
