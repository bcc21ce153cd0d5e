"""``esp-idf``: a component for Espressif's framework."""

from __future__ import annotations

from ...firmware_model import FirmwareModel
from ..page import page_values
from ..templates import filled
from .c import source_list, sources

# Of the ESP32-S3 and the ESP32-C3.
CORES = ("xtensa-lx7", "rv32imc")
_EXAMPLES = "examples/"


def contents(model: FirmwareModel, name: str) -> dict[str, bytes]:
    """Return the files of the folder."""
    files = component(model)
    if model.listener_ram_bytes() is None:
        # Only a listener takes what a microphone gives.
        files = without_examples(files)
    return {**files, "model.lsn": model.blob}


def component(model: FirmwareModel) -> dict[str, bytes]:
    """Return the component, with its page and its examples."""
    files = sources(model)
    values = {**page_values(model, CORES), "SOURCES": source_list(files, "    ")}
    return {**files, **filled("esp-idf", values)}


def without_examples(files: dict[str, bytes]) -> dict[str, bytes]:
    """Return a component without its examples."""
    return {path: content for path, content in files.items() if not path.startswith(_EXAMPLES)}
