"""Our network is the original one, and its int8 form is what devices accept."""

from __future__ import annotations

import numpy as np
import pytest

from lightsernet_trainer.network.convolution_unit import ConvolutionUnit
from lightsernet_trainer.network.light_sernet import light_sernet
from tests.trainer.network import original_network


def test_same_function_as_the_original() -> None:
    """With the original's weights it gives the original's posteriors."""
    original = original_network.build(184, 40, 7)
    ours = light_sernet(184, 40, 7)
    assert ours.count_params() == original.count_params() == 463_431
    random = np.random.default_rng(0)
    weights = [
        random.uniform(0.05, 0.2, w.shape).astype(np.float32) for w in original.get_weights()
    ]
    original.set_weights(weights)
    # Both list their layers in the order in which they were made: the original
    # makes its three convolutions first and normalises them afterwards.
    ours.set_weights(original_network.in_order_of(ours, original))
    features = random.normal(size=(3, 184, 40, 1)).astype(np.float32)
    np.testing.assert_allclose(
        ours(features, training=False), original(features, training=False), rtol=1e-4, atol=1e-6
    )


def test_regularisation_is_the_originals() -> None:
    layers = light_sernet(184, 40, 7).layers
    units = [layer for layer in layers if isinstance(layer, ConvolutionUnit)]
    kernels = {unit.name: unit.convolution.kernel_regularizer for unit in units}
    assert [name for name, found in kernels.items() if found is None] == [
        "time", "frequency", "both"
    ]  # fmt: skip
    assert [found.l2 for found in kernels.values() if found] == pytest.approx([1e-6] * 5)
    assert [layer.rate for layer in layers if layer.name == "dropout"] == [0.3]


@pytest.mark.parametrize(("width", "filters"), [(0.5, 16), (0.25, 8), (0.05, 8), (2.0, 64)])
def test_width(width: float, filters: int) -> None:
    network = light_sernet(50, 13, 4, width)
    assert network.layers[1].convolution.filters == filters
    assert network.output_shape == (None, 4)


def test_seed_decides_the_weights() -> None:
    first, second, third = (
        np.concatenate([w.ravel() for w in light_sernet(50, 40, 7, 0.25, seed).get_weights()])
        for seed in (1, 1, 2)
    )
    assert (first == second).all()
    assert (first != third).any()
