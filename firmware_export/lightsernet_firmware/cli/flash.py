"""``flash --board NAME [MODEL]``: firmware onto a board."""

from __future__ import annotations

import argparse
import json
import shlex
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lightsernet_edge.cli import options

if TYPE_CHECKING:
    from ..firmware_model import FirmwareModel
    from ..flashing.flash import Request


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "flash",
        help="write firmware to a board, and hear its self-test",
        description="Build the self-test of a model for a board, write it with the board's tool, "
        "and hear over a serial port how it went. For other boards, and programs of your own, "
        "write what you have built: --firmware.",
    )
    options.add_model(parser, positional=True)
    parser.add_argument(
        "--board", metavar="NAME", required=True, help="one that 'info --boards' lists"
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--firmware", metavar="FILE", type=options.path, help="write this image, not the self-test"
    )
    what.add_argument(
        "--model-only",
        metavar="ADDRESS",
        type=_address,
        help="write the model's blob alone, to this address",
    )
    what.add_argument(
        "--simulate", action="store_true", help="run the self-test on an emulated board instead"
    )
    parser.add_argument(
        "--address",
        metavar="ADDRESS",
        type=_address,
        help="where the bytes of FILE belong, if it does not say: .bin, .lsn, .lsu",
    )
    parser.add_argument(
        "--tool", metavar="TOOL", help="which of the board's tools (default: the first installed)"
    )
    parser.add_argument(
        "--port",
        metavar="PORT",
        default="",
        help="where the tool finds the board, if it does not by itself: a serial port, a drive, "
        "or HOST:PORT of a GDB server",
    )
    parser.add_argument(
        "--serial", metavar="PORT", help="serial port on which to hear the self-test"
    )
    parser.add_argument(
        "--timeout",
        metavar="S",
        type=_seconds,
        default=30.0,
        help="seconds to wait for the self-test (default: 30)",
    )
    parser.add_argument(
        "--board-file", metavar="FILE", type=options.path, help="with further boards, as JSON"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="print the command and write nothing"
    )
    options.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write, listen, and say what happened."""
    from lightsernet_edge.errors import InputError, MissingDependencyError
    from lightsernet_edge.model.file import default_model_path, read_model

    from ..firmware_model import FirmwareModel
    from ..flashing.flash import Request, board_named

    if arguments.address is not None and arguments.firmware is None:
        raise InputError("--address: found no --firmware, whose address it is")
    if arguments.simulate and arguments.dry_run:
        raise InputError("--dry-run: found --simulate too, which writes nothing")
    board = board_named(arguments.board, arguments.board_file)
    request = Request(
        board,
        arguments.firmware,
        arguments.address if arguments.model_only is None else arguments.model_only,
        arguments.model_only is not None,
        arguments.tool,
        arguments.port,
    )
    model = FirmwareModel(read_model(arguments.model or default_model_path()))
    try:
        facts = _flashed(request, model, arguments)
    except MissingDependencyError as error:
        # A board asks for its tools, as for a cable.
        raise InputError(str(error)) from None
    if arguments.json:
        print(json.dumps(facts, ensure_ascii=False))
    elif arguments.dry_run:
        print(shlex.join(facts["command"]))
    else:
        heard = facts["self_test"] or "nobody listened: give --serial to hear the self-test"
        print(f"{board.name}: {'emulated' if arguments.simulate else 'written'}; {heard}")
    return 0


def _flashed(
    request: Request, model: FirmwareModel, arguments: argparse.Namespace
) -> dict[str, Any]:
    from rich.console import Console

    from ..flashing.flash import command_for, flash, prepared, simulate

    facts: dict[str, Any] = {"board": request.board.name, "command": None, "self_test": None}
    if arguments.dry_run:
        with tempfile.TemporaryDirectory() as folder:
            image = prepared(request, model, Path(folder))
            facts["command"] = command_for(request, image, Path(folder))[1]
        return facts
    with Console(stderr=True).status("building") as status:
        if arguments.simulate:
            facts["self_test"] = simulate(request.board, model, arguments.timeout)
        else:
            facts["self_test"] = flash(
                request, model, arguments.serial, arguments.timeout, status.update
            )
    return facts


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.1 <= value <= 3600.0:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected 0.1 to 3600 seconds")
    return value


def _address(text: str) -> int:
    try:
        value = int(text, 0)
    except ValueError:
        value = -1
    if not 0 <= value < 2**32:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected an address such as 0x08040000")
    return value
