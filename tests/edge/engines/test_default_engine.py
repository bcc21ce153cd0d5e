"""What runs a model on 64-bit Arm, where built-in kernels are not the reference kernels.

The architecture is pretended here; `tests/raspberry_pi` runs the real packages for it.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lightsernet_edge.engines import Engine, RowsOnly, open_engine, processor
from lightsernet_edge.engines.interpreter import LiteRTEngine, TFLiteRuntimeEngine
from lightsernet_edge.errors import LightSernetError, MissingDependencyError, ModelError
from lightsernet_edge.live.listener import FrontEndListener, open_listener
from lightsernet_edge.model.file import read_model
from tests.places import GOLDEN

INT8, FLOAT32 = (read_model(GOLDEN / f"{name}.tflite") for name in ("int8", "float32"))
ROWS = np.random.default_rng(0).normal(size=(120, 40))


@pytest.fixture
def arm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")


@pytest.fixture
def resolvers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The kernels that an interpreter was asked for; for tflite-runtime, LiteRT's stands in."""
    asked: list[str] = []
    real, kinds = LiteRTEngine._import()

    def interpreter(**options: Any) -> Any:
        asked.append(options["experimental_op_resolver_type"].name)
        return real(**options)

    for engine in (LiteRTEngine, TFLiteRuntimeEngine):
        monkeypatch.setattr(engine, "_import", staticmethod(lambda: (interpreter, kinds)))
    return asked


def refusing(error: LightSernetError) -> Callable[..., Engine]:
    def make(*_: Any) -> Engine:
        raise error

    return make


@pytest.mark.usefixtures("arm")
def test_the_default_on_arm_is_the_c_engine() -> None:
    engine = open_engine(INT8.model, INT8.graph)
    assert isinstance(engine, RowsOnly)
    litert = open_engine(INT8.model, INT8.graph, "litert")
    np.testing.assert_array_equal(engine.invoke(ROWS), litert.invoke(ROWS))
    # A stream's rows are then those of every other machine, and so are its answers.
    assert isinstance(open_listener(engine, INT8.record), FrontEndListener)


@pytest.mark.parametrize(
    ("options", "kernels"),
    [({"threads": 2}, "BUILTIN_REF"), ({"xnnpack": True}, "AUTO")],
)
@pytest.mark.usefixtures("arm")
def test_what_the_c_engine_does_not_do_is_the_interpreters(
    options: dict[str, Any], kernels: str, resolvers: list[str]
) -> None:
    assert isinstance(open_engine(INT8.model, INT8.graph, **options), LiteRTEngine)
    assert resolvers == [kernels]


@pytest.mark.usefixtures("arm")
def test_float_models_run_on_the_built_in_kernels(resolvers: list[str]) -> None:
    assert isinstance(open_engine(FLOAT32.model, FLOAT32.graph), LiteRTEngine)
    assert resolvers == ["BUILTIN_WITHOUT_DEFAULT_DELEGATES"]


@pytest.mark.parametrize(
    "error", [LightSernetError("no cache"), ModelError("operator unknown")], ids=["cache", "model"]
)
@pytest.mark.usefixtures("arm")
def test_without_the_c_engine_the_reference_kernels_answer(
    error: LightSernetError, resolvers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lightsernet_firmware.host.engine.NativeEngine", refusing(error))
    assert isinstance(open_engine(INT8.model, INT8.graph), LiteRTEngine)
    assert resolvers == ["BUILTIN_REF"]


def test_on_32_bits_the_c_engine_stands_in_for_a_missing_interpreter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "armv7l")
    assert isinstance(open_engine(INT8.model, INT8.graph), LiteRTEngine)
    missing = MissingDependencyError("not for this Python")
    for name in ("LiteRTEngine", "TFLiteRuntimeEngine", "TensorFlowEngine"):
        monkeypatch.setattr(f"lightsernet_edge.engines.interpreter.{name}", refusing(missing))
    assert isinstance(open_engine(INT8.model, INT8.graph), RowsOnly)
    with pytest.raises(MissingDependencyError, match="no TFLite interpreter works here"):
        open_engine(FLOAT32.model, FLOAT32.graph)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    with pytest.raises(MissingDependencyError, match="no TFLite interpreter works here"):
        open_engine(INT8.model, INT8.graph)


def test_elsewhere_the_built_in_kernels_are_the_default(
    resolvers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    assert isinstance(open_engine(INT8.model, INT8.graph), LiteRTEngine)
    assert resolvers == ["BUILTIN_WITHOUT_DEFAULT_DELEGATES"]


@pytest.mark.usefixtures("arm")
def test_tflite_runtime_keeps_its_kernels_on_arm(resolvers: list[str]) -> None:
    open_engine(INT8.model, INT8.graph, "tflite")
    assert resolvers == ["BUILTIN_WITHOUT_DEFAULT_DELEGATES"]


@pytest.mark.parametrize(
    ("machine", "maxsize", "expected"),
    [
        ("aarch64", 2**63 - 1, "aarch64"),
        ("arm64", 2**63 - 1, "aarch64"),
        ("aarch64", 2**31 - 1, "armv7l"),
        ("armv8l", 2**31 - 1, "armv7l"),
        ("armv7l", 2**31 - 1, "armv7l"),
        ("armv6l", 2**31 - 1, "armv6l"),
        ("x86_64", 2**63 - 1, "x86_64"),
    ],
)
def test_a_32_bit_process_on_a_64_bit_kernel_is_one(
    machine: str, maxsize: int, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(sys, "maxsize", maxsize)
    assert processor.architecture() == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("processor : 0\nFeatures\t: fp asimd asimddp\n", {"fp", "asimd", "asimddp"}),
        ("flags\t\t: fpu sse2 avx2\nvmx flags\t: x\n", {"fpu", "sse2", "avx2"}),
        (None, set()),
    ],
)
def test_features_are_read_where_linux_tells_them(
    text: str | None, expected: set[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(processor, "_CPUINFO", tmp_path / "cpuinfo")
    if text is not None:
        (tmp_path / "cpuinfo").write_text(text)
    assert processor.features() == expected
