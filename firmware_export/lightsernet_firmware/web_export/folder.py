"""The files of the page, the engine, and the model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lightsernet_edge.errors import ModelError
from lightsernet_edge.files.foreign_text import printable_text

from ..firmware_model import FirmwareModel
from .module import compiled_module

PAGE = Path(__file__).parents[1] / "web_page"


def page_files(model: FirmwareModel) -> dict[str, bytes]:
    """Return the files of a static page that runs a model in the browser, by their names.

    Raises
    ------
    ModelError
        If the engine cannot run the model, or has no listener for it.
    InputError
        If clang or its linker is not installed.
    LightSernetError
        If the compiler fails.
    """
    if model.listener_ram_bytes() is None:
        reason = model.why_features_only or "its times do not fit the engine"
        raise ModelError(
            f"{model.file.path}: found a model that the engine cannot listen with ({reason}), "
            "expected one that it can"
        )
    return {
        **{path.name: path.read_bytes() for path in sorted(PAGE.iterdir()) if path.is_file()},
        "engine.wasm": compiled_module(),
        "model.lsn": model.blob,
        "model.json": (json.dumps(_facts(model)) + "\n").encode(),
    }


def _facts(model: FirmwareModel) -> dict[str, Any]:
    """Return ``model.json``: what the page says of the model, beyond what the blob holds."""
    record = model.file.record
    facts: dict[str, Any] = {
        "name": printable_text(model.file.path.name),
        "sha256": record.sha256,
        "labels": record.labels,
    }
    if record.data is not None:
        facts["data"] = {
            "name": record.data.name,
            "clips": record.data.clips,
            "speakers": len(record.data.speakers),
            "source": record.data.source,
            "licence": record.data.licence,
        }
    # The engine runs int8 alone.
    for score in record.scores:
        if score.precision == "int8":
            facts["score"] = {"ua": score.ua, "protocol": score.protocol}
    return facts
