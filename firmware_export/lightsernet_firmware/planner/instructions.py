"""What an utterance costs on a core in instructions, estimated without an emulator."""

from __future__ import annotations

import math

from lightsernet_edge.errors import InputError

from .cost import layer_costs
from .front_end_tables import FrontEndTables
from .network_plan import NetworkPlan

# Counted by `bench` on the model that ships, at -O2 (docs/results/firmware.md): instructions
# of the network per multiply-accumulate, and of the front end per frame and butterfly.
_PER_MAC = {"cortex-m4": 1.11, "cortex-m7": 1.11, "cortex-m55": 0.30}
_PER_BUTTERFLY = {"cortex-m4": 10.6, "cortex-m7": 10.6, "cortex-m55": 9.45}


def estimated_instructions(
    plan: NetworkPlan, tables: FrontEndTables | None, seconds: float, target: str
) -> float:
    """Return about how many instructions an utterance takes.

    Parameters
    ----------
    plan : NetworkPlan
    tables : FrontEndTables or None
        None: rows of features are pushed, 62.5 a second, and cost nothing.
    seconds : float
        Length of the utterance, above 0.
    target : str
        ``cortex-m4``, ``cortex-m7`` or ``cortex-m55``.

    Raises
    ------
    InputError
        If nothing is known of the target.
    """
    if target not in _PER_MAC:
        raise InputError(f"target: found {target!r}, expected one of {', '.join(_PER_MAC)}")
    frames, front_end = max(1, round(62.5 * seconds)), 0.0
    if tables is not None:
        spec = tables.spec
        frames = max(1, spec.n_frames(round(seconds * spec.sample_rate)))
        butterflies = spec.fft_length * math.log2(spec.fft_length)
        front_end = frames * butterflies * _PER_BUTTERFLY[target]
    macs = sum(cost.macs for cost in layer_costs(plan, frames, target))
    return macs * _PER_MAC[target] + front_end
