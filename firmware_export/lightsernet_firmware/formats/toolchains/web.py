"""``web``: a static page that runs the engine as WebAssembly."""

from __future__ import annotations

from ...firmware_model import FirmwareModel
from ...web_export.folder import page_files
from ..page import page_values
from ..templates import filled


def contents(model: FirmwareModel, name: str) -> dict[str, bytes]:
    """Return the files of the folder."""
    return {**page_files(model), **filled(name, page_values(model))}
