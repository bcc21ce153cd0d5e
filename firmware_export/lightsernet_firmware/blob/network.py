"""The records of the network: its stages, their paths, and the head."""

from __future__ import annotations

import numpy as np

from ..planner.network_plan import Head, Path, Requantization, Stage, round_up
from ..planner.requantization import Multiplier
from .sections import Sections, record

_STAGE_WORDS, _PATH_WORDS, _HEAD_WORDS = 8, 12, 14


def stage_record(blob: Sections, stage: Stage) -> bytes:
    """Add what a stage points to, and return its record."""
    paths = blob.add(b"".join(_path(blob, path) for path in stage.paths))
    return record(
        _STAGE_WORDS,
        stage.input_width,
        stage.input_channels,
        stage.input_zero_point,
        *stage.pool,
        stage.tile_width,
        len(stage.paths),
        paths,
    )


def _path(blob: Sections, path: Path) -> bytes:
    rescaling = path.rescaling
    multiplier = rescaling.multiplier if rescaling else Multiplier(0, 0)
    return record(
        _PATH_WORDS,
        *path.kernel,
        path.filters,
        blob.add_array(path.packed_weights),
        _requantization(blob, path.requantization),
        path.requantization.zero_point,
        path.requantization.minimum,
        path.requantization.maximum,
        multiplier.value,
        multiplier.shift,
        rescaling.input_zero_point if rescaling else 0,
        rescaling.output_zero_point if rescaling else 0,
    )


def head_record(blob: Sections, head: Head) -> bytes:
    """Add what the head points to, and return its record."""
    packed = np.pad(head.weights, ((0, 0), (0, round_up(head.channels) - head.channels)))
    return record(
        _HEAD_WORDS,
        head.width,
        head.channels,
        head.input_zero_point,
        head.mean_zero_point,
        head.mean_multiplier.value,
        head.mean_multiplier.shift,
        blob.add_array(packed),
        _requantization(blob, head.requantization),
        head.requantization.zero_point,
        head.requantization.minimum,
        head.requantization.maximum,
        head.softmax.multiplier.value,
        head.softmax.multiplier.shift,
        head.softmax.smallest_difference,
    )


def _requantization(blob: Sections, requantization: Requantization) -> int:
    return blob.add_array(
        np.array(
            [
                requantization.bias,
                [multiplier.value for multiplier in requantization.multipliers],
                [multiplier.shift for multiplier in requantization.multipliers],
            ],
            dtype="<i4",
        )
    )
