"""What a network costs before it is flashed: RAM, flash and work, layer by layer.

The figures are those of the engine's own layout (``engine/src/stream/lsn_layout.c``):
`ram_bytes` is what ``lsn_ram_size`` returns, to the byte.
"""

from __future__ import annotations

from dataclasses import dataclass

from lightsernet_edge.endpointing.settings import EndpointConstants
from lightsernet_edge.errors import InputError
from lightsernet_edge.model.record import DecisionDefaults

from .front_end_tables import FrontEndTables
from .network_plan import ALIGNMENT, NetworkPlan, Stage, round_up
from .tiling import operands_of_tile

# Reserved for a stream's own variables: LSN_STREAM_BYTES.
_STREAM_BYTES = 192
# Bytes per operand of the convolutions: Helium multiplies int8, all others
# int16. See engine/src/kernels/lsn_operand.h.
OPERAND_BYTES = {
    "host": 2,
    "cortex-m0plus": 2,
    "cortex-m3": 2,
    "cortex-m4": 2,
    "cortex-m7": 2,
    "cortex-m33": 2,
    "cortex-m55": 1,
    "rv32imc": 2,
    "rv32imafc": 2,
    "xtensa-lx106": 2,
}
# Bias, multiplier and shift of a channel.
_REQUANTIZATION_BYTES = 12
# Reserved for a listener's own variables: LSN_LISTENER_BYTES.
_LISTENER_BYTES = 768
# Mean, scale and the statistics behind them: LSN_PROFILE_ARRAYS.
_PROFILE_ARRAYS = 6


@dataclass(frozen=True)
class LayerCost:
    """Cost of a stage, or of the head.

    Attributes
    ----------
    name : str
    operation : str
        Its kernels, channels, columns and pool, in words.
    ring_rows : int
        Rows of its input that it keeps.
    ring_bytes : int
    scratch_bytes : int
        Working memory, shared with all other layers.
    lag_rows : int
        The layer gives its first row of output when this many rows of features
        have followed the first.
    rows_before, rows_after : int
        'same' padding at the start and end of the utterance, in rows of its input.
    weight_bytes : int
        Weights, biases and multipliers.
    macs : int
        Multiply-accumulates for an utterance of the frames that were asked for.
    results : int
        Sums of these that are scaled back to int8, before the pool.
    """

    name: str
    operation: str
    ring_rows: int
    ring_bytes: int
    scratch_bytes: int
    lag_rows: int
    rows_before: int
    rows_after: int
    weight_bytes: int
    macs: int
    results: int


