"""RAM: known before anything runs, and the same for any length."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from lightsernet_edge.errors import InputError
from lightsernet_edge.model.file import ModelFile
from lightsernet_firmware.blob.build import build_blob
from lightsernet_firmware.firmware_model import FirmwareModel
from lightsernet_firmware.host.stream import HostModel
from lightsernet_firmware.planner.cost import layer_costs, ram_bytes
from lightsernet_firmware.planner.front_end_tables import front_end_tables
from lightsernet_firmware.planner.graph_planner import plan_network
from tests.firmware.planner.networks import SMALLEST, VARIANTS, Network

# Bytes that one stream of the model that ships may take.
BUDGET = 40_960

Models = Callable[[Network | None], ModelFile]


@pytest.mark.parametrize("network", [None, *VARIANTS, SMALLEST], ids=lambda n: str(n or "shipped"))
def test_planner_and_engine_agree(network: Network | None, model_for: Models) -> None:
    file = model_for(network)
    plan = plan_network(file.graph)
    tables = front_end_tables(file.record.features)
    assert HostModel(FirmwareModel(file).blob).ram_bytes == ram_bytes(plan, tables)
    assert HostModel(build_blob(plan, None, file.record.outputs)).ram_bytes == ram_bytes(plan, None)


def test_full_width_is_within_the_budget_for_any_length(model_for: Models) -> None:
    short, long = (
        ram_bytes(plan_network(file.graph), front_end_tables(file.record.features))
        for file in (model_for(Network(1.0, 184, 9)), model_for(Network(1.0, 434, 9)))
    )
    assert short == long <= BUDGET


def test_layers_add_up_to_the_graph(model_for: Models) -> None:
    file = model_for(VARIANTS[0])
    costs = layer_costs(plan_network(file.graph), file.graph.input.shape[1])
    assert sum(cost.macs for cost in costs) == file.graph.macs
    # The 11x1 path looks 5 rows ahead, and a pool of 2 waits for one more.
    assert dataclasses.astuple(costs[0])[5:8] == (6, 5, 5)


def test_blob_is_hardly_more_than_its_constants(model_for: Models) -> None:
    file = model_for(VARIANTS[0])
    plan, tables = plan_network(file.graph), front_end_tables(file.record.features)
    constants = sum(cost.weight_bytes for cost in layer_costs(plan, 1)) + tables.size
    assert len(FirmwareModel(file).blob) <= 1.02 * constants
    assert tables.size <= 40 * 1024


def test_targets_and_frames_that_there_are_not(smallest: ModelFile) -> None:
    model = FirmwareModel(smallest)
    for ask in (model.ram_bytes, model.listener_ram_bytes):
        with pytest.raises(InputError, match=r"target: found 'z80', expected one of host, cortex"):
            ask("z80")
    with pytest.raises(InputError, match="target: found 'z80'"):
        model.layer_costs(184, "z80")
    with pytest.raises(InputError, match="frames: found 0, expected at least 1"):
        model.layer_costs(0)
