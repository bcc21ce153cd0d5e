"""The folder of the page: its files, the engine, and the model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lightsernet_edge._version import __version__
from lightsernet_edge.errors import InputError, ModelError
from lightsernet_edge.files.atomic_write import write_atomically
from lightsernet_edge.files.foreign_text import printable_text

from ..firmware_model import FirmwareModel
from .module import compiled_module

PAGE = Path(__file__).parents[1] / "web_page"
_README = """\
# A page that names the emotion in a voice

Written by lightsernet-edge {version}, from `{name}`.

Any static web server will do; nothing runs on it:

    python3 -m http.server --directory .

Then open <http://localhost:8000>. From another machine a browser gives its microphone to pages
from https only; recordings can be chosen anyway. The page works without a network after its
first visit, and sends nothing: its content security policy allows connections to its own
server alone.

`engine.wasm` is the C engine with a listener, `model.lsn` the model: the same bytes that
`export --format c` writes, with labels and thresholds inside. Another model's `model.lsn` may
take its place; `model.json`, which says where a model comes from, is then passed over.

## Licences

Page and engine are under the Apache License, Version 2.0: <https://www.apache.org/licenses/LICENSE-2.0>.
The model was trained on: {data}. That licence may ask for credit, which the page gives.
"""


def export_web(model: FirmwareModel, folder: Path | str) -> tuple[Path, ...]:
    """Write a static page that runs a model in the browser.

    Parameters
    ----------
    model : FirmwareModel
    folder : Path or str
        Created if it is missing. Files of an earlier export are replaced.

    Returns
    -------
    tuple of Path
        The files, in order of their names.

    Raises
    ------
    ModelError
        If the engine cannot run the model, or has no listener for it.
    InputError
        If clang or its linker is not installed, or the folder cannot be written to.
    LightSernetError
        If the compiler fails.
    """
    if model.listener_ram_bytes() is None:
        reason = model.why_features_only or "its times do not fit the engine"
        raise ModelError(
            f"{model.file.path}: found a model that the engine cannot listen with ({reason}), "
            "expected one that it can"
        )
    contents = {path.name: path.read_bytes() for path in PAGE.iterdir() if path.is_file()}
    contents["engine.wasm"] = compiled_module()
    contents["model.lsn"] = model.blob
    contents["model.json"] = (json.dumps(_facts(model)) + "\n").encode()
    contents["README.md"] = _readme(model).encode()
    paths = [Path(folder) / name for name in sorted(contents)]
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror})") from None
    for path in paths:
        write_atomically(path, contents[path.name])
    return tuple(paths)


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


def _readme(model: FirmwareModel) -> str:
    data = model.file.record.data
    trained_on = "not recorded"
    if data is not None:
        trained_on = f"{printable_text(data.name)}, {data.clips} clips"
        if data.licence:
            trained_on += f", {printable_text(data.licence)}"
    name = printable_text(model.file.path.name)
    return _README.format(version=__version__, name=name, data=trained_on)
