"""``c``: sources for any build. The other formats of C add their project's files to them."""

from __future__ import annotations

from ...c_export.metadata import metadata_header
from ...c_export.model_source import model_array, model_header
from ...c_export.self_test import self_test_source
from ...engine_files import engine_files, public_headers
from ...firmware_model import FirmwareModel
from ..page import page_values
from ..templates import filled


def contents(model: FirmwareModel, name: str) -> dict[str, bytes]:
    """Return the files of the folder."""
    return {**sources(model), "model.lsn": model.blob, **filled(name, page_values(model))}


def sources(
    model: FirmwareModel, include: str = "include", src: str = "src", model_folder: str = "model"
) -> dict[str, bytes]:
    """Return engine, model and self-test, in the folders that a toolchain wants them in.

    Parameters
    ----------
    model : FirmwareModel
    include, src, model_folder : str
        Folders of the public headers, of the engine's other files, and of the model. They may
        be the same.
    """
    files = {
        f"{include if path in public_headers() else src}/{path.name}": path.read_bytes()
        for path in sorted(engine_files(), key=lambda path: path.name)
    }
    texts = {
        "model.h": model_header(model),
        "model.c": model_array(model.blob),
        "model_metadata.h": metadata_header(model),
        "model_self_test.c": self_test_source(model.blob),
    }
    return files | {f"{model_folder}/{name}": text.encode() for name, text in texts.items()}