def layer_costs(plan: NetworkPlan, frames: int, target: str = "host") -> list[LayerCost]:
    """Return what every layer costs: the stages in their order, then the head.

    Parameters
    ----------
    plan : NetworkPlan
    frames : int
        Rows of features in an utterance, at least 1.
    target : str
        A key of `OPERAND_BYTES`.

    Raises
    ------
    InputError
        If there is no such target, or `frames` is out of range.
    """
    if frames < 1:
        raise InputError(f"frames: found {frames}, expected at least 1")
    operand = _operand_bytes(target)
    costs = []
    rows, step, lag = frames, 1, 0
    for stage in plan.stages:
        # A pooled row waits for the rows that follow, and for its pool to fill.
        lag += step * (stage.rows_after + stage.pool[0] - 1)
        costs.append(
            LayerCost(
                name=stage.name,
                operation=_operation(stage),
                ring_rows=stage.rows_kept,
                ring_bytes=_ring_bytes(stage),
                scratch_bytes=_stage_scratch(stage, operand),
                lag_rows=lag,
                rows_before=stage.rows_before,
                rows_after=stage.rows_after,
                weight_bytes=sum(
                    path.weights.size + _REQUANTIZATION_BYTES * path.filters for path in stage.paths
                ),
                macs=rows * stage.macs_per_row,
                results=rows * stage.results_per_row,
            )
        )
        rows, step = -(-rows // stage.pool[0]), step * stage.pool[0]
    head = plan.head
    costs.append(
        LayerCost(
            name="head",
            operation=f"mean, dense {head.channels} to {head.labels}, softmax",
            ring_rows=0,
            ring_bytes=round_up(4 * head.channels, ALIGNMENT) + _labels_bytes(plan),
            scratch_bytes=head.channels,
            lag_rows=lag,
            rows_before=0,
            rows_after=0,
            weight_bytes=head.weights.size + _REQUANTIZATION_BYTES * head.labels,
            macs=int(head.weights.size),
            results=head.labels,
        )
    )
    return costs


def ram_bytes(plan: NetworkPlan, tables: FrontEndTables | None, target: str = "host") -> int:
    """Return the RAM of one stream in bytes: what ``lsn_ram_size`` returns on `target`.

    Raises
    ------
    InputError
        If `target` is no key of `OPERAND_BYTES`.
    """
    operand = _operand_bytes(target)
    scratch = [_stage_scratch(stage, operand) for stage in plan.stages]
    # The head reads the last stage's row in the scratch.
    scratch[-1] += round_up(plan.head.width * plan.head.channels, ALIGNMENT)
    total = _STREAM_BYTES + round_up(4 * plan.head.channels, ALIGNMENT) + _labels_bytes(plan)
    total += sum(_ring_bytes(stage) for stage in plan.stages)
    if tables is not None:
        total += round_up(2 * tables.spec.frame_length, ALIGNMENT)
        total += round_up(4 * _PROFILE_ARRAYS * plan.coefficients, ALIGNMENT)
        if tables.has_utterance_mean:
            total += round_up(4 * plan.coefficients, ALIGNMENT)
        # Two sets of complex float32 arrays of half the transform's length.
        scratch.append(2 * 4 * tables.spec.fft_length)
    return total + max(scratch)


def listener_ram_bytes(
    plan: NetworkPlan,
    tables: FrontEndTables | None,
    decision: DecisionDefaults,
    target: str = "host",
    continuous: bool = False,
) -> int | None:
    """Return the RAM of one listener in bytes: what ``lsn_listener_ram_size`` returns on `target`.

    Parameters
    ----------
    plan : NetworkPlan
    tables : FrontEndTables or None
    decision : DecisionDefaults
    target : str
        A key of `OPERAND_BYTES`.
    continuous : bool
        Whether the listener is in continuous mode.

    Returns
    -------
    int or None
        None if the engine has no listener for the model: without a front end, or if
        the decision's times do not fit the front end.

    Raises
    ------
    InputError
        If `target` is no key of `OPERAND_BYTES`.
    """
    if tables is None:
        return None
    spec = tables.spec
    try:
        constants = EndpointConstants.of(decision.endpointing, spec.sample_rate, spec.hop_length)
    except InputError:
        return None
    parts = [
        4 * plan.head.labels,
        # Two arrays of statistics, and their row count.
        2 * 4 * plan.coefficients + 4,
        constants.hang_over * plan.coefficients,
        2 * (constants.before + constants.speech_window) * constants.hop_length,
    ]
    if continuous:
        # Smoothed posteriors, and the column sums of each row in the window.
        window = decision.window_hops(spec.sample_rate / spec.hop_length)
        rows = plan.output_rows(spec.n_frames(window * spec.hop_length))
        if rows == 0:
            return None
        parts += [4 * plan.head.labels, 2 * rows * plan.head.channels]
    own = _LISTENER_BYTES + sum(round_up(part, ALIGNMENT) for part in parts)
    return own + ram_bytes(plan, tables, target)


def _operation(stage: Stage) -> str:
    kernels = ", ".join(f"{path.kernel[0]}x{path.kernel[1]}" for path in stage.paths)
    pool = "" if stage.pool == (1, 1) else f", pool {stage.pool[0]}x{stage.pool[1]}"
    return (
        f"conv {kernels}: {stage.input_channels} to {stage.output_channels} channels, "
        f"{stage.input_width} columns{pool}"
    )


def _operand_bytes(target: str) -> int:
    if target not in OPERAND_BYTES:
        raise InputError(f"target: found {target!r}, expected one of {', '.join(OPERAND_BYTES)}")
    return OPERAND_BYTES[target]


def _labels_bytes(plan: NetworkPlan) -> int:
    return 2 * round_up(plan.head.labels, ALIGNMENT)


def _ring_bytes(stage: Stage) -> int:
    return round_up(stage.rows_kept * stage.input_width * stage.input_channels, ALIGNMENT)


def _stage_scratch(stage: Stage, operand: int) -> int:
    pixels = stage.pool[0] * stage.tile_width
    tile = max(
        operands_of_tile(stage.tile_width, stage.input_channels, path.kernel, stage.pool[0])
        for path in stage.paths
    )
    # Where operands are wider than weights, two filters are widened at a time.
    filters = 0
    if operand > 1:
        filters = 2 * max(path.packed_weights.shape[1] for path in stage.paths)
    parts = (tile * operand, filters * operand, 2 * 4 * pixels, 2 * pixels)
    return sum(round_up(part, ALIGNMENT) for part in parts)
