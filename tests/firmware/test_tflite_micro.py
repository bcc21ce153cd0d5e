"""Layer by layer, the engine's rows are what TFLite Micro computes for the whole clip."""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np
import pytest
from networks import SMALLEST, VARIANTS, Network
from numpy.typing import NDArray

from lightsernet_edge.model_file import ModelFile
from lightsernet_firmware.cost import layer_costs
from lightsernet_firmware.graph_planner import plan_network
from lightsernet_firmware.host_stream import HostModel, HostStream
from lightsernet_firmware.model_blob import build_blob
from lightsernet_firmware.network_plan import NetworkPlan, round_up

runtime = pytest.importorskip("tflite_micro.python.tflite_micro.runtime")

Int8 = NDArray[np.int8]
Models = Callable[[Network | None], ModelFile]
# struct lsn_stream on a 64-bit host: the pointer, five words, then the stages'
# counts of rows that came in and rows that are done.
STREAM_BYTES, PROGRESS = 192, 28
# Enough for all tensors at once.
ARENA_BYTES = 1 << 24


class RowReader:
    """Reads the rows that stages have given from the rings of the next ones."""

    def __init__(self, plan: NetworkPlan, stream: HostStream) -> None:
        self._plan = plan
        self._stream = stream
        offset = STREAM_BYTES + round_up(4 * plan.head.channels, 16)
        offset += 2 * round_up(plan.head.labels, 16)
        self._rings = []
        for cost in layer_costs(plan, 1)[:-1]:
            self._rings.append(offset)
            offset += cost.ring_bytes
        self.rows: list[dict[int, Int8]] = [{} for _ in plan.stages]

    def read(self) -> None:
        """Take what every ring holds now."""
        ram = self._stream.ram
        for s, stage in enumerate(self._plan.stages):
            (rows_in,) = struct.unpack_from("<I", ram, PROGRESS + 8 * s)
            size = stage.input_width * stage.input_channels
            for row in range(max(0, rows_in - stage.rows_kept), rows_in):
                at = self._rings[s] + row % stage.rows_kept * size
                self.rows[s][row] = (
                    ram[at : at + size]
                    .view(np.int8)
                    .reshape(stage.input_width, stage.input_channels)
                    .copy()
                )


@pytest.mark.parametrize("network", [SMALLEST, VARIANTS[1], VARIANTS[3]], ids=str)
@pytest.mark.parametrize("kind", ["random", "extreme"])
def test_every_layer(network: Network, kind: str, model_for: Models) -> None:
    file = model_for(network)
    graph = file.graph
    random = np.random.default_rng(2)
    shape = (network.frames, network.coefficients)
    features = (
        random.integers(-128, 128, shape) if kind == "random" else random.choice([-128, 127], shape)
    )
    features = features.astype(np.int8)

    oracle = runtime.Interpreter.from_bytes(
        file.model,
        # Spelt so in its API.
        intrepreter_config=runtime.InterpreterConfig.kPreserveAllTensors,
        arena_size=ARENA_BYTES,
    )
    oracle.set_input(features[None, :, :, None], 0)
    oracle.invoke()

    plan = plan_network(graph)
    model = HostModel(build_blob(plan, None, [str(i) for i in range(network.labels)]))
    stream = model.stream()
    reader = RowReader(plan, stream)
    for row in features:
        stream.push_features(row[None])
        reader.read()
    stream.finish()
    reader.read()

    # What each stage reads: the input of its first convolution in the graph.
    inputs = []
    for operator in graph.operators:
        if operator.name == "CONV_2D" and operator.inputs[0] not in inputs:
            inputs.append(operator.inputs[0])
    for s, (stage, index) in enumerate(zip(plan.stages, inputs, strict=True)):
        wanted = np.asarray(oracle.GetTensor(index, 0)["tensor_data"], np.int8)
        wanted = wanted.reshape(-1, stage.input_width, stage.input_channels)
        found = reader.rows[s]
        # At the end of the utterance several rows come at once: the ring keeps the last.
        assert len(found) >= len(wanted) - 4
        assert len(wanted) - 1 in found
        for row, values in found.items():
            np.testing.assert_array_equal(values, wanted[row], err_msg=f"stage {s}, row {row}")

    (mean,) = (operator for operator in graph.operators if operator.name == "MEAN")
    wanted = np.asarray(oracle.GetTensor(mean.outputs[0], 0)["tensor_data"], np.int8).ravel()
    np.testing.assert_array_equal(last_mean(plan, stream), wanted)


def last_mean(plan: NetworkPlan, stream: HostStream) -> Int8:
    """Return what the head left at the beginning of the scratch, behind the rings."""
    offset = STREAM_BYTES + round_up(4 * plan.head.channels, 16)
    offset += 2 * round_up(plan.head.labels, 16)
    offset += sum(cost.ring_bytes for cost in layer_costs(plan, 1)[:-1])
    return stream.ram[offset : offset + plan.head.channels].view(np.int8)
