"""`FrontEndListener`: what rows the network gets, with a running mean of the utterance."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from lightsernet_edge.features import FeatureSpec, FrontEnd, recipe
from lightsernet_edge.live.listener import FrontEndListener
from lightsernet_edge.model.record import ModelRecord
from lightsernet_edge.profiles.profile import RunningProfile
from tests.places import EXAMPLES

CLIPS = sorted((EXAMPLES / "clips").glob("*.wav"))
Rows = NDArray[np.float64]


class RowsOf:
    """An engine that keeps the rows it is given."""

    def __init__(self) -> None:
        self.rows: Rows = np.empty((0, 40))

    def invoke(self, features: Rows) -> NDArray[np.float32]:
        self.rows = features
        return np.zeros(2, np.float32)


def spec_with_mean() -> FeatureSpec:
    random = np.random.default_rng(5)
    return dataclasses.replace(
        recipe("edge"),
        mean=tuple(random.normal(0.0, 5.0, 40).tolist()),
        scale=tuple(np.geomspace(8.0, 0.5, 40).tolist()),
        clip_value=5.0,
        utterance_mean_prior_s=3.0,
    )


@pytest.fixture(scope="module")
def record() -> ModelRecord:
    return ModelRecord(("a", "b"), spec_with_mean())


@pytest.fixture(scope="module")
def samples() -> NDArray[np.int16]:
    return np.concatenate([soundfile.read(clip, dtype="int16")[0] for clip in CLIPS[:2]])


@pytest.mark.parametrize("chunk", [256, 1000, 30_000])
@pytest.mark.parametrize("window", [None, 50])
def test_the_mean_runs_from_the_beginning_of_the_utterance(
    window: int | None, chunk: int, record: ModelRecord, samples: NDArray[np.int16]
) -> None:
    engine = RowsOf()
    listener = FrontEndListener(engine, record, window_frames=window)
    expected = FrontEnd(record.features).features(samples)
    for _ in range(2):
        for part in np.split(samples, range(chunk, samples.size, chunk)):
            listener.push(part)
        assert listener.provisional() is not None
        wanted = expected if window is None else expected[-window:]
        np.testing.assert_allclose(engine.rows, wanted, rtol=0, atol=1e-9)
        listener.reset()


def test_adaptation_learns_from_the_rows_before_the_mean(
    record: ModelRecord, samples: NDArray[np.int16]
) -> None:
    engine = RowsOf()
    listener = FrontEndListener(engine, record, adapt=True)
    spec = record.features
    running, plain = RunningProfile(spec), FrontEnd(spec.without_standardisation())
    for _ in range(3):
        listener.reset()
        listener.push(samples)
        listener.finish()
        expected = FrontEnd(running.profile().applied_to(spec)).features(samples)
        np.testing.assert_allclose(engine.rows, expected, rtol=0, atol=1e-9)
        listener.learn()
        running.add(plain.features(samples))
