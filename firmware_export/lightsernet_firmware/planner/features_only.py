"""A network that costs next to nothing, for firmware that runs the model's own elsewhere."""

from __future__ import annotations

import dataclasses

import numpy as np

from .network_plan import Head, NetworkPlan, Path, Requantization, Stage
from .requantization import Multiplier

# Names of its outputs, which mean nothing.
LABELS = ("none", "nothing")


def features_only_plan(plan: NetworkPlan) -> NetworkPlan:
    """Return a network of a single weight, on rows of features quantised as a model's.

    With it the engine computes a model's rows of features, and a result that means nothing.
    """
    nothing = Multiplier(0, 0)
    path = Path(
        "none",
        np.zeros((1, 1, 1, 1), np.int8),
        Requantization(np.zeros(1, np.int64), (nothing,), 0),
        first_channel=0,
        rescaling=None,
    )
    width = plan.coefficients
    stage = Stage("none", width, 1, plan.input.zero_point, (path,), (1, 1), tile_width=width)
    head = Head(
        width=width,
        channels=1,
        input_zero_point=0,
        mean_zero_point=0,
        mean_multiplier=nothing,
        weights=np.zeros((len(LABELS), 1), np.int8),
        requantization=Requantization(np.zeros(len(LABELS), np.int64), (nothing,) * 2, 0),
        softmax=plan.head.softmax,
    )
    return dataclasses.replace(plan, stages=(stage,), head=head)
