"""The engine's integers are those of LiteRT's reference kernels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lightsernet_edge.features import FrontEnd
from lightsernet_edge.model.file import ModelFile
from lightsernet_firmware.firmware_model import FirmwareModel
from lightsernet_firmware.host.stream import HostModel, HostStream
from tests.firmware.comparison.litert_oracle import reference
from tests.firmware.planner.networks import SMALLEST, VARIANTS, Network

Int8 = NDArray[np.int8]
Models = Callable[[Network | None], ModelFile]


def extreme_inputs(rows: int, coefficients: int) -> dict[str, Int8]:
    random = np.random.default_rng(3)
    shape = (rows, coefficients)
    alternating = np.full(shape, -128)
    alternating[(np.add.outer(np.arange(rows), np.arange(coefficients)) % 2) == 1] = 127
    return {
        "lowest": np.full(shape, -128, np.int8),
        "highest": np.full(shape, 127, np.int8),
        "alternating": alternating.astype(np.int8),
        "rows alternating": np.repeat(np.resize([-128, 127], rows), coefficients)
        .reshape(shape)
        .astype(np.int8),
        "random": random.integers(-128, 128, shape).astype(np.int8),
        "extremes at random": random.choice([-128, 127], shape).astype(np.int8),
    }


def assert_same(stream: HostStream, model: bytes, rows: Int8) -> None:
    stream.reset()
    stream.push_features(rows)
    stream.finish()
    found = stream.result()
    assert found is not None
    logits, posteriors = reference(model).run(rows)
    np.testing.assert_array_equal(found[0], logits)
    np.testing.assert_array_equal(found[1], posteriors)


@pytest.mark.parametrize("network", [None, *VARIANTS], ids=lambda n: str(n or "shipped"))
class TestAgainstLiteRT:
    def test_extreme_inputs(self, network: Network | None, model_for: Models) -> None:
        file = model_for(network)
        stream = HostModel(FirmwareModel(file).blob).stream()
        _, frames, coefficients, _ = file.graph.input.shape
        for rows in extreme_inputs(frames, coefficients).values():
            assert_same(stream, file.model, rows)

    def test_speech(
        self, network: Network | None, model_for: Models, pcm_clips: list[NDArray[np.int16]]
    ) -> None:
        file = model_for(network)
        stream = HostModel(FirmwareModel(file).blob).stream()
        front_end = FrontEnd(file.record.features)
        for pcm in pcm_clips[::4]:
            rows = file.graph.input.quantization.quantize(front_end.features(pcm))
            assert_same(stream, file.model, rows)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.integers(1, 150), seed=st.integers(0, 2**32 - 1))
def test_any_number_of_rows(
    rows: int, seed: int, smallest: ModelFile, smallest_host: HostModel
) -> None:
    features = np.random.default_rng(seed).integers(-128, 128, (rows, SMALLEST.coefficients))
    assert_same(smallest_host.stream(), smallest.model, features.astype(np.int8))


def test_thousands_of_logits(smallest: ModelFile, smallest_host: HostModel) -> None:
    """Rounding once or twice shows in one logit of a thousand: see that it is the right one."""
    random = np.random.default_rng(11)
    stream = smallest_host.stream()
    for rows in random.integers(-128, 128, (2000, 1, SMALLEST.coefficients)).astype(np.int8):
        assert_same(stream, smallest.model, rows)
