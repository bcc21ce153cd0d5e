/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution of a tile, in integers. One of lsn_convolve_plain.c, lsn_convolve_dsp.c
 * and lsn_convolve_mve.c defines these functions, as lsn_operand.h chooses. */
#ifndef LSN_CONVOLVE_H
#define LSN_CONVOLVE_H

#include <stdint.h>

#include "lsn_blob.h"
#include "lsn_operand.h"
#include "lsn_tile.h"

/**
 * Convolve a tile with two filters.
 *
 * @param[in]  tile          operands in -128..127, prepared by lsn_prepare_tile
 * @param[in]  first         [runs * run_length] packed weights, 4-byte aligned
 * @param[in]  second        the same of the second filter; may be `first`
 * @param[in]  bias          [2]
 * @param      scratch       [2 * runs * run_length]; unused by kernels that read int8
 * @param[out] accumulators  [2][rows * columns], in the order of the tile's pixels
 *
 * lsn_model_open has checked that every sum stays within -2**30..2**30, and so would with
 * weights and operands of -128.
 */
void lsn_convolve(const lsn_tile *tile, const int8_t *first, const int8_t *second,
                  const int32_t bias[2], lsn_operand *scratch, int32_t *accumulators);

/**
 * Bring the widened operands of a tile into the form that lsn_convolve reads, where a kernel
 * has one of its own.
 *
 * @param[in] tile      the tile
 * @param     operands  its operands, in place
 */
void lsn_prepare_tile(const lsn_tile *tile, lsn_operand *operands);

/**
 * Widen int8 values to operands. Within a group of LSN_GROUP the kernel chooses the
 * order; weights and inputs have the same.
 *
 * @param[in]  from   [count], 4-byte aligned
 * @param[in]  count  a multiple of LSN_GROUP
 * @param[out] to     [count]; may overlap `from` if both end at the same byte
 */
void lsn_widen(const int8_t *from, uint32_t count, lsn_operand *to);

#endif
