/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LSN_GATHER_H
#define LSN_GATHER_H

#include <stdint.h>

#include "lsn_blob.h"
#include "lsn_tile.h"

/* Where the rows of a stage's input are: see lsn_stage_run. */
typedef struct lsn_ring {
    const int8_t *ring;
    uint32_t rows_kept;
    uint32_t rows_in;
} lsn_ring;

/* Copy what `columns` columns from `column` on, `rows` rows from `row` on, of
 * one path look at, with padding all around, and describe it.
 *
 *   operands  out: the copy
 */
lsn_tile lsn_gather(const lsn_stage *stage, const lsn_path *path, const lsn_ring *input,
                    uint32_t row, uint32_t rows, uint32_t column, uint32_t columns,
                    lsn_operand *operands);

#endif
