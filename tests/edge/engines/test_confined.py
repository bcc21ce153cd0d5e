"""Graphs without rules: the interpreter runs them in a child, and its end is an error."""

from __future__ import annotations

import os
import signal
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from lightsernet_edge.engines import open_engine
from lightsernet_edge.engines.confined import ConfinedEngine
from lightsernet_edge.errors import MissingDependencyError, ModelError
from lightsernet_edge.model import flatbuffer
from lightsernet_edge.model.file import read_model
from lightsernet_edge.model.graph_check import read_checked_graph
from lightsernet_edge.model.tflite_graph import IDENTIFIER
from tests.places import GOLDEN

SOFTMAX, LOG_SOFTMAX = 25, 50
ROWS = np.random.default_rng(0).normal(size=(90, 40))


@pytest.fixture(scope="module")
def plain() -> bytes:
    return read_model(GOLDEN / "float32.tflite").model


@pytest.fixture(scope="module")
def unruly(plain: bytes) -> bytes:
    """The same network with LOG_SOFTMAX at its end, for which there is no rule."""
    changed = bytearray(plain)
    for code in flatbuffer.root(plain, IDENTIFIER).tables(1):
        for slot, letter in ((0, "b"), (3, "i")):
            if code.scalar(slot, letter) == SOFTMAX:
                changed[code.field(slot)] = LOG_SOFTMAX
    return bytes(changed)


@pytest.fixture(scope="module")
def engine(unruly: bytes) -> Any:
    graph = read_checked_graph(unruly)
    assert graph.unchecked == ("operator 50",)
    return open_engine(unruly, graph, "litert")


def test_the_child_computes_the_same(plain: bytes, engine: ConfinedEngine) -> None:
    assert isinstance(engine, ConfinedEngine)
    inside = open_engine(plain, read_checked_graph(plain), "litert")
    assert not isinstance(inside, ConfinedEngine)
    for rows in (ROWS, ROWS[:50]):
        output = engine.invoke(rows)
        assert output.dtype == np.float32
        np.testing.assert_allclose(np.exp(output), inside.invoke(rows), atol=1e-6)


def test_a_crash_is_an_error(unruly: bytes, engine: ConfinedEngine) -> None:
    os.kill(engine._child.pid, signal.SIGSEGV)
    with pytest.raises(ModelError, match=r"crashed \(SIGSEGV\).*operator 50"):
        engine.invoke(ROWS)
    with pytest.raises(ModelError, match="crashed"):
        engine.invoke(ROWS)


def test_no_answer_is_an_error(unruly: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = open_engine(unruly, read_checked_graph(unruly), "litert")
    assert isinstance(engine, ConfinedEngine)
    monkeypatch.setattr("lightsernet_edge.engines.confined._ANSWER_S", 0.2)
    os.kill(engine._child.pid, signal.SIGSTOP)
    with pytest.raises(ModelError, match="did not answer"):
        engine.invoke(ROWS[:1])


def test_what_is_missing_is_said_by_the_child(unruly: bytes) -> None:
    if find_spec("tflite_runtime") is not None:
        pytest.skip("tflite-runtime is installed")
    with pytest.raises(MissingDependencyError, match="tflite-runtime"):
        open_engine(unruly, read_checked_graph(unruly), "tflite")
