"""The firmware's share of ``info MODEL``: RAM and flash, the plan by layer, boards that fit."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from rich.table import Table

    from lightsernet_edge.model.file import ModelFile

_FIGURES = (
    "flash_bytes",
    "ram_bytes",
    "ram_bytes_by_target",
    "listener_ram_bytes",
    "continuous_ram_bytes",
    "firmware",
)
_FIGURES_OF_BOARD = ("MHz", "flash", "stream", "listener", "load", "widest")


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add ``--layers`` and ``--boards`` to the parser of ``info``."""
    parser.add_argument(
        "--layers", action="store_true", help="print what every layer costs in the firmware engine"
    )
    parser.add_argument(
        "--boards",
        action="store_true",
        help="print well-known boards, and whether the model fits their memory and their clock",
    )
    parser.add_argument(
        "--board-file",
        type=Path,
        metavar="FILE",
        help="with further boards, as JSON (implies --boards)",
    )


def fields(file: ModelFile, arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what the model costs in the firmware engine.

    Returns
    -------
    dict
        ``flash_bytes`` of the model's blob; ``ram_bytes`` of a stream, also
        ``ram_bytes_by_target``; ``listener_ram_bytes`` and ``continuous_ram_bytes``
        of a listener in either mode, None where there can be none; ``firmware``:
        None, or why the engine cannot run the model, the figures being None then.
        With ``--layers`` also ``layers``, with ``--boards`` also ``boards``.
    """
    from lightsernet_edge.errors import ModelError

    from ..board_fit import boards_that_fit
    from ..firmware_model import FirmwareModel
    from ..planner.cost import OPERAND_BYTES

    model = FirmwareModel(file)
    boards = arguments.boards or arguments.board_file is not None
    figures: dict[str, Any] = dict.fromkeys(_FIGURES)
    try:
        figures["flash_bytes"] = len(model.blob)
    except ModelError as error:
        # The file has a field of its own.
        figures["firmware"] = str(error).removeprefix(f"{file.path}: ")
        return {**figures, "boards": []} if boards else figures
    figures["ram_bytes"] = model.ram_bytes()
    figures["ram_bytes_by_target"] = {target: model.ram_bytes(target) for target in OPERAND_BYTES}
    figures["listener_ram_bytes"] = model.listener_ram_bytes()
    figures["continuous_ram_bytes"] = model.listener_ram_bytes(continuous=True)
    if model.why_features_only is not None:
        figures["firmware"] = f"takes features only: {model.why_features_only}"
    if arguments.layers:
        costs = model.layer_costs(file.graph.input.shape[1])
        figures["layers"] = [dataclasses.asdict(cost) for cost in costs]
    if boards:
        figures["boards"] = boards_that_fit(model, arguments.board_file)
    return figures


def rows(fields: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Return what the model takes on a board, or why the engine cannot run it."""
    if fields["ram_bytes"] is None:
        yield "firmware", fields["firmware"]
        return
    yield "flash", f"{fields['flash_bytes']:,} bytes of a board's flash for the model"
    yield (
        "RAM",
        f"{fields['ram_bytes']:,} bytes per stream, for utterances of any length "
        f"({fields['ram_bytes_by_target']['cortex-m55']:,} with Helium)",
    )
    for key, mode in (
        ("listener_ram_bytes", "per listener, which is always on, its stream included"),
        ("continuous_ram_bytes", "per listener in continuous mode"),
    ):
        if fields[key] is not None:
            yield "", f"{fields[key]:,} bytes {mode}"


def tables(fields: dict[str, Any]) -> Iterator[Table]:
    """Return the tables that ``--layers`` and ``--boards`` ask for."""
    if fields.get("layers"):
        yield _layer_table(fields["layers"])
    if fields.get("boards"):
        yield _board_table(fields["boards"])


def _board_table(boards: list[dict[str, Any]]) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(
        box=None,
        header_style="bold",
        title="memory in kB, used of available: flash for model and engine; RAM and stack for a "
        "stream, for a listener. Load: of the core's time, estimated. Widest: share of the "
        "filters with which a listener fits and keeps up",
    )
    for heading in ("board", "core", *_FIGURES_OF_BOARD, ""):
        justify: Literal["left", "right"] = "right" if heading in _FIGURES_OF_BOARD else "left"
        table.add_column(heading, justify=justify, no_wrap=True)
    for board in boards:
        used = (
            "none"
            if board[needed] is None
            else f"{-(-board[needed] // 1024)} of {board[there] // 1024}"
            for needed, there in (
                ("flash_needed", "flash_bytes"),
                ("ram_needed", "ram_bytes"),
                ("listener_ram_needed", "ram_bytes"),
            )
        )
        table.add_row(
            escape(board["board"]),
            escape(board["core"]),
            f"{board['clock_mhz']:g}",
            *used,
            f"{100 * board['load']:.0f} %",
            "none" if board["widest"] is None else f"{board['widest']:g}",
            _verdict(board),
        )
    return table


def _verdict(board: dict[str, Any]) -> str:
    if not board["fits"]:
        return "does not fit"
    if board["load"] >= 1.0:
        return "fits, too slow to listen"
    return "fits" if board["listener_fits"] in (True, None) else "a stream fits"


def _layer_table(layers: list[dict[str, Any]]) -> Table:
    from rich.table import Table

    table = Table(box=None, header_style="bold", title="the firmware engine's plan")
    for heading in ("", "", "rows kept", "padding", "lag", "RAM", "scratch", "weights", "MAC"):
        table.add_column(heading, justify="left" if heading == "" else "right")
    for layer in layers:
        table.add_row(
            layer["name"],
            layer["operation"],
            str(layer["ring_rows"]),
            f"{layer['rows_before']}+{layer['rows_after']}",
            str(layer["lag_rows"]),
            *(f"{layer[key]:,}" for key in ("ring_bytes", "scratch_bytes", "weight_bytes", "macs")),
        )
    return table
