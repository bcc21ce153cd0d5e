"""What the pages (``README.md``) of all exported folders have in common."""

from __future__ import annotations

from collections.abc import Sequence

from lightsernet_edge._version import __version__
from lightsernet_edge.files.foreign_text import printable_text

from ..board_fit import CODE_BYTES, STACK_BYTES, instructions_per_second
from ..firmware_model import FirmwareModel
from ..known_boards import cores

_LISTENER = """\
For a microphone that is always on, in an aligned array of `MODEL_LISTENER_RAM_BYTES`:
`lsn_model_open`, `lsn_listener_open`, then `lsn_listener_process` for ever
(`lightsernet_live.h`)."""
_STREAM = """\
For utterances that somebody else has cut out, in `MODEL_RAM_BYTES`: `lsn_model_open`,
`lsn_stream_open`, `lsn_push`, `lsn_finish`, `lsn_result` (`lightsernet.h`)."""
_FEATURES = """\
This model takes rows of features, which another front end has to make, in `MODEL_RAM_BYTES`:
`lsn_model_open`, `lsn_stream_open`, `lsn_push_features`, `lsn_finish`, `lsn_result`
(`lightsernet.h`)."""
_LICENCES = """\
The engine is under the Apache License, Version 2.0: <https://www.apache.org/licenses/LICENSE-2.0>.
The model's weights come from the data named above, whose licence may ask for credit."""


def page_values(
    model: FirmwareModel, cores_of_it: Sequence[str] = ("cortex-m4", "cortex-m7", "cortex-m55")
) -> dict[str, str]:
    """Return what stands in the pages of a model that the engine runs.

    Parameters
    ----------
    model : FirmwareModel
    cores_of_it : sequence of str
        Those that the format is for, by their names in the table of boards.

    Returns
    -------
    dict of str to str
        ``VERSION``; ``ABOUT``, who wrote the folder and from what, and a table of the model and
        its cost; ``CALLS``, the functions to be called; ``LICENCES``.
    """
    calls = _FEATURES if model.tables is None else _STREAM
    if model.listener_ram_bytes() is not None:
        calls = f"{_LISTENER}\n\n{calls}"
    rows = {**_origin(model), **_cost(model, cores_of_it)}
    return {
        "VERSION": __version__,
        "ABOUT": _about(model, rows),
        "CALLS": calls,
        "LICENCES": _LICENCES,
    }


def file_values(model: FirmwareModel) -> dict[str, str]:
    """Return what stands in the page of a model that another runtime runs.

    Returns
    -------
    dict of str to str
        ``VERSION`` and ``ABOUT``, as `page_values`, without what the firmware engine costs.
    """
    size = {"file": f"{model.file.record.size:,} bytes without its record"}
    return {"VERSION": __version__, "ABOUT": _about(model, _origin(model) | size)}


def _about(model: FirmwareModel, rows: dict[str, str]) -> str:
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    return (
        f"Written by lightsernet-edge {__version__}, from "
        f"`{printable_text(model.file.path.name)}`.\n\n| | |\n|---|---|\n{table}"
    )


def _origin(model: FirmwareModel) -> dict[str, str]:
    record = model.file.record
    data = "not recorded"
    if record.data is not None:
        data = f"{_cell(record.data.name)}, {record.data.clips} clips"
        if record.data.licence:
            data += f"; {_cell(record.data.licence)}"
    return {
        "model": f"SHA-256 {record.sha256}",
        "labels": ", ".join(_cell(label) for label in record.labels),
        "trained on": data,
    }


def _cost(model: FirmwareModel, cores_of_it: Sequence[str]) -> dict[str, str]:
    flash = (
        f"{len(model.blob):,} bytes for the model, up to {CODE_BYTES:,} for the engine's code and "
        "what it uses of the C library"
    )
    ram = f"{model.ram_bytes('cortex-m4'):,} bytes per stream"
    listener = model.listener_ram_bytes("cortex-m4")
    if listener is not None:
        ram += f", {listener:,} per listener, which has a stream inside"
    ram += f"; {STACK_BYTES:,} of stack"
    known = [cores()[name] for name in cores_of_it]
    millions = ", ".join(
        f"{instructions_per_second(model, core) / 1e6:.0f} M on {core.name}" for core in known
    )
    instructions = (
        f"a second of speech takes some {millions}: estimated; `lightsernet-edge bench` counts "
        "them, `lightsernet-edge info --boards` says which boards keep up"
    )
    return {"flash": flash, "RAM": ram, "instructions": instructions}


def _cell(text: str) -> str:
    """Return a text that may stand in a cell of a table."""
    return printable_text(text).replace("|", "\\|")
