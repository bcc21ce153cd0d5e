"""``meson``: a project that is a subproject of another, or installed and found."""

from __future__ import annotations

from ...firmware_model import FirmwareModel
from ..page import page_values
from ..templates import filled
from .c import source_list, sources
from .cmake import self_test_program


def contents(model: FirmwareModel, name: str) -> dict[str, bytes]:
    """Return the files of the folder."""
    files = sources(model)
    # Quoted, and with a comma between them.
    listed = source_list(files, "  '").replace("\n", "',\n") + "'"
    values = page_values(model)
    program = self_test_program(values)
    return {
        **files,
        "model.lsn": model.blob,
        "self_test.c": program,
        "example/example.c": program,
        **filled(name, {**values, "SOURCES": listed}),
    }
