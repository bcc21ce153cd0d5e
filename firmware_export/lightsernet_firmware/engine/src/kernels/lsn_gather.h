/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LSN_GATHER_H
#define LSN_GATHER_H

#include <stdint.h>

#include "lsn_blob.h"
#include "lsn_tile.h"

/* Input rows of a stage: row r of the utterance lies in slot r % rows_kept. */
typedef struct lsn_ring {
    const int8_t *ring; /* [rows_kept][width][channels] */
    uint32_t rows_kept;
    uint32_t rows_in; /* so far; rows before 0, and from rows_in on, are padding */
} lsn_ring;

/* Row `row` of the input, or NULL for padding. Rows before the first wrap around to large
 * numbers. */
static inline const int8_t *lsn_ring_row(const lsn_stage *stage, const lsn_ring *input,
                                         uint32_t row)
{
    if (row >= input->rows_in) {
        return NULL;
    }
    return input->ring + (size_t)(row % input->rows_kept) * stage->width * stage->channels;
}

/**
 * Copy the input of one path for a block of output pixels, padding included.
 *
 * @param[in]  row, rows        first output row, and how many: 1 or 2
 * @param[in]  column, columns  first output column, and how many: at most the stage's tile
 * @param[out] operands         the copy, 4-byte aligned; lsn_scratch_layout_of has its size
 *
 * @return  the tile, which points into `operands`
 */
lsn_tile lsn_gather(const lsn_stage *stage, const lsn_path *path, const lsn_ring *input,
                    uint32_t row, uint32_t rows, uint32_t column, uint32_t columns,
                    lsn_operand *operands);

#endif
