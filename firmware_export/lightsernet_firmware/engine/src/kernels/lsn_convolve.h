/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution of a tile, in integers. One of lsn_convolve_plain.c, lsn_convolve_dsp.c
 * and lsn_convolve_mve.c defines these functions, as lsn_operand.h chooses. */
#ifndef LSN_CONVOLVE_H
#define LSN_CONVOLVE_H

#include <stdint.h>

#include "lsn_blob.h"
#include "lsn_operand.h"
#include "lsn_tile.h"

/* Weights of two filters in the form that lsn_convolve reads. */
typedef struct lsn_filters {
    const void *first;
    const void *second; /* NULL if both are interleaved in `first` */
} lsn_filters;

/**
 * Convolve a tile with two filters.
 *
 * @param[in]  tile          operands in -128..127
 * @param[in]  filters       from lsn_prepare_filters
 * @param[in]  bias          [2]
 * @param[out] accumulators  [2][rows * columns], in the order of the tile's pixels
 *
 * lsn_model_open has checked that every sum stays within -2**30..2**30.
 */
void lsn_convolve(const lsn_tile *tile, const lsn_filters *filters, const int32_t bias[2],
                  int32_t *accumulators);

/**
 * Widen int8 values to operands. Within a group of LSN_GROUP the kernel chooses the
 * order; weights and inputs have the same.
 *
 * @param[in]  from   [count], 4-byte aligned
 * @param[in]  count  a multiple of LSN_GROUP
 * @param[out] to     [count]; may overlap `from` if both end at the same byte
 */
void lsn_widen(const int8_t *from, uint32_t count, lsn_operand *to);

/**
 * Bring the packed weights of two filters into the form that lsn_convolve reads.
 *
 * @param[in] first    [length], 4-byte aligned
 * @param[in] second   [length], 4-byte aligned; may be `first`
 * @param[in] length   a multiple of LSN_GROUP
 * @param     scratch  [2 * length]; unused by kernels that read int8
 *
 * @return  pointers into `scratch` or to the weights, valid as long as those
 */
lsn_filters lsn_prepare_filters(const int8_t *first, const int8_t *second, uint32_t length,
                                lsn_operand *scratch);

#endif
