"""Well-known boards, as ``known_boards.json`` and files like it describe them.

Clock, flash and RAM are taken from the vendors' documents, which each board names; RAM counts every
bank that the core can use for data. What a core takes for a multiply-accumulate, for a result and
for a frame of the front end is worked out of what `bench` counts, with the widest and the narrowest
model that ship (``benchmarks/core_costs.py``), or says that it is estimated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lightsernet_edge.errors import InputError
from lightsernet_edge.files.json_fields import Fields
from lightsernet_edge.files.regular_file import open_regular

from .planner.cost import OPERAND_BYTES, LayerCost

# Folders of boards/ that have a console on a serial port.
CONSOLES = ("stm32f4",)
SHIPPED = Path(__file__).with_name("known_boards.json")
_MAX_BYTES = 2**20
# In units of 1024 bytes, and in megahertz: beyond what any board has.
_MOST = 2**24
_ADDRESS = re.compile("0x[0-9a-fA-F]{1,8}")


@dataclass(frozen=True)
class Core:
    """What a core takes to run the engine.

    Attributes
    ----------
    name : str
    target : str
        Key of `OPERAND_BYTES`: whose RAM a stream takes there.
    instructions_per_mac, instructions_per_result : float
        Of the network: for a multiply-accumulate, and for each sum that is scaled back to int8.
    front_end_instructions_per_frame : float
        With a transform of 1024 points.
    counted : str
        Where the three come from: a command, or "estimated: ...".
    cycles_per_instruction : float
    cycles_source : str
        Where that comes from.
    """

    name: str
    target: str
    instructions_per_mac: float
    instructions_per_result: float
    front_end_instructions_per_frame: float
    counted: str
    cycles_per_instruction: float
    cycles_source: str

    def network_instructions(self, costs: Sequence[LayerCost]) -> float:
        """Estimate the network's instructions for an utterance, from what its layers cost."""
        macs, results = sum(cost.macs for cost in costs), sum(cost.results for cost in costs)
        return self.instructions_per_mac * macs + self.instructions_per_result * results


@dataclass(frozen=True)
class BoardProgram:
    """What it takes to build a program for a board here, and to emulate it.

    Attributes
    ----------
    console : str
        Folder of ``boards/`` with the board's ``console.c``.
    flash_origin, ram_origin : int
        Addresses.
    ram_kb : int
        RAM in one piece, in units of 1024 bytes.
    machine : str
        QEMU's name for a board with such a chip.
    serial : int
        Which of that machine's serial ports the console is, from 0.
    """

    console: str
    flash_origin: int
    ram_origin: int
    ram_kb: int
    machine: str
    serial: int


@dataclass(frozen=True)
class KnownBoard:
    """A board as its vendor describes it.

    Attributes
    ----------
    name, chip : str
    core : Core
    clock_mhz : float
        Highest clock that the chip is specified for.
    flash_kb, ram_kb : int
        In units of 1024 bytes.
    source : str
        Document that the figures are from.
    tools : mapping of str to tuple of str
        Programs that write its flash, the first one first, each with the arguments that it
        takes for this board.
    program : BoardProgram or None
        None where no program is built here.
    """

    name: str
    chip: str
    core: Core
    clock_mhz: float
    flash_kb: int
    ram_kb: int
    source: str
    tools: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    program: BoardProgram | None = None


def known_boards(more: Path | None = None) -> tuple[KnownBoard, ...]:
    """Return the boards that ship, and then those of another file.

    Parameters
    ----------
    more : Path, optional
        A JSON file like the one that ships: ``boards``, and maybe ``cores`` of its own. A board
        of the same name takes the place of one that ships.

    Raises
    ------
    InputError
        If the file cannot be read, or a field is missing or out of range; it names the file
        and the field.
    """
    known: dict[str, Core] = {}
    boards: dict[str, KnownBoard] = {}
    for path in (SHIPPED, *([] if more is None else [more])):
        fields = _read(path)
        if "cores" in fields:
            known.update(_cores(fields))
        for each in fields.objects("boards"):
            board = _board(each, known)
            boards[board.name] = board
    return tuple(boards.values())


def cores() -> dict[str, Core]:
    """Return the cores that ship, by the names that boards give them."""
    return _cores(_read(SHIPPED))


def _cores(fields: Fields) -> dict[str, Core]:
    return {each.text("core"): _core(each) for each in fields.objects("cores")}


def _read(path: Path) -> Fields:
    with open_regular(path, "a JSON file of boards") as stream:
        content = stream.read(_MAX_BYTES + 1)
    try:
        values = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict) or len(content) > _MAX_BYTES:
        raise InputError(f"{path}: is no JSON object of at most 1 MB, expected boards")
    return Fields(values, f"{path}: ")


def _core(fields: Fields) -> Core:
    return Core(
        fields.text("name"),
        fields.choice("target", OPERAND_BYTES),
        fields.number("instructions_per_mac", above=0.0),
        fields.number("instructions_per_result", 0.0)
        if fields.is_given("instructions_per_result")
        else 0.0,
        fields.number("front_end_instructions_per_frame", 0.0),
        fields.text("counted"),
        fields.number("cycles_per_instruction", above=0.0),
        fields.text("cycles_source"),
    )


def _board(fields: Fields, known: Mapping[str, Core]) -> KnownBoard:
    return KnownBoard(
        fields.text("board"),
        fields.text("chip"),
        known[fields.choice("core", known)],
        fields.number("clock_mhz", high=_MOST, above=0.0),
        fields.whole("flash_kb", 1, _MOST),
        fields.whole("ram_kb", 1, _MOST),
        fields.text("source"),
        _tools(fields.nested("tools")) if fields.is_given("tools") else {},
        _program(fields.nested("program")) if fields.is_given("program") else None,
    )


def _tools(fields: Fields) -> dict[str, tuple[str, ...]]:
    return {name: fields.texts(name) for name in fields}


def _program(fields: Fields) -> BoardProgram:
    return BoardProgram(
        fields.choice("console", CONSOLES),
        int(fields.text("flash_origin", _ADDRESS, "an address such as '0x08000000'"), 16),
        int(fields.text("ram_origin", _ADDRESS, "an address such as '0x20000000'"), 16),
        fields.whole("ram_kb", 1, _MOST),
        fields.text("machine"),
        fields.whole("serial", 0, 7),
    )
