"""The plan of a network with fewer filters, to know what it would cost before it is trained."""

from __future__ import annotations

from dataclasses import replace

from .network_plan import Head, NetworkPlan, Requantization, Stage
from .tiling import tile_width

# The trainer's widths are multiples of as many filters.
_FILTERS = 8


def narrowed_plan(plan: NetworkPlan, width: float) -> NetworkPlan:
    """Return a plan that keeps the first filters of each convolution.

    It has the memory and the work of a network trained at that width, and its answers mean
    nothing.

    Parameters
    ----------
    plan : NetworkPlan
    width : float
        Share of the filters that stay, above 0 and at most 1; they are rounded to multiples of
        8, as the trainer's are.
    """
    if width == 1.0:
        return plan
    stages = []
    channels = plan.stages[0].input_channels
    for stage in plan.stages:
        narrow = _narrowed_stage(stage, channels, width)
        channels = narrow.output_channels
        stages.append(narrow)
    return replace(plan, stages=tuple(stages), head=_narrowed_head(plan.head, channels))


def _narrowed_stage(stage: Stage, channels: int, width: float) -> Stage:
    paths, first = [], 0
    for path in stage.paths:
        filters = min(
            path.filters, max(_FILTERS, _FILTERS * round(path.filters * width / _FILTERS))
        )
        paths.append(
            replace(
                path,
                weights=path.weights[:filters, :, :, :channels],
                requantization=_first(path.requantization, filters),
                first_channel=first,
            )
        )
        first += filters
    kernels = [path.kernel for path in paths]
    return replace(
        stage,
        input_channels=channels,
        paths=tuple(paths),
        tile_width=tile_width(stage.input_width, channels, kernels, stage.pool),
    )


def _narrowed_head(head: Head, channels: int) -> Head:
    return replace(head, channels=channels, weights=head.weights[:, :channels])


def _first(requantization: Requantization, filters: int) -> Requantization:
    return replace(
        requantization,
        bias=requantization.bias[:filters],
        multipliers=requantization.multipliers[:filters],
    )
