"""The engine ``native``, found by entry point."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lightsernet_edge import EmotionRecognizer
from lightsernet_edge.engines import names, open_engine
from lightsernet_edge.errors import InputError, MissingDependencyError, ModelError
from lightsernet_edge.model.file import ModelFile
from lightsernet_edge.model.tflite_graph import read_graph
from lightsernet_firmware.host.stream import library
from tests.firmware.planner.networks import SMALLEST, int8_model


def test_native_engine_classifies_as_litert(smallest: ModelFile, recordings: Path) -> None:
    native, litert = (EmotionRecognizer(smallest.path, engine) for engine in ("native", "litert"))
    for path in sorted(recordings.iterdir())[:2]:
        assert native.classify(path) == litert.classify(path)


def test_native_engine_is_found_and_strict() -> None:
    assert "native" in names()
    model = int8_model(SMALLEST)
    graph = read_graph(model)
    for threads, xnnpack, says in ((2, False, "threads: found 2"), (1, True, "xnnpack: found")):
        with pytest.raises(InputError, match=f"^{says}.*native"):
            open_engine(model, graph, "native", threads, xnnpack)
    with pytest.raises(InputError, match="no frame"):
        open_engine(model, graph, "native").invoke(np.empty((0, 40)))


@pytest.mark.no_preload
def test_native_engine_refuses_float_models() -> None:
    from lightsernet_trainer.network.conversion import convert
    from lightsernet_trainer.network.light_sernet import light_sernet

    model = convert(light_sernet(184, 40, 5, 0.25), "float32", [])
    with pytest.raises(ModelError, match="float32, expected full-integer"):
        open_engine(model, read_graph(model), "native")


@pytest.mark.no_preload
def test_no_compiler_is_one_clear_line(
    smallest: ModelFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.cache_clear()
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(MissingDependencyError, match=r"no-such-compiler.*apt-get install gcc"):
        EmotionRecognizer(smallest.path, "native")


@pytest.mark.no_preload
def test_a_compiler_that_fails_is_named(
    smallest: ModelFile, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    library.cache_clear()
    monkeypatch.setenv("CC", "false")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(Exception, match="cannot compile the engine"):
        EmotionRecognizer(smallest.path, "native")
