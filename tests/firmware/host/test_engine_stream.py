"""Any split of the audio, any stream, any order: the same bytes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lightsernet_edge.errors import LightSernetError
from lightsernet_firmware.host.stream import HostModel, HostStream

_SLACK = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def noise(samples: int, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    envelope = np.abs(np.sin(np.arange(samples) / 3000.0)) * 8000
    return (random.normal(size=samples) * envelope).clip(-32768, 32767).astype(np.int16)


def outcome(stream: HostStream) -> bytes:
    """All memory of a stream but the pointer to its model."""
    return stream.ram[8:].tobytes()


@settings(max_examples=40, deadline=None, suppress_health_check=_SLACK)
@given(
    samples=st.integers(0, 12_000),
    cuts=st.lists(st.integers(0, 12_000), max_size=30),
    seed=st.integers(0, 99),
)
def test_any_split_gives_the_same_bytes(
    samples: int, cuts: list[int], seed: int, smallest_host: HostModel
) -> None:
    pcm = noise(samples, seed)
    whole, split = smallest_host.stream(), smallest_host.stream()
    whole.push(pcm)
    for part in np.split(pcm, sorted(min(cut, samples) for cut in cuts)):
        split.push(part)
    assert outcome(split) == outcome(whole)
    whole.finish()
    split.finish()
    assert outcome(split) == outcome(whole)


@pytest.mark.parametrize("chunk", [1, 160, 256, 997, 1024, 5000])
def test_chunks_of_one_size_give_the_same_bytes(chunk: int, smallest_host: HostModel) -> None:
    """Also such that end where a frame does."""
    pcm = noise(7000)
    whole, split = smallest_host.stream(), smallest_host.stream()
    whole.push(pcm)
    for start in range(0, len(pcm), chunk):
        split.push(pcm[start : start + chunk])
    assert outcome(split) == outcome(whole)


@settings(max_examples=20, deadline=None, suppress_health_check=_SLACK)
@given(samples=st.integers(0, 20_000), finish=st.booleans())
def test_reset_is_as_new(samples: int, finish: bool, smallest_host: HostModel) -> None:
    stream = smallest_host.stream()
    new = outcome(stream)
    stream.push(noise(samples))
    if finish:
        stream.finish()
    stream.reset()
    assert outcome(stream) == new


def test_streams_do_not_disturb_each_other(smallest_host: HostModel) -> None:
    pcm = [noise(20_000, seed) for seed in range(3)]
    alone = []
    for samples in pcm:
        stream = smallest_host.stream()
        stream.push(samples)
        stream.finish()
        alone.append(outcome(stream))
    streams = [smallest_host.stream() for _ in pcm]
    for start in range(0, 20_000, 500):
        for stream, samples in zip(streams, pcm, strict=True):
            stream.push(samples[start : start + 500])
    for stream in streams:
        stream.finish()
    assert [outcome(stream) for stream in streams] == alone


def test_rows_and_samples_give_the_same(smallest_host: HostModel) -> None:
    from_samples, from_rows = smallest_host.stream(), smallest_host.stream()
    pcm = noise(16_000)
    from_samples.push(pcm[:1024])
    from_rows.push_features(from_samples.last_features()[None])
    for start in range(1024, len(pcm) - 255, 256):
        from_samples.push(pcm[start : start + 256])
        from_rows.push_features(from_samples.last_features()[None])
    from_samples.finish()
    from_rows.finish()
    for a, b in zip(from_samples.result() or (), from_rows.result() or (), strict=True):
        np.testing.assert_array_equal(a, b)


def test_provisional_result_is_that_of_the_rows_that_came_through(
    smallest_host: HostModel,
) -> None:
    stream = smallest_host.stream()
    assert stream.result() is None
    seen = None
    for row in np.random.default_rng(0).integers(-128, 128, (120, 40)).astype(np.int8):
        stream.push_features(row[None])
        seen = stream.result()
    assert seen is not None
    assert 250 <= int(seen[1].astype(int).sum()) + 128 * 5 <= 262


def test_after_the_end_only_reset_helps(smallest_host: HostModel) -> None:
    stream = smallest_host.stream()
    stream.push(noise(4000))
    stream.finish()
    for call in (lambda: stream.push(noise(10)), stream.finish):
        with pytest.raises(LightSernetError, match="FINISHED"):
            call()
    stream.reset()
    stream.push(noise(10))


def test_no_rows_no_result(smallest_host: HostModel) -> None:
    stream = smallest_host.stream()
    stream.push(noise(1023))
    stream.finish()
    assert stream.result() is None
