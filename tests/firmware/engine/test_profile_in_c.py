"""Profiles and running adaptation in C, beside those of the Python front end."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from numpy.typing import NDArray

from lightsernet_edge.errors import LightSernetError
from lightsernet_edge.features import FeatureSpec, FrontEnd, recipe
from lightsernet_edge.model.tflite_graph import read_graph
from lightsernet_edge.profiles.profile import Profile, RunningProfile, fingerprint
from lightsernet_firmware.blob.build import build_blob
from lightsernet_firmware.host.stream import HostModel, HostStream
from lightsernet_firmware.planner.front_end_tables import front_end_tables
from lightsernet_firmware.planner.graph_planner import plan_network
from tests.firmware.planner.networks import SMALLEST, int8_model

Pcm = NDArray[np.int16]


@pytest.fixture(scope="module")
def spec() -> FeatureSpec:
    random = np.random.default_rng(5)
    return dataclasses.replace(
        recipe("edge"),
        mean=tuple(random.normal(0.0, 1.0, 40).tolist()),
        scale=tuple(np.geomspace(8.0, 0.5, 40).tolist()),
    )


@pytest.fixture(scope="module")
def model(spec: FeatureSpec) -> HostModel:
    return host_for(spec)


def host_for(spec: FeatureSpec) -> HostModel:
    graph = read_graph(int8_model(SMALLEST))
    return HostModel(build_blob(plan_network(graph), front_end_tables(spec), list("abcde")))


def plain(spec: FeatureSpec) -> FrontEnd:
    return FrontEnd(dataclasses.replace(spec, mean=None, scale=None, clip_value=None))


def a_profile(spec: FeatureSpec, seconds: float = 10.0) -> Profile:
    assert spec.mean is not None
    assert spec.scale is not None
    random = np.random.default_rng(6)
    mean = np.array(spec.mean) + np.array(spec.scale) * random.uniform(-1.0, 1.0, 40)
    scale = np.array(spec.scale) * random.uniform(0.7, 1.4, 40)
    return Profile(fingerprint(spec), tuple(mean.tolist()), tuple(scale.tolist()), seconds)


def use(stream: HostStream, profile: Profile) -> None:
    stream.set_profile(np.array(profile.mean), np.array(profile.scale), profile.seconds)


def rows_of(model: HostModel, stream: HostStream, pcm: Pcm) -> NDArray[np.int8]:
    rows, position = [], 0
    for end in range(model.struct.frame_length, len(pcm) + 1, model.struct.hop_length):
        stream.push(pcm[position:end])
        position = end
        rows.append(stream.last_features())
    return np.array(rows, np.int8)


def steps_off(spec: FeatureSpec, found: NDArray[np.int8], pcm: Pcm) -> NDArray[np.int64]:
    quantization = plan_network(read_graph(int8_model(SMALLEST))).input
    expected = quantization.quantize(FrontEnd(spec).features(pcm))
    return np.abs(found.astype(np.int64) - expected).ravel()


def test_features_with_a_profile(
    spec: FeatureSpec, model: HostModel, pcm_clips: list[Pcm], figure: object
) -> None:
    profile = a_profile(spec)
    stream = model.stream()
    use(stream, profile)
    off = []
    for pcm in pcm_clips[::3]:
        stream.reset()
        off.append(steps_off(profile.applied_to(spec), rows_of(model, stream, pcm), pcm))
    together = np.concatenate(off)
    assert callable(figure)
    figure(f"features with a profile: {100 * (together == 0).mean():.3f} % equal")
    assert together.max() <= 1
    assert (together == 0).mean() >= 0.99
    # It made a difference at all.
    without = rows_of(model, model.stream(), pcm_clips[0])
    assert (steps_off(profile.applied_to(spec), without, pcm_clips[0]) > 1).mean() > 0.5


def test_a_profile_lives_as_long_as_the_stream(
    spec: FeatureSpec, model: HostModel, pcm_clips: list[Pcm]
) -> None:
    stream = model.stream()
    new = stream.ram[8:].tobytes()
    assert spec.mean is not None
    assert spec.scale is not None
    mean, scale, seconds = stream.profile()
    np.testing.assert_allclose(mean, spec.mean, rtol=1e-6)
    np.testing.assert_allclose(scale, spec.scale, rtol=1e-6)
    assert seconds == 0.0
    use(stream, a_profile(spec))
    kept = stream.ram[8:].tobytes()
    assert kept != new
    stream.push(pcm_clips[0])
    stream.finish()
    stream.reset()
    assert stream.ram[8:].tobytes() == kept
    assert model.stream().ram[8:].tobytes() == new


@pytest.mark.parametrize("start_seconds", [None, 0.0, 10.0, 100.0])
def test_adaptation_is_that_of_python(
    start_seconds: float | None,
    spec: FeatureSpec,
    model: HostModel,
    pcm_clips: list[Pcm],
    figure: object,
) -> None:
    start = None if start_seconds is None else a_profile(spec, start_seconds)
    running = RunningProfile(spec, start)
    front_end, stream = plain(spec), model.stream()
    if start is not None:
        use(stream, start)
    farthest = 0.0
    # More than MEMORY_S of speech, so that the oldest is pushed out.
    for index, pcm in enumerate([*pcm_clips, *pcm_clips[:10]]):
        running.add(front_end.features(pcm))
        expected = running.profile()
        stream.push(pcm)
        stream.finish()
        stream.adapt()
        after_once = stream.ram[8:].tobytes()
        stream.adapt()
        assert stream.ram[8:].tobytes() == after_once
        stream.reset()
        mean, scale, seconds = stream.profile()
        off = np.abs(mean - expected.mean) / spec.scale
        stretch = np.abs(scale / np.array(expected.scale) - 1.0)
        farthest = max(farthest, float(off.max()), float(stretch.max()))
        assert seconds == pytest.approx(expected.seconds, rel=1e-5)
        if index % 10 == 9:
            rows = rows_of(model, stream, pcm)
            stream.reset()
            steps = steps_off(expected.applied_to(spec), rows, pcm)
            assert steps.max() <= 1
            assert (steps == 0).mean() >= 0.99
    assert running.seconds > 60.0
    assert callable(figure)
    figure(f"adapted from {start_seconds} s: at most {farthest:.1e} of a scale from Python's")
    assert farthest < 1e-4


def test_adaptation_is_bounded(spec: FeatureSpec, pcm_clips: list[Pcm]) -> None:
    """Far from the training set's statistics it stops at two of their scales."""
    assert spec.mean is not None
    assert spec.scale is not None
    far = dataclasses.replace(
        spec,
        mean=tuple(
            value + 50.0 * scale for value, scale in zip(spec.mean, spec.scale, strict=True)
        ),
        scale=tuple(0.01 * value for value in spec.scale),
    )
    stream = host_for(far).stream()
    for pcm in pcm_clips[:4]:
        stream.push(pcm)
        stream.finish()
        stream.adapt()
        stream.reset()
    mean, scale, _ = stream.profile()
    assert far.mean is not None
    assert far.scale is not None
    np.testing.assert_allclose((mean - far.mean) / far.scale, -2.0, rtol=1e-2)
    np.testing.assert_allclose(scale / np.array(far.scale), 2.0, rtol=1e-5)


