"""The planner's figures of a model, as ``info`` prints them."""

from __future__ import annotations

import dataclasses
from typing import Any

from lightsernet_edge.errors import ModelError
from lightsernet_edge.model_file import ModelFile

from .cost import OPERAND_BYTES, layer_costs, ram_bytes
from .front_end_tables import front_end_tables, why_not_streamable
from .graph_planner import plan_network


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
        ``ram_bytes``, ``ram_bytes_by_target`` and ``firmware``: None, or why
        the engine cannot run the model, the other figures being None then.
    """
    try:
        plan = plan_network(file.graph)
    except ModelError as error:
        return {"ram_bytes": None, "ram_bytes_by_target": None, "firmware": str(error)}
    spec = file.record.features
    reason = why_not_streamable(spec)
    tables = None if reason else front_end_tables(spec)
    ram = {target: ram_bytes(plan, tables, target) for target in OPERAND_BYTES}
    figures: dict[str, Any] = {
        "ram_bytes": ram["host"],
        "ram_bytes_by_target": ram,
        "firmware": reason and f"takes features only: {reason}",
    }
    if layers:
        frames = file.graph.input.shape[1]
        figures["layers"] = [dataclasses.asdict(cost) for cost in layer_costs(plan, frames)]
    return figures
