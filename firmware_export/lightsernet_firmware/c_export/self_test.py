"""The self-test of an exported model: made-up rows, and the integers that they must give."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..host.stream import HostModel

# Enough that every stage gives rows, before and after the end of the utterance.
ROWS = 40


def expected_integers(model: HostModel) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Return what the made-up rows must give.

    Returns
    -------
    logits, posteriors : ndarray of int8, shape (labels,)
    """
    stream = model.stream()
    stream.push_features(made_up_rows(ROWS, model.struct.n_coefficients))
    stream.finish()
    result = stream.result()
    assert result is not None
    return result


def self_test_source(blob: bytes) -> str:
    """Return ``model_self_test.c``; the engine on this machine gives the integers.

    Raises
    ------
    MissingDependencyError
        If there is no C compiler.
    """
    model = HostModel(blob)
    logits, posteriors = (
        ", ".join(str(value) for value in values) for values in expected_integers(model)
    )
    return f"""\
#include "model.h"

#define ROWS {ROWS}u
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


def made_up_rows(count: int, coefficients: int) -> NDArray[np.int8]:
    """Return what self-tests in C make up, shape (count, coefficients)."""
    state = 1
    values = []
    for _ in range(count * coefficients):
        # The generator in the C code above.
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        values.append(state >> 24)
    return np.array(values, np.uint8).astype(np.int8).reshape(count, coefficients)
