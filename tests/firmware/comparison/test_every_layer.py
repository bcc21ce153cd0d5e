"""Layer by layer, the engine's integers are those of LiteRT's and TFLite Micro's kernels.

A sample; `make integers` runs all of EMO-DB.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lightsernet_edge.model.file import default_model_path
from lightsernet_firmware.host.kernels import VARIABLE
from tests.firmware.comparison import integer_comparison
from tests.firmware.comparison.integer_comparison import (
    KERNELS,
    NETWORKS,
    OWN_KERNELS,
    compare,
    compare_on,
    model_and_spec,
)
from tests.firmware.planner.networks import SMALLEST, VARIANTS, Network, int8_model

pytest.importorskip("tflite_micro.python.tflite_micro.runtime")


@pytest.mark.parametrize("network", [SMALLEST, VARIANTS[1], VARIANTS[3]], ids=str)
@pytest.mark.parametrize("kind", ["random", "extreme"])
def test_no_speech(network: Network, kind: str) -> None:
    random = np.random.default_rng(2)
    shape = (network.frames, network.coefficients)
    rows = (
        random.integers(-128, 128, shape) if kind == "random" else random.choice([-128, 127], shape)
    )
    assert compare(int8_model(network), [rows.astype(np.int8)]).holds


@pytest.mark.parametrize("name", NETWORKS)
def test_speech(name: str, emodb: Path, figure: Callable[[str], None]) -> None:
    if NETWORKS[name] is None and not default_model_path().is_file():
        pytest.skip("no model ships yet")
    paths = sorted((emodb / "wav").glob("*.wav"))
    result = compare_on(*model_and_spec(NETWORKS[name]), paths[100::300])
    assert result.holds
    micro = result.counts["tflite_micro"][-2]
    assert max(micro) <= 1
    first, last = (result.counts["XNNPACK"][layer] for layer in (0, -4))
    figure(
        f"XNNPACK differs in {1 - first[0] / sum(first.values()):.2%} of the first stage's "
        f"integers by up to {max(first)}, in {1 - last[0] / sum(last.values()):.1%} of the last "
        f"one's by up to {max(last)}"
    )


def test_other_weights_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.zeros((SMALLEST.frames, SMALLEST.coefficients), np.int8)
    other = int8_model(SMALLEST, seed=1)
    for name, make in list(KERNELS.items()):
        monkeypatch.setitem(
            integer_comparison.KERNELS,
            name,
            lambda _, tensors, make=make: make(other, tensors),
        )
        result = compare(int8_model(SMALLEST), [rows])
        monkeypatch.undo()
        assert result.differing(name) > 0
        assert result.holds == (name == "XNNPACK")


def test_own_kernels_are_beside_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    if set(OWN_KERNELS) == {"plain"}:
        pytest.skip("no vector kernels for this processor")
    monkeypatch.delenv(VARIABLE, raising=False)
    random = np.random.default_rng(3)
    clip = random.integers(-128, 128, (SMALLEST.frames, SMALLEST.coefficients)).astype(np.int8)
    result = compare(int8_model(SMALLEST), [clip], OWN_KERNELS)
    assert {result.engine, *result.counts} == set(OWN_KERNELS)
    assert result.holds
    other = int8_model(SMALLEST, seed=1)
    wrong = {"plain": lambda _, tensors: OWN_KERNELS["plain"](other, tensors)}
    assert not compare(int8_model(SMALLEST), [clip], wrong).holds
