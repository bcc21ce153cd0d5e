"""What the firmware adds to ``info``: RAM, flash, layers, boards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lightsernet_edge.cli import main
from lightsernet_edge.model.file import ModelFile
from lightsernet_firmware.board_fit import CODE_BYTES, STACK_BYTES
from lightsernet_firmware.firmware_model import FirmwareModel
from lightsernet_firmware.host.stream import HostModel
from tests.firmware.cli.command_output import json_of
from tests.firmware.engine.host_listener import HostListener
from tests.firmware.planner.networks import VARIANTS, Network
from tests.places import CHECKOUT, GOLDEN

FLOAT32 = GOLDEN / "float32.tflite"


def test_info_knows_the_ram(smallest: ModelFile, capsys: pytest.CaptureFixture[str]) -> None:
    facts = json_of(capsys, "info", str(smallest.path), "--layers")
    assert facts["ram_bytes"] == facts["ram_bytes_by_target"]["cortex-m4"]
    assert sum(layer["macs"] for layer in facts["layers"]) == facts["macs"]
    assert main(["info", str(smallest.path), "--layers"]) == 0
    assert "stage 1" in capsys.readouterr().out


def test_info_and_export_mean_the_same_flash(
    model_for: Callable[[Network | None], ModelFile],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What is flashed, not the size of the `.tflite`."""
    file = model_for(None)
    exported = json_of(capsys, "export", "--format", "c", "--out", str(tmp_path))
    facts = json_of(capsys, "info", "--boards")
    assert facts["flash_bytes"] == exported["flash_bytes"]
    assert facts["flash_bytes"] == (tmp_path / "model.lsn").stat().st_size
    assert facts["tflite_bytes"] == len(file.model) != facts["flash_bytes"]
    assert {board["flash_needed"] for board in facts["boards"]} == {
        facts["flash_bytes"] + CODE_BYTES
    }
    assert main(["info"]) == 0
    printed = capsys.readouterr().out
    for size in (facts["flash_bytes"], facts["tflite_bytes"]):
        assert f"{size:,} bytes" in printed


def test_info_knows_the_listeners_ram(
    model_for: Callable[[Network | None], ModelFile], capsys: pytest.CaptureFixture[str]
) -> None:
    facts = json_of(capsys, "info", "--boards")
    model = HostModel(FirmwareModel(model_for(None)).blob)
    listener, continuous = (HostListener(model, continuous=mode).ram.size for mode in (0, 1))
    assert facts["listener_ram_bytes"] == listener
    assert facts["continuous_ram_bytes"] == continuous
    assert facts["ram_bytes"] < listener < continuous
    needed = {board["listener_ram_needed"] for board in facts["boards"]}
    assert max(needed) == listener + STACK_BYTES
    # Helium takes less.
    assert all(board["ram_needed"] < board["listener_ram_needed"] for board in facts["boards"])
    assert main(["info", "--boards"]) == 0
    printed = capsys.readouterr().out
    assert f"{listener:,}" in printed
    assert f"{continuous:,}" in printed
    assert "listener" in printed.splitlines()[-len(facts["boards"]) - 1]


def test_the_readme_has_the_figures_of_info(capsys: pytest.CaptureFixture[str]) -> None:
    readme = " ".join((CHECKOUT / "README.md").read_text().split())
    facts = json_of(capsys, "info")
    assert f"a network of {facts['parameters'] / 1000:.0f} thousand parameters" in readme
    assert f"some {facts['ram_bytes'] / 1000:.0f} kB of RAM" in readme
    assert (
        f"a listener that is always on takes {facts['listener_ram_bytes'] / 1000:.0f} kB" in readme
    )


def test_info_of_what_the_engine_cannot_run(capsys: pytest.CaptureFixture[str]) -> None:
    facts = json_of(capsys, "info", str(FLOAT32), "--boards")
    for name in ("flash_bytes", "ram_bytes", "listener_ram_bytes", "continuous_ram_bytes"):
        assert facts[name] is None, name
    assert "int8.tflite" in facts["firmware"]
    assert facts["tflite_bytes"] > 10**6
    assert main(["info", str(FLOAT32)]) == 0
    assert "flash" not in capsys.readouterr().out


def test_info_says_where_it_fits(
    smallest: ModelFile,
    model_for: Callable[[Network | None], ModelFile],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A quarter of the width is a sixteenth of the weights."""
    fits: dict[str, set[str]] = {}
    for file in (smallest, model_for(VARIANTS[0])):
        facts = json_of(capsys, "info", str(file.path), "--boards")
        fits[str(file.path)] = {board["board"] for board in facts["boards"] if board["fits"]}
        for board in facts["boards"]:
            assert board["flash_needed"] > CODE_BYTES
            assert board["ram_needed"] <= facts["ram_bytes"] + STACK_BYTES
    small, full = fits.values()
    assert full < small
    assert "NUCLEO-L432KC" in small - full
    assert "Blue Pill" not in small
    assert main(["info", str(smallest.path), "--boards"]) == 0
    assert "does not fit" in capsys.readouterr().out