@pytest.mark.parametrize(
    ("mean", "scale", "seconds"),
    [
        (math.nan, 1.0, 1.0),
        (-math.inf, 1.0, 1.0),
        (0.0, 0.0, 1.0),
        (0.0, -1.0, 1.0),
        (0.0, math.nan, 1.0),
        (0.0, math.inf, 1.0),
        (0.0, 1e-40, 1.0),
        (0.0, 1.0, math.nan),
        (0.0, 1.0, -1.0),
    ],
)
def test_values_that_are_refused(
    mean: float, scale: float, seconds: float, model: HostModel
) -> None:
    stream = model.stream()
    before = stream.ram.tobytes()
    means, scales = np.zeros(40), np.ones(40)
    means[39], scales[39] = mean, scale
    with pytest.raises(LightSernetError, match="BAD_PROFILE"):
        stream.set_profile(means, scales, seconds)
    assert stream.ram.tobytes() == before


def test_models_without_profiles(spec: FeatureSpec) -> None:
    graph = plan_network(read_graph(int8_model(SMALLEST)))
    unscaled = host_for(dataclasses.replace(spec, mean=None, scale=None)).stream()
    features_only = HostModel(build_blob(graph, None, list("abcde"))).stream()
    for stream, status in ((unscaled, "NO_PROFILE"), (features_only, "NO_FRONT_END")):
        stream.finish()
        with pytest.raises(LightSernetError, match=status):
            stream.set_profile(np.zeros(40), np.ones(40), 1.0)
        for call in (stream.profile, stream.adapt):
            with pytest.raises(LightSernetError, match=status):
                call()


def test_adapt_comes_after_finish(model: HostModel, pcm_clips: list[Pcm]) -> None:
    stream = model.stream()
    stream.push(pcm_clips[0])
    with pytest.raises(LightSernetError, match="NOT_FINISHED"):
        stream.adapt()
    short = model.stream()
    short.push(pcm_clips[0][:1000])
    short.finish()
    before = short.ram.tobytes()
    short.adapt()
    assert short.ram.tobytes() == before
