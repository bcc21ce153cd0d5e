"""``cmake``: a project that is a subdirectory of another, or installed and found."""

from __future__ import annotations

from ...firmware_model import FirmwareModel
from ..page import page_values
from ..templates import filled
from .c import sources


def contents(model: FirmwareModel, name: str) -> dict[str, bytes]:
    """Return the files of the folder."""
    files = sources(model)
    values = {**page_values(model), "SOURCES": source_list(files)}
    return {**files, "model.lsn": model.blob, **filled(name, values)}


def source_list(files: dict[str, bytes], indent: str = "  ", root: str = "") -> str:
    """Return the C files among `files`, one a line, each behind `indent` and `root`."""
    names = sorted(name for name in files if name.endswith(".c"))
    return "\n".join(f"{indent}{root}{name}" for name in names)
