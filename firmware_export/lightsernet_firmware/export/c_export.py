"""``export --format c``: engine, model and self-test as a folder of C sources."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge._version import __version__
from lightsernet_edge.errors import InputError
from lightsernet_edge.files.atomic_write import write_atomically
from lightsernet_edge.model.file import ModelFile

from ..engine_files import engine_files, public_headers
from ..host.stream import HostModel
from ..planner.blob import blob_of
from ..planner.cost import listener_ram_bytes, ram_bytes
from ..planner.front_end_tables import front_end_tables, why_not_streamable
from ..planner.graph_planner import plan_of
from .export_page import export_page
from .foreign_text import comment_text

# Rows of the self-test: enough that every stage gives rows, before and after
# the end of the utterance.
_SELF_TEST_ROWS = 40
_WORDS_A_LINE = 8


@dataclass(frozen=True)
class Export:
    """What was written.

    Attributes
    ----------
    files : tuple of Path
    ram_bytes : int
        Of one stream, on cores without Helium.
    flash_bytes : int
        Of the model; the engine's code comes on top.
    """

    files: tuple[Path, ...]
    ram_bytes: int
    flash_bytes: int


def export_c(file: ModelFile, folder: Path) -> Export:
    """Write a folder that drops into a firmware build.

    ``include/`` and ``src/`` are the engine, ``model/`` the model as a C array
    with its header and a self-test, ``model.lsn`` the same bytes for an update
    over the air, ``README.md`` what it is, how it is built and under which licences.
    Add all C files to the build; nothing else is needed.

    Parameters
    ----------
    file : ModelFile
    folder : Path
        Made if it is missing; files of an earlier export are replaced.

    Raises
    ------
    ModelError
        If the network cannot be run row by row.
    InputError
        If the folder cannot be written to.
    """
    blob = blob_of(file)
    plan = plan_of(file)
    spec = file.record.features
    tables = None if why_not_streamable(spec) else front_end_tables(spec)
    decision = file.record.decision
    ram = {
        target: {
            "": ram_bytes(plan, tables, target),
            "LISTENER_": listener_ram_bytes(plan, tables, decision, target),
            "CONTINUOUS_": listener_ram_bytes(plan, tables, decision, target, continuous=True),
        }
        for target in ("cortex-m4", "cortex-m55")
    }
    contents = {
        f"{'include' if path in public_headers() else 'src'}/{path.name}": path.read_bytes()
        for path in sorted(engine_files(), key=lambda path: path.name)
    }
    contents["model/model.h"] = _header(file, blob, ram).encode()
    contents["model/model.c"] = _array(blob).encode()
    contents["model/model_self_test.c"] = _self_test(blob).encode()
    contents["model.lsn"] = blob
    contents["README.md"] = export_page(
        file, tables is not None, ram["cortex-m4"]["LISTENER_"] is not None
    ).encode()
    written = []
    try:
        for name, content in contents.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, content)
            written.append(path)
    except OSError as error:
        raise InputError(f"--out {folder}: cannot be written ({error.strerror})") from None
    return Export(tuple(written), ram_bytes(plan, tables, "cortex-m4"), len(blob))


def model_sources(blob: bytes, ram: int, labels: int) -> dict[str, str]:
    """Return ``model.h`` and ``model.c`` for one target, without names and self-test."""
    header = (
        '#include "lightsernet.h"\n'
        f"#define MODEL_BLOB_BYTES {len(blob)}u\n"
        f"#define MODEL_LABELS {labels}u\n"
        f"#define MODEL_RAM_BYTES {ram}u\n"
        "extern const uint32_t model_blob[MODEL_BLOB_BYTES / 4u];\n"
    )
    return {"model.h": header, "model.c": _array(blob)}


def self_test_rows(count: int, coefficients: int) -> NDArray[np.int8]:
    """Return the rows that the self-test makes up, shape (count, coefficients)."""
    state = 1
    values = []
    for _ in range(count * coefficients):
        # The generator in the C code below.
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        values.append(state >> 24)
    return np.array(values, np.uint8).astype(np.int8).reshape(count, coefficients)


def _header(file: ModelFile, blob: bytes, ram: dict[str, dict[str, int | None]]) -> str:
    labels = "\n".join(
        f" *   {index} {comment_text(label)}" for index, label in enumerate(file.record.labels)
    )
    return f"""\
