"""Boards: what a narrower network costs there, and files of further boards."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lightsernet_edge.cli import main
from lightsernet_edge.errors import InputError
from lightsernet_edge.model.file import ModelFile
from lightsernet_firmware.board_fit import boards_that_fit
from lightsernet_firmware.firmware_model import FirmwareModel
from lightsernet_firmware.known_boards import cores, known_boards
from tests.firmware.cli.command_output import json_of
from tests.firmware.planner.networks import VARIANTS, Network

PICO = {
    "board": "A board of mine",
    "chip": "RP2350",
    "core": "cortex-m33",
    "clock_mhz": 150,
    "flash_kb": 4096,
    "ram_kb": 520,
    "source": "its maker",
}


def written(folder: Path, content: object) -> Path:
    path = folder / "boards.json"
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize("width", [0.5, 0.25])
def test_a_narrowed_model_costs_what_one_trained_so_costs(
    width: float, model_for: Callable[[Network | None], ModelFile]
) -> None:
    labels = {0.5: 7, 0.25: 9}[width]
    trained = FirmwareModel(model_for(Network(width, 184, labels)))
    narrowed = FirmwareModel(model_for(VARIANTS[0])).narrowed(width)
    for target in ("cortex-m4", "cortex-m55"):
        for cost, found in zip(
            trained.layer_costs(184, target)[:-1],
            narrowed.layer_costs(184, target)[:-1],
            strict=True,
        ):
            assert found == cost
    assert abs(len(narrowed.blob) - len(trained.blob)) < 1024


def test_a_wider_network_needs_more_of_a_board(smallest: ModelFile, shipped: ModelFile) -> None:
    small, full = (
        {row["board"]: row for row in boards_that_fit(FirmwareModel(file))}
        for file in (smallest, shipped)
    )
    for name, row in full.items():
        assert row["load"] > small[name]["load"]
        if row["fits"] and row["listener_fits"] and row["load"] < 1.0:
            assert row["widest"] == 1.0
        else:
            assert row["widest"] != 1.0
        assert row["counted"].startswith(("bench --target", "estimated: "))
        assert row["source"]


def test_cores_are_counted_or_say_that_they_are_estimated() -> None:
    for core in {*cores().values(), *(board.core for board in known_boards())}:
        assert core.cycles_source.startswith("estimated: ")
        if not core.counted.startswith("estimated: "):
            assert core.counted == f"bench --target {core.target}"


def test_a_file_of_boards(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    slow = {**PICO, "board": "NUCLEO-F411RE", "clock_mhz": 1.5}
    path = written(tmp_path, {"boards": [PICO, slow]})
    boards = json_of(capsys, "info", "--board-file", str(path))["boards"]
    assert [row["board"] for row in boards].count("NUCLEO-F411RE") == 1
    mine = {row["board"]: row for row in boards}
    assert mine["A board of mine"]["fits"]
    assert mine["A board of mine"]["widest"] == 1.0
    assert mine["NUCLEO-F411RE"]["load"] > 10
    assert mine["NUCLEO-F411RE"]["widest"] is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([], "no JSON object"),
        ({}, "boards is missing"),
        ({"boards": [{**PICO, "core": "z80"}]}, r"boards\[0\].core is 'z80', expected one of"),
        ({"boards": [{**PICO, "clock_mhz": 0}]}, "clock_mhz is 0, expected a number above 0"),
        ({"boards": [{**PICO, "ram_kb": 0.5}]}, "ram_kb is 0.5, expected an integer"),
        ({"boards": [PICO], "cores": [{"core": "z80"}]}, r"cores\[0\].name is missing"),
    ],
)
def test_files_that_are_refused(content: object, words: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=words) as refusal:
        known_boards(written(tmp_path, content))
    assert str(tmp_path) in str(refusal.value)


def test_a_file_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--board-file", "nowhere.json"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "lightsernet-edge: error: nowhere.json: no such file, expected a JSON file of boards"
    ]


def test_a_board_of_a_core_of_its_own(shipped: ModelFile, tmp_path: Path) -> None:
    core: dict[str, Any] = {
        "core": "z80",
        "name": "Z80",
        "target": "host",
        "instructions_per_mac": 100,
        "front_end_instructions_per_frame": 0,
        "counted": "estimated: by nobody",
        "cycles_per_instruction": 10,
        "cycles_source": "estimated: by nobody",
    }
    path = written(tmp_path, {"cores": [core], "boards": [{**PICO, "core": "z80"}]})
    row = boards_that_fit(FirmwareModel(shipped), path)[-1]
    macs = sum(cost.macs for cost in FirmwareModel(shipped).layer_costs(184)) / 2.944
    assert row["load"] == pytest.approx(1000 * macs / 150e6, abs=1e-3)
