"""A model as C: ``model.h`` and ``model.c``."""

from __future__ import annotations

import numpy as np

from lightsernet_edge._version import __version__

from ..firmware_model import FirmwareModel
from .foreign_text import comment_text

_WORDS_PER_LINE = 8


def model_header(model: FirmwareModel) -> str:
    """Return ``model.h``: names, sizes, and the RAM that the model takes."""
    file, blob = model.file, model.blob
    labels = "\n".join(
        f" *   {index} {comment_text(label)}" for index, label in enumerate(file.record.outputs)
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
#define MODEL_LABELS {len(file.record.outputs)}u

/* RAM of one stream, what lsn_ram_size returns; of one listener with the model's own
 * settings, its stream included, and of one in continuous mode: lsn_listener_ram_size. */
#if defined(__ARM_FEATURE_MVE) && !defined(LSN_PLAIN_KERNELS)
{_ram_macros(model, "cortex-m55")}
#else
{_ram_macros(model, "cortex-m4")}
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


def _ram_macros(model: FirmwareModel, target: str) -> str:
    """Define the RAM of a stream, and of the listeners that there can be."""
    ram = {
        "": model.ram_bytes(target),
        "LISTENER_": model.listener_ram_bytes(target),
        "CONTINUOUS_": model.listener_ram_bytes(target, continuous=True),
    }
    return "\n".join(
        f"#define MODEL_{name}RAM_BYTES {size}u" for name, size in ram.items() if size is not None
    )


def model_array(blob: bytes, prefix: str = "model") -> str:
    """Return ``model.c``: the blob as an aligned array of words.

    Parameters
    ----------
    blob : bytes
        A multiple of 4.
    prefix : str
        Of the names of array and header, which ``model.h`` declares.
    """
    words = [f"0x{word:08X}u" for word in np.frombuffer(blob, "<u4")]
    lines = [
        "    " + ", ".join(words[start : start + _WORDS_PER_LINE]) + ","
        for start in range(0, len(words), _WORDS_PER_LINE)
    ]
    return (
        f'#include "{prefix}.h"\n\n'
        "#if defined(__GNUC__)\n"
        "__attribute__((aligned(16)))\n"
        "#elif defined(__ICCARM__)\n"
        "#pragma data_alignment = 16\n"
        "#endif\n"
        f"const uint32_t {prefix}_blob[{prefix.upper()}_BLOB_BYTES / 4u] = {{\n"
        + "\n".join(lines)
        + "\n};\n"
    )


def model_sources(model: FirmwareModel, target: str) -> dict[str, str]:
    """Return ``model.h`` and ``model.c`` for one target, without names and self-test."""
    header = (
        '#include "lightsernet.h"\n'
        f"#define MODEL_BLOB_BYTES {len(model.blob)}u\n"
        f"#define MODEL_LABELS {model.plan.head.labels}u\n"
        f"#define MODEL_RAM_BYTES {model.ram_bytes(target)}u\n"
        "extern const uint32_t model_blob[MODEL_BLOB_BYTES / 4u];\n"
    )
    return {"model.h": header, "model.c": model_array(model.blob)}
