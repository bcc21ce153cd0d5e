"""What ``import lightsernet_firmware`` offers, and that it costs nothing until it is used."""

from __future__ import annotations

import doctest
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import lightsernet_firmware
from lightsernet_edge.errors import ModelError
from lightsernet_edge.model.file import ModelFile
from lightsernet_firmware import FirmwareModel, boards_that_fit, export, plan
from tests.places import GOLDEN


@pytest.mark.parametrize("name", lightsernet_firmware.__all__)
def test_every_name_is_there_and_documented(name: str) -> None:
    found = getattr(lightsernet_firmware, name)
    documentation = inspect.getdoc(found)
    assert documentation
    for parameter in inspect.signature(found).parameters:
        assert f"\n{parameter} : " in documentation or f", {parameter} : " in documentation


def test_no_other_name_is_there() -> None:
    assert set(lightsernet_firmware._MODULES) == set(lightsernet_firmware.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'fly'"):
        _ = lightsernet_firmware.fly


def test_the_example_in_the_docstring() -> None:
    result = doctest.testmod(lightsernet_firmware)
    assert result.attempted > 2
    assert result.failed == 0


def test_importing_it_loads_nothing_else() -> None:
    code = "import sys, lightsernet_firmware; print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "'lightsernet_firmware'" in done.stdout
    for name in ("numpy", "lightsernet_edge", "lightsernet_firmware.firmware_model"):
        assert f"'{name}'" not in done.stdout


def test_a_model_is_planned_once(smallest: ModelFile) -> None:
    model = FirmwareModel(smallest)
    assert model.plan is model.plan
    assert model.blob is model.blob
    assert model == FirmwareModel(smallest)


def test_a_model_that_cannot_run_is_refused_when_it_is_planned() -> None:
    path = GOLDEN / "float32.tflite"
    with pytest.raises(ModelError, match=f"{path}: the model is float32"):
        plan(path)


def test_from_a_path_to_a_folder(smallest: ModelFile, tmp_path: Path) -> None:
    model = plan(str(smallest.path))
    written = export(model, str(tmp_path))
    assert (tmp_path / "model.lsn").read_bytes() == model.blob
    assert written.flash_bytes == len(model.blob)
    assert written.ram_bytes == model.ram_bytes("cortex-m4")
    assert any(board["fits"] for board in boards_that_fit(model))
