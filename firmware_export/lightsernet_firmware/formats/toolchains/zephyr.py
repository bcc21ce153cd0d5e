"""``zephyr``: a module, with a sample that Twister runs."""

from __future__ import annotations

from ...firmware_model import FirmwareModel
from ..page import page_values
from ..templates import filled
from .c import source_list, sources


def contents(model: FirmwareModel, name: str) -> dict[str, bytes]:
    """Return the files of the folder."""
    files = sources(model)
    own = filled(name, {**page_values(model), "SOURCES": source_list(files, "    ", "../")})
    return {**files, "model.lsn": model.blob, **own}
