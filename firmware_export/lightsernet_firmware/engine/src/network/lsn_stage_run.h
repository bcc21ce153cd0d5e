/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LSN_STAGE_RUN_H
#define LSN_STAGE_RUN_H

#include <stdint.h>

#include "lsn_blob.h"

/**
 * Compute one pooled row of a stage: convolutions, activation, pool, concatenation.
 *
 * @param[in]  ring     [rows kept][width][channels]: row r of the utterance lies in slot
 *                      r % rows kept
 * @param[in]  rows_in  rows of input so far; rows before 0, and from rows_in on, are padding
 * @param[in]  row      first row of the convolution's output
 * @param[in]  rows     rows of it to pool: the pool's height, or 1 for a last single row
 * @param[out] output   [output width][output channels]
 * @param      scratch  lsn_scratch_layout_of(...).size bytes, aligned to LSN_ALIGNMENT
 */
void lsn_stage_run(const lsn_model *model, const lsn_stage *stage, const int8_t *ring,
                   uint32_t rows_in, uint32_t row, uint32_t rows, int8_t *output,
                   uint8_t *scratch);

#endif
