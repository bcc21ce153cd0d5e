"""``platformio``: a library for PlatformIO."""

from __future__ import annotations

from ...firmware_model import FirmwareModel
from ..page import page_values
from ..templates import filled
from .c import sources


def contents(model: FirmwareModel, name: str) -> dict[str, bytes]:
    """Return the files of the folder."""
    files = sources(model, "include", "src", "include", "src")
    return {**files, "model.lsn": model.blob, **filled(name, page_values(model))}
