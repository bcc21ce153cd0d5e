"""Whether a model fits a board: its memory, its clock, and the widest network that would."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lightsernet_edge.errors import InputError

from .firmware_model import FirmwareModel
from .known_boards import Core, KnownBoard, known_boards

# Bounds that the tests on emulated boards hold: the engine's code at -O2, with the
# parts of the C library that it uses; and its stack.
CODE_BYTES = 24 * 1024
STACK_BYTES = 2 * 1024
# Of the model's filters, as `train --width` scales those of Light-SERNet.
WIDTHS = (1.0, 0.75, 0.5, 0.25, 0.125)

_KB = 1024
# Of the transform that the front end's instructions were counted with.
_COUNTED_POINTS = 1024


def boards_that_fit(model: FirmwareModel, more: Path | None = None) -> list[dict[str, Any]]:
    """Return for every known board whether a model fits it.

    Parameters
    ----------
    model : FirmwareModel
    more : Path, optional
        A JSON file of further boards, as `known_boards` takes it.

    Returns
    -------
    list of dict
        ``board``, ``chip``, ``core``, ``clock_mhz``, ``flash_bytes`` and ``ram_bytes`` of the
        board, ``flash_needed`` (blob and code) and ``ram_needed`` (one stream
        and the stack), ``fits``; ``listener_ram_needed`` and ``listener_fits``,
        the same for a listener in utterance mode, None where there can be none;
        ``instructions_per_audio_second`` and ``load``, the share of the core's time that a
        second of audio takes, with ``counted`` and ``cycles_source``, which say what of it is
        estimated; ``widest``, of `WIDTHS` the largest share of the filters with which a listener
        (a stream where there can be none) fits and keeps up, None if none does; ``source``.
        The rest of each memory is for the rest of the firmware.

    Raises
    ------
    InputError
        If `more` cannot be read, or is not as expected.
    ModelError
        If the engine cannot run the model.
    """
    widths = [(width, model.narrowed(width)) for width in WIDTHS]
    return [_row(board, widths) for board in known_boards(more)]


def require_room(model: FirmwareModel, board: KnownBoard) -> None:
    """Raise InputError if a model does not fit a board's memory."""
    row = _row(board, [(1.0, model)])
    if not row["fits"]:
        raise InputError(
            f"{board.name}: the model needs {row['flash_needed']:,} bytes of flash and "
            f"{row['ram_needed']:,} of RAM, found {row['flash_bytes']:,} and {row['ram_bytes']:,}"
        )


def instructions_per_second(model: FirmwareModel, core: Core) -> int:
    """Return how many instructions a core takes for a second of audio, listening all the time."""
    spec = model.file.record.features
    frames = model.file.graph.input.shape[1]
    seconds = frames * spec.hop_length / spec.sample_rate
    network = core.network_instructions(model.layer_costs(frames)) / seconds
    if model.tables is None:
        return round(network)
    per_frame = core.front_end_instructions_per_frame * spec.fft_length / _COUNTED_POINTS
    return round(network + per_frame * spec.sample_rate / spec.hop_length)


def _row(board: KnownBoard, widths: Sequence[tuple[float, FirmwareModel]]) -> dict[str, Any]:
    model = widths[0][1]
    flash = _flash_needed(model)
    ram = model.ram_bytes(board.core.target) + STACK_BYTES
    listener = model.listener_ram_bytes(board.core.target)
    if listener is not None:
        listener += STACK_BYTES
    flash_fits = flash <= _KB * board.flash_kb
    return {
        "board": board.name,
        "chip": board.chip,
        "core": board.core.name,
        "clock_mhz": board.clock_mhz,
        "flash_bytes": _KB * board.flash_kb,
        "ram_bytes": _KB * board.ram_kb,
        "flash_needed": flash,
        "ram_needed": ram,
        "fits": flash_fits and ram <= _KB * board.ram_kb,
        "listener_ram_needed": listener,
        "listener_fits": None
        if listener is None
        else flash_fits and listener <= _KB * board.ram_kb,
        "instructions_per_audio_second": instructions_per_second(model, board.core),
        "counted": board.core.counted,
        "load": round(_load(model, board), 3),
        "cycles_source": board.core.cycles_source,
        "widest": next((width for width, each in widths if _suits(each, board)), None),
        "source": board.source,
    }


def _flash_needed(model: FirmwareModel) -> int:
    return len(model.blob) + CODE_BYTES


def _load(model: FirmwareModel, board: KnownBoard) -> float:
    cycles = instructions_per_second(model, board.core) * board.core.cycles_per_instruction
    return cycles / (1e6 * board.clock_mhz)


def _suits(model: FirmwareModel, board: KnownBoard) -> bool:
    target = board.core.target
    ram = model.listener_ram_bytes(target)
    if ram is None:
        ram = model.ram_bytes(target)
    return (
        _flash_needed(model) <= _KB * board.flash_kb
        and ram + STACK_BYTES <= _KB * board.ram_kb
        and _load(model, board) < 1.0
    )
