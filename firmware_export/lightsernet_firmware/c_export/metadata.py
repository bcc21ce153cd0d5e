"""``model_metadata.h``: what a firmware may want to know, or print, of its model."""

from __future__ import annotations

from ..firmware_model import FirmwareModel
from .foreign_text import comment_text, string_literal


def metadata_header(model: FirmwareModel) -> str:
    """Return ``model_metadata.h``: labels, rates, sizes, the scores, and the model's hash.

    A score that the record does not have is not defined.
    """
    file, record = model.file, model.file.record
    defines = {
        "FILE": string_literal(file.path.name),
        "SHA256": string_literal(record.sha256),
        "TFLITE_BYTES": f"{record.size}u",
        "FLASH_BYTES": f"{len(model.blob)}u",
        "COEFFICIENTS": f"{model.plan.coefficients}u",
    }
    if model.tables is not None:
        spec = model.tables.spec
        defines |= {
            "SAMPLE_RATE_HZ": f"{spec.sample_rate}u",
            "FRAME_SAMPLES": f"{spec.frame_length}u",
            "HOP_SAMPLES": f"{spec.hop_length}u",
        }
    if record.data is not None:
        defines["TRAINED_ON"] = string_literal(record.data.name)
        if record.data.licence:
            defines["DATA_LICENCE"] = string_literal(record.data.licence)
    score = next((score for score in record.scores if score.precision == "int8"), None)
    if score is not None:
        defines |= {
            "SCORE_PROTOCOL": string_literal(score.protocol),
            "SCORE_UA": f"{score.ua:.4f}",
            "SCORE_WA": f"{score.wa:.4f}",
            "SCORE_F1": f"{score.f1:.4f}",
            "SCORE_CLIPS": f"{score.clips}u",
        }
    lines = "\n".join(f"#define MODEL_{name} {value}" for name, value in defines.items())
    labels = ", ".join(string_literal(label) for label in record.outputs)
    return f"""\
/* What is known of model {comment_text(file.path.name)}: text and numbers for the
 * preprocessor; nothing of it takes memory unless it is used. Sizes are in bytes; UA (mean
 * recall), WA (accuracy) and weighted F1 in 0..1, of the int8 model, by the protocol named.
 */
#ifndef LIGHTSERNET_MODEL_METADATA_H
#define LIGHTSERNET_MODEL_METADATA_H

{lines}

/* In the order of the model's output; MODEL_LABELS of model.h is their number. */
#define MODEL_LABEL_NAMES {{{labels}}}

#endif
"""
