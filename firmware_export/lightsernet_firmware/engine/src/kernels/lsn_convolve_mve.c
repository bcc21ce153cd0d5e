/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution of a tile with Helium, the vector extension of Cortex-M55. VMLADAVA
 * multiplies sixteen pairs of int8 and adds all products to a register. Weights are read
 * from the blob directly. */
#include "lsn_convolve.h"

#if LSN_USE_MVE

#include <arm_mve.h>

#define LANES 16u

void lsn_widen(const int8_t *from, uint32_t count, lsn_operand *to)
{
    /* Operands are int8; `from` and `to` may be the same. */
    memmove(to, from, count);
}

lsn_filters lsn_prepare_filters(const int8_t *first, const int8_t *second, uint32_t length,
                                lsn_operand *scratch)
{
    lsn_filters filters;
    (void)length;
    (void)scratch;
    filters.first = first;
    filters.second = second;
    return filters;
}

/* Two pixels and two filters share every load. With next = 0 the second pixel is the
 * first: the results are stored twice. */
static void convolve_pair(const lsn_tile *tile, const int8_t *pixel0, const int8_t *pixel1,
                          const lsn_filters *filters, int32_t *accumulators, uint32_t pixels,
                          uint32_t next, const int32_t bias[2])
{
    const int8_t *w0 = filters->first;
    const int8_t *w1 = filters->second;
    int32_t s00 = bias[0];
    int32_t s10 = s00;
    int32_t s01 = bias[1];
    int32_t s11 = s01;
    uint32_t rest = tile->run_length % LANES;
    for (uint32_t run = 0; run < tile->runs; run++) {
        const int8_t *a = pixel0;
        const int8_t *b = pixel1;
        for (uint32_t i = tile->run_length / LANES; i > 0; i--) {
            int8x16_t av = vld1q_s8(a);
            int8x16_t bv = vld1q_s8(b);
            int8x16_t wv = vld1q_s8(w0);
            s00 = vmladavaq_s8(s00, av, wv);
            s10 = vmladavaq_s8(s10, bv, wv);
            wv = vld1q_s8(w1);
            s01 = vmladavaq_s8(s01, av, wv);
            s11 = vmladavaq_s8(s11, bv, wv);
            a += LANES;
            b += LANES;
            w0 += LANES;
            w1 += LANES;
        }
        if (rest != 0) {
            mve_pred16_t lanes = vctp8q(rest);
            int8x16_t av = vld1q_z_s8(a, lanes);
            int8x16_t bv = vld1q_z_s8(b, lanes);
            int8x16_t wv = vld1q_z_s8(w0, lanes);
            s00 = vmladavaq_s8(s00, av, wv);
            s10 = vmladavaq_s8(s10, bv, wv);
            wv = vld1q_z_s8(w1, lanes);
            s01 = vmladavaq_s8(s01, av, wv);
            s11 = vmladavaq_s8(s11, bv, wv);
            w0 += rest;
            w1 += rest;
        }
        pixel0 += tile->run_stride;
        pixel1 += tile->run_stride;
    }
    accumulators[next] = s10;
    accumulators[pixels + next] = s11;
    accumulators[0] = s00;
    accumulators[pixels] = s01;
}

/* Patches of at most one vector: the weights stay in registers. A load may read past a
 * patch; the weights there are zero. */
static void convolve_patches(const lsn_tile *tile, const lsn_filters *filters,
                             const int32_t bias[2], int32_t *first)
{
    uint32_t pixels = tile->rows * tile->columns;
    uint32_t beside = tile->rows == 2u ? tile->row_stride : tile->column_stride;
    int32_t *second = first + pixels;
    mve_pred16_t lanes = vctp8q(tile->run_length);
    int8x16_t w0 = vld1q_z_s8(filters->first, lanes);
    int8x16_t w1 = vld1q_z_s8(filters->second, lanes);
    const int8_t *pixel = tile->operands;
    int32_t b0 = bias[0];
    int32_t b1 = bias[1];
    /* Patches are contiguous, in the order of the pixels. */
    for (uint32_t pairs = pixels / 2u; pairs > 0; pairs--) {
        int8x16_t a = vld1q_s8(pixel);
        int8x16_t b = vld1q_s8(pixel + beside);
        first[0] = vmladavaq_s8(b0, a, w0);
        first[1] = vmladavaq_s8(b0, b, w0);
        second[0] = vmladavaq_s8(b1, a, w1);
        second[1] = vmladavaq_s8(b1, b, w1);
        pixel += 2u * beside;
        first += 2;
        second += 2;
    }
    if (pixels % 2u != 0) {
        int8x16_t a = vld1q_s8(pixel);
        *first = vmladavaq_s8(b0, a, w0);
        *second = vmladavaq_s8(b1, a, w1);
    }
}

void lsn_convolve(const lsn_tile *tile, const lsn_filters *filters, const int32_t bias[2],
                  int32_t *accumulators)
{
    uint32_t pixels = tile->rows * tile->columns;
    /* A pair is a column of two rows or, with one row, two neighbouring columns. */
    uint32_t beside = tile->rows == 2u ? tile->row_stride : tile->column_stride;
    uint32_t ahead = tile->column_stride * (tile->rows == 2u ? 1u : 2u);
    const int8_t *pixel = tile->operands;
    if (tile->runs == 1u && tile->row_stride == tile->run_length &&
        tile->column_stride == tile->rows * tile->run_length && tile->run_length <= LANES) {
        convolve_patches(tile, filters, bias, accumulators);
        return;
    }
    for (uint32_t i = 0; i < pixels; i += 2u) {
        /* With an odd number of pixels the last one is its own partner. */
        uint32_t next = i + 1u < pixels ? 1u : 0u;
        convolve_pair(tile, pixel, pixel + (size_t)next * beside, filters, accumulators + i,
                      pixels, next, bias);
        pixel += ahead;
    }
}

#endif
