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
    model: FirmwareModel,
    include: str = "include",
    src: str = "src",
    model_include: str = "model",
    model_src: str = "model",
) -> dict[str, bytes]:
    """Return engine, model and self-test, in the folders that a toolchain wants them in.

    Parameters
    ----------
    model : FirmwareModel
    include, src : str
        Folders of the engine's public headers, and of its other files.
    model_include, model_src : str
        Folders of the model's headers, and of its C files. Folders may be the same.
    """
    files = engine(include, src)
    texts = {
        f"{model_include}/model.h": model_header(model),
        f"{model_src}/model.c": model_array(model.blob),
        f"{model_include}/model_metadata.h": metadata_header(model),
        f"{model_src}/model_self_test.c": self_test_source(model.blob),
    }
    return files | {name: text.encode() for name, text in texts.items()}


def engine(include: str = "include", src: str = "src") -> dict[str, bytes]:
    """Return the engine's files: public headers in `include`, all others in `src`."""
    return {
        f"{include if path in public_headers() else src}/{path.name}": path.read_bytes()
        for path in sorted(engine_files(), key=lambda path: path.name)
    }


def source_list(files: dict[str, bytes], indent: str = "  ", root: str = "") -> str:
    """Return the C files among `files`, one a line, each behind `indent` and `root`."""
    names = sorted(name for name in files if name.endswith(".c"))
    return "\n".join(f"{indent}{root}{name}" for name in names)
