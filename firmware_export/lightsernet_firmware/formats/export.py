"""`export`: a model as a folder that a toolchain takes as it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..firmware_model import FirmwareModel
from .output_folder import write_folder
from .registry import format_named


@dataclass(frozen=True)
class Export:
    """What was written.

    Attributes
    ----------
    files : tuple of Path
    ram_bytes : int or None
        RAM of one stream, on cores without Helium; None where something else than the
        firmware engine runs the network.
    flash_bytes : int or None
        Flash of the model; the engine's code comes on top. None as above.
    """

    files: tuple[Path, ...]
    ram_bytes: int | None
    flash_bytes: int | None


def export(
    model: FirmwareModel, folder: Path | str, format: str = "c", force: bool = False
) -> Export:
    """Write a folder that a toolchain takes as it is.

    Each has a ``README.md``, which says what the folder is, what it costs, how it is built, and
    under which licences; and ``lightsernet-export.json``, the list of its files. In ``c``, which
    drops into any build, ``include/`` and ``src/`` hold the engine, ``model/`` the model as a C
    array with its headers and a self-test, ``model.lsn`` the same bytes for an update over the
    air.

    Parameters
    ----------
    model : FirmwareModel
    folder : Path or str
        Created if it is missing. It may hold an earlier export, which is replaced.
    format : str
        Name of one of `lightsernet_firmware.formats.registry.FORMATS`.
    force : bool
        Write also if the folder holds something else, or changed files of an earlier export.
        Files of the same name are replaced; all others stay.

    Raises
    ------
    ModelError
        If the engine cannot run the model, or the format cannot hold it.
    MissingDependencyError
        If there is no C compiler: the engine on this machine gives the self-test's integers.
    InputError
        If there is no such format, or the folder holds something else or cannot be written to.
        Nothing has been written then.
    """
    chosen = format_named(format)
    files = write_folder(Path(folder), chosen.name, chosen.contents(model), force)
    if not chosen.engine:
        return Export(files, None, None)
    return Export(files, model.ram_bytes("cortex-m4"), len(model.blob))
