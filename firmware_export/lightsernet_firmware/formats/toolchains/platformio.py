"""``platformio``: a library for PlatformIO."""

from __future__ import annotations

from ...firmware_model import FirmwareModel
from ..page import page_values
from ..templates import filled
from .c import sources
from .cmake import self_test_program


def contents(model: FirmwareModel, name: str) -> dict[str, bytes]:
    """Return the files of the folder."""
    values = page_values(model)
    return {
        **sources(model, "include", "src", "include", "src"),
        "model.lsn": model.blob,
        "examples/self_test/src/main.c": self_test_program(values),
        **filled(name, values),
    }
