/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LSN_STAGE_RUN_H
#define LSN_STAGE_RUN_H

#include <stdint.h>

#include "lsn_blob.h"

/* Compute one pooled row of a stage.
 *
 *   ring     in: int8 [rows_kept][width][channels], row r of the utterance in
 *            place r % rows_kept
 *   rows_in  rows of input so far; rows before 0 and from rows_in on are padding
 *   row      first row that is convolved
 *   rows     how many: the pool's height, or 1 at the end of the utterance
 *   output   out: int8 [output width][output channels]
 *   scratch  lsn_stage_scratch_of(...).size bytes
 */
void lsn_stage_run(const lsn_model *model, const lsn_stage *stage, const int8_t *ring,
                   uint32_t rows_in, uint32_t row, uint32_t rows, int8_t *output,
                   uint8_t *scratch);

#endif
