"""``README.md`` of an exported folder: what it is, how it is built, its licences."""

from __future__ import annotations

from lightsernet_edge._version import __version__
from lightsernet_edge.files.foreign_text import printable_text

from ..firmware_model import FirmwareModel

_LISTENER = """\
For a microphone that is always on, in an aligned array of `MODEL_LISTENER_RAM_BYTES`:
`lsn_model_open`, `lsn_listener_open`, then `lsn_listener_process` for ever
(`lightsernet_live.h`)."""
_STREAM = """\
For utterances that somebody else has cut out, in `MODEL_RAM_BYTES`: `lsn_model_open`,
`lsn_stream_open`, `lsn_push`, `lsn_finish`, `lsn_result` (`lightsernet.h`)."""
_FEATURES = """\
This model takes rows of features, which another front end has to make, in `MODEL_RAM_BYTES`:
`lsn_model_open`, `lsn_stream_open`, `lsn_push_features`, `lsn_finish`, `lsn_result`
(`lightsernet.h`)."""


def export_page(model: FirmwareModel) -> str:
    """Return the page for a model."""
    file, record = model.file, model.file.record
    data = "not recorded"
    if record.data is not None:
        data = f"{_cell(record.data.name)}, {record.data.clips} clips"
        if record.data.licence:
            data += f"; {_cell(record.data.licence)}"
    calls = _FEATURES if model.tables is None else _STREAM
    if model.listener_ram_bytes() is not None:
        calls = f"{_LISTENER}\n\n{calls}"
    return f"""\
# A speech emotion model, and the engine that runs it

Written by lightsernet-edge {__version__}, from `{printable_text(file.path.name)}`.

| | |
|---|---|
| model | SHA-256 {record.sha256} |
| labels | {", ".join(_cell(label) for label in record.labels)} |
| trained on | {data} |

`include/` and `src/` are the engine, `model/` is the model as a C array, with a self-test,
`model.lsn` the same bytes for an update over the air.

## Build

Add all C files of `src/` and `model/` to your firmware, `include/` and `model/` to its include
path. C99 or later; `-ffp-contract=off`, so that the front end gives the bits that were tested;
a math library for `sqrtf`. Call `model_self_test` once at start-up: 0 says that every integer
is as it should be.

{calls}

## Licences

The engine is under the Apache License, Version 2.0: <https://www.apache.org/licenses/LICENSE-2.0>.
The model's weights come from the data named above, whose licence may ask for credit.
"""


def _cell(text: str) -> str:
    """Return a text that may stand in a cell of a table."""
    return printable_text(text).replace("|", "\\|")
