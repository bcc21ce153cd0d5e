/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution of a tile in portable C, which compilers vectorise on a host. */
#include "lsn_convolve.h"

#if !LSN_USE_DSP && !LSN_USE_MVE

void lsn_widen(const int8_t *from, uint32_t count, lsn_operand *to)
{
    for (uint32_t i = 0; i < count; i++) {
        to[i] = from[i];
    }
}

void lsn_prepare_tile(const lsn_tile *tile, lsn_operand *operands)
{
    (void)tile;
    (void)operands;
}

/* Operands in a step of the inner loop, a divisor of LSN_GROUP. RISC-V and Xtensa have no loads with
 * an index, so one at a time would cost them an addition for each load; others do best with a plain
 * loop, which compilers vectorise. */
#if defined(__riscv) || defined(__XTENSA__)
#define STEP 4u
#else
#define STEP 1u
#endif

/* Between the operands of a step. Where 16 registers are all, GCC must not load those of all first:
 * the stack would hold half of them. */
#ifdef __XTENSA__
#define NEXT_OPERAND() __asm volatile("" : : : "memory")
#else
#define NEXT_OPERAND() ((void)0)
#endif

/* Two pixels and two filters share every load. */
static void convolve_pair(const lsn_tile *tile, const lsn_operand *pixel0,
                          const lsn_operand *pixel1, const lsn_operand *w0,
                          const lsn_operand *w1, int32_t sums[4])
{
    uint32_t length = tile->run_length;
    int32_t s00 = 0;
    int32_t s01 = 0;
    int32_t s10 = 0;
    int32_t s11 = 0;
    for (uint32_t run = 0; run < tile->runs; run++) {
        for (uint32_t i = 0; i < length; i += STEP) {
#pragma GCC unroll 4
            for (uint32_t k = 0; k < STEP; k++) {
                s00 += pixel0[i + k] * w0[i + k];
                s01 += pixel0[i + k] * w1[i + k];
                s10 += pixel1[i + k] * w0[i + k];
                s11 += pixel1[i + k] * w1[i + k];
                NEXT_OPERAND();
            }
        }
        pixel0 += tile->run_stride;
        pixel1 += tile->run_stride;
        w0 += length;
        w1 += length;
    }
    sums[0] = s00;
    sums[1] = s01;
    sums[2] = s10;
    sums[3] = s11;
}

void lsn_convolve(const lsn_tile *tile, const int8_t *first, const int8_t *second,
                  const int32_t bias[2], lsn_operand *scratch, int32_t *accumulators)
{
    uint32_t length = tile->runs * tile->run_length;
    uint32_t pixels = tile->rows * tile->columns;
    /* A pair is a column of two rows or, with one row, two neighbouring columns. */
    uint32_t beside = tile->rows == 2u ? tile->row_stride : tile->column_stride;
    uint32_t ahead = tile->column_stride * (tile->rows == 2u ? 1u : 2u);
    const lsn_operand *pixel = tile->operands;
    lsn_widen(first, length, scratch);
    lsn_widen(second, length, scratch + length);
    for (uint32_t i = 0; i < pixels; i += 2u) {
        /* With an odd number of pixels the last one is its own partner. */
        uint32_t next = i + 1u < pixels ? 1u : 0u;
        int32_t sums[4];
        convolve_pair(tile, pixel, pixel + (size_t)next * beside, scratch, scratch + length, sums);
        accumulators[i] = bias[0] + sums[0];
        accumulators[pixels + i] = bias[1] + sums[1];
        accumulators[i + next] = bias[0] + sums[2];
        accumulators[pixels + i + next] = bias[1] + sums[3];
        pixel += ahead;
    }
}

#endif
