"""``cmake``: a project that is a subdirectory of another, or installed and found."""

from __future__ import annotations

from collections.abc import Mapping

from ...firmware_model import FirmwareModel
from ..page import page_values
from ..templates import filled
from .c import source_list, sources


def contents(model: FirmwareModel, name: str) -> dict[str, bytes]:
    """Return the files of the folder."""
    files = sources(model)
    values = {**page_values(model), "SOURCES": source_list(files)}
    return {**files, "model.lsn": model.blob, **filled(name, values)}


def self_test_program(values: Mapping[str, str]) -> bytes:
    """Return a C program that runs the self-test and prints its outcome."""
    return filled("cmake", {**values, "SOURCES": ""})["self_test.c"]
