"""``pico``: a library and an example for the Raspberry Pi Pico SDK."""

from __future__ import annotations

from pathlib import Path

from ...firmware_model import FirmwareModel
from ..page import page_values
from ..templates import filled
from .c import source_list, sources

# Of the RP2040 and the RP2350.
_CORES = ("cortex-m0plus", "cortex-m33")
_UF2 = Path(__file__).with_name("elf_to_uf2.py")


def contents(model: FirmwareModel, name: str) -> dict[str, bytes]:
    """Return the files of the folder: CMake's, and an example for the SDK."""
    files = sources(model)
    values = {**page_values(model, _CORES), "SOURCES": source_list(files)}
    return {
        **files,
        "model.lsn": model.blob,
        **filled("cmake", values),
        **filled(name, values),
        f"examples/self_test/{_UF2.name}": _UF2.read_bytes(),
    }
