"""``export --format c``: engine, model and self-test as a folder of C sources."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lightsernet_edge.errors import InputError
from lightsernet_edge.files.atomic_write import write_atomically

from ..engine_files import engine_files, public_headers
from ..firmware_model import FirmwareModel
from .model_source import model_array, model_header
from .page import export_page
from .self_test import self_test_source


@dataclass(frozen=True)
class Export:
    """What was written.

    Attributes
    ----------
    files : tuple of Path
    ram_bytes : int
        RAM of one stream, on cores without Helium.
    flash_bytes : int
        Flash of the model; the engine's code comes on top.
    """

    files: tuple[Path, ...]
    ram_bytes: int
    flash_bytes: int


def export(model: FirmwareModel, folder: Path | str) -> Export:
    """Write a folder that drops into a firmware build: add all its C files, and nothing else.

    ``include/`` and ``src/`` hold the engine, ``model/`` the model as a C array with its
    header and a self-test. ``model.lsn`` holds the same bytes for an update over the air.
    ``README.md`` says what the folder is, how it is built, and under which licences.

    Parameters
    ----------
    model : FirmwareModel
    folder : Path or str
        Created if it is missing. Files of an earlier export are replaced.

    Raises
    ------
    ModelError
        If the engine cannot run the model.
    MissingDependencyError
        If there is no C compiler: the engine on this machine gives the self-test's integers.
    InputError
        If the folder cannot be written to.
    """
    contents = {
        f"{'include' if path in public_headers() else 'src'}/{path.name}": path.read_bytes()
        for path in sorted(engine_files(), key=lambda path: path.name)
    }
    contents["model/model.h"] = model_header(model).encode()
    contents["model/model.c"] = model_array(model.blob).encode()
    contents["model/model_self_test.c"] = self_test_source(model.blob).encode()
    contents["model.lsn"] = model.blob
    contents["README.md"] = export_page(model).encode()
    written = []
    try:
        for name, content in contents.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, content)
            written.append(path)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror})") from None
    return Export(tuple(written), model.ram_bytes("cortex-m4"), len(model.blob))