/* Model {comment_text(file.path.name)}, SHA-256 {file.record.sha256}
 *
 * Labels:
{labels}
 *
 * Written by lightsernet-edge {__version__}; do not edit.
 */
#ifndef LIGHTSERNET_MODEL_H
#define LIGHTSERNET_MODEL_H

#include <stdint.h>

#include "lightsernet.h"

#ifdef __cplusplus
extern "C" {{
#endif

#define MODEL_BLOB_BYTES {len(blob)}u
#define MODEL_LABELS {len(file.record.labels)}u

/* RAM of one stream, what lsn_ram_size returns; of one listener with the model's own
 * settings, its stream included, and of one in continuous mode: lsn_listener_ram_size. */
#if defined(__ARM_FEATURE_MVE) && !defined(LSN_PLAIN_KERNELS)
{_ram_macros(ram["cortex-m55"])}
#else
{_ram_macros(ram["cortex-m4"])}
#endif

/* The model, aligned to LSN_ALIGNMENT. */
extern const uint32_t model_blob[MODEL_BLOB_BYTES / 4u];

/* Run made-up rows through the stream and compare every integer of the result
 * with what TFLite's reference kernels gave. 0 if all are equal. Resets the
 * stream before and after. */
int model_self_test(lsn_stream *stream);

#ifdef __cplusplus
}}
#endif

#endif
"""


def _ram_macros(ram: dict[str, int | None]) -> str:
    """Define the bytes of what there can be."""
    return "\n".join(
        f"#define MODEL_{name}RAM_BYTES {size}u" for name, size in ram.items() if size is not None
    )


def _array(blob: bytes) -> str:
    words = [f"0x{word:08X}u" for word in np.frombuffer(blob, "<u4")]
    lines = [
        "    " + ", ".join(words[start : start + _WORDS_A_LINE]) + ","
        for start in range(0, len(words), _WORDS_A_LINE)
    ]
    return (
        '#include "model.h"\n\n'
        "#if defined(__GNUC__)\n"
        "__attribute__((aligned(16)))\n"
        "#elif defined(__ICCARM__)\n"
        "#pragma data_alignment = 16\n"
        "#endif\n"
        "const uint32_t model_blob[MODEL_BLOB_BYTES / 4u] = {\n" + "\n".join(lines) + "\n};\n"
    )


def _self_test(blob: bytes) -> str:
    model = HostModel(blob)
    stream = model.stream()
    stream.push_features(self_test_rows(_SELF_TEST_ROWS, model.struct.n_coefficients))
    stream.finish()
    result = stream.result()
    assert result is not None
    logits, posteriors = (", ".join(str(value) for value in values) for values in result)
    return f"""\
#include "model.h"

#define ROWS {_SELF_TEST_ROWS}u
#define COEFFICIENTS {model.struct.n_coefficients}u

static const int8_t LOGITS[MODEL_LABELS] = {{{logits}}};
static const int8_t POSTERIORS[MODEL_LABELS] = {{{posteriors}}};

static int run(lsn_stream *stream)
{{
    /* Numerical Recipes' linear congruential generator. */
    uint32_t state = 1u;
    int8_t row[COEFFICIENTS];
    lsn_emotion emotion;
    for (uint32_t i = 0; i < ROWS; i++) {{
        for (uint32_t c = 0; c < COEFFICIENTS; c++) {{
            state = state * 1664525u + 1013904223u;
            row[c] = (int8_t)((int32_t)(state >> 24) - (state >> 31 != 0 ? 256 : 0));
        }}
        if (lsn_push_features(stream, row) != LSN_OK) {{
            return -1;
        }}
    }}
    if (lsn_finish(stream) != LSN_OK || lsn_result(stream, &emotion) != LSN_OK) {{
        return -1;
    }}
    for (uint32_t i = 0; i < MODEL_LABELS; i++) {{
        if (emotion.logits[i] != LOGITS[i] || emotion.posteriors[i] != POSTERIORS[i]) {{
            return -1;
        }}
    }}
    return 0;
}}

int model_self_test(lsn_stream *stream)
{{
    lsn_reset(stream);
    int result = run(stream);
    lsn_reset(stream);
    return result;
}}
"""
