"""Models from strangers: whatever they hold, an answer or one line, and the process lives."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import pytest

from lightsernet_edge.errors import ModelError
from lightsernet_edge.model import flatbuffer
from lightsernet_edge.model.file import default_model_path, read_model
from lightsernet_edge.model.graph_check import read_checked_graph
from lightsernet_edge.model.tflite_graph import IDENTIFIER
from tests.edge.model.mutated_models import SealedBytes, try_in_child
from tests.places import GOLDEN

FIRST_SEED, COUNT = 500, 60


@pytest.mark.skipif(sys.platform != "linux", reason="needs fork, and Linux's limits")
@pytest.mark.parametrize("base", [default_model_path(), GOLDEN / "float32.tflite"], ids=str)
def test_mutated_models(base: Path, tmp_path: Path) -> None:
    sealed = SealedBytes.of(base.read_bytes())
    path = tmp_path / "mutated.tflite"
    verdicts = set()
    for seed in range(FIRST_SEED, FIRST_SEED + COUNT):
        path.write_bytes(sealed.mutated(seed))
        verdict, detail = try_in_child(path)
        assert verdict in ("ok", "refused"), f"seed {seed}: {verdict}: {detail}"
        verdicts.add(verdict)
    assert verdicts == {"ok", "refused"}


def shipped() -> bytes:
    return read_model(default_model_path()).model


def subgraph(model: bytes) -> flatbuffer.Table:
    return flatbuffer.root(model, IDENTIFIER).tables(2)[0]


def with_int(model: bytes, position: int, value: int) -> bytes:
    return model[:position] + struct.pack("<i", value) + model[position + 4 :]


def operator_at(model: bytes, name: str) -> tuple[int, flatbuffer.Table]:
    graph = read_checked_graph(model)
    place = next(i for i, operator in enumerate(graph.operators) if operator.name == name)
    return place, subgraph(model).tables(3)[place]


def test_a_width_that_follows_from_nothing() -> None:
    """The planner tried tiles of every width up to it."""
    model = shipped()
    _, concatenation = operator_at(model, "CONCATENATION")
    (index,) = concatenation.numbers(2, "i")
    start, _ = subgraph(model).tables(0)[int(index)].vector(0, 4)
    for width in (1258291220, 21, 0, -1):
        with pytest.raises(ModelError, match="shape"):
            read_checked_graph(with_int(model, start + 8, width))


def test_an_operator_that_writes_what_another_wrote() -> None:
    """The interpreter freed its memory twice."""
    model = shipped()
    _, pool = operator_at(model, "AVERAGE_POOL_2D")
    _, dense = operator_at(model, "FULLY_CONNECTED")
    start, _ = dense.vector(2, 4)
    for index in (*pool.numbers(2, "i"), *dense.numbers(1, "i")):
        with pytest.raises(ModelError, match="writes"):
            read_checked_graph(with_int(model, start, int(index)))


def test_an_operand_that_nobody_wrote() -> None:
    model = shipped()
    _, first = operator_at(model, "CONV_2D")
    start, _ = first.vector(1, 4)
    (late,) = operator_at(model, "SOFTMAX")[1].numbers(2, "i")
    with pytest.raises(ModelError, match="before it is written"):
        read_checked_graph(with_int(model, start, int(late)))
    with pytest.raises(ModelError, match="operand"):
        read_checked_graph(with_int(model, start + 4, -1))


@pytest.mark.parametrize("slot", [1, 2, 3, 4])
def test_a_pool_that_divides_by_zero(slot: int) -> None:
    model = shipped()
    _, pool = operator_at(model, "AVERAGE_POOL_2D")
    options = pool.table(4)
    assert options is not None
    for value in (0, -1, 2**30):
        with pytest.raises(ModelError, match="stride"):
            read_checked_graph(with_int(model, options.field(slot), value))


def test_options_of_another_operator() -> None:
    """The interpreter then takes zeros for strides."""
    model = shipped()
    _, pool = operator_at(model, "AVERAGE_POOL_2D")
    position = pool.field(3)
    with pytest.raises(ModelError, match="options"):
        read_checked_graph(model[:position] + b"\x01" + model[position + 1 :])


def test_a_constant_of_another_size() -> None:
    model = shipped()
    _, dense = operator_at(model, "FULLY_CONNECTED")
    start, _ = subgraph(model).tables(0)[int(dense.numbers(1, "i")[1])].vector(0, 4)
    with pytest.raises(ModelError, match="bytes"):
        read_checked_graph(with_int(model, start, 9))


def test_work_of_a_row_has_a_limit() -> None:
    model = shipped()
    _, pool = operator_at(model, "AVERAGE_POOL_2D")
    options = pool.table(4)
    assert options is not None
    model = with_int(model, options.field(3), 4096)
    with pytest.raises(ModelError, match="multiply-accumulates"):
        read_checked_graph(with_int(model, options.field(4), 4096))


def test_a_table_beyond_the_end() -> None:
    model = shipped()
    tensor = subgraph(model).tables(0)[0]
    length = tensor.position - flatbuffer.unpack(model, "<i", tensor.position) + 2
    damaged = model[:length] + b"\xff\xff" + model[length + 2 :]
    with pytest.raises(ModelError, match="damaged"):
        read_checked_graph(damaged)
