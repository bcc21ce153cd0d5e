"""The planner's figures of a model, as ``info`` prints them."""

from __future__ import annotations

import dataclasses
from typing import Any

from lightsernet_edge.errors import ModelError
from lightsernet_edge.model.file import ModelFile

from .blob import planned_blob
from .cost import OPERAND_BYTES, layer_costs, listener_ram_bytes, ram_bytes
from .front_end_tables import front_end_tables, why_not_streamable
from .graph_planner import plan_network

_FIGURES = (
    "flash_bytes",
    "ram_bytes",
    "ram_bytes_by_target",
    "listener_ram_bytes",
    "continuous_ram_bytes",
)


def planner_figures(file: ModelFile, layers: bool) -> dict[str, Any]:
    """Say what a model costs in the firmware engine.

    Parameters
    ----------
    file : ModelFile
    layers : bool
        Whether to add ``layers``, one entry each.

    Returns
    -------
    dict
        ``flash_bytes`` of the model's blob; ``ram_bytes`` of a stream, also
        ``ram_bytes_by_target``; ``listener_ram_bytes`` and ``continuous_ram_bytes``
        of a listener in either mode, None where there can be none; ``firmware``:
        None, or why the engine cannot run the model, the figures being None then.
    """
    try:
        plan = plan_network(file.graph)
        blob = planned_blob(plan, file.record)
    except ModelError as error:
        return {**dict.fromkeys(_FIGURES), "firmware": str(error)}
    spec, decision = file.record.features, file.record.decision
    reason = why_not_streamable(spec)
    tables = None if reason else front_end_tables(spec)
    ram = {target: ram_bytes(plan, tables, target) for target in OPERAND_BYTES}
    figures: dict[str, Any] = {
        "flash_bytes": len(blob),
        "ram_bytes": ram["host"],
        "ram_bytes_by_target": ram,
        "listener_ram_bytes": listener_ram_bytes(plan, tables, decision),
        "continuous_ram_bytes": listener_ram_bytes(plan, tables, decision, continuous=True),
        "firmware": reason and f"takes features only: {reason}",
    }
    if layers:
        frames = file.graph.input.shape[1]
        figures["layers"] = [dataclasses.asdict(cost) for cost in layer_costs(plan, frames)]
    return figures
