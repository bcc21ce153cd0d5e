/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution of a tile with the DSP instructions of Cortex-M4, M7 and M33.
 *
 * SMLAD multiplies two pairs of int16 and adds both products. SXTB16 widens bytes 0 and 2
 * of a word, or 1 and 3. So operands and weights have the order 0 2 1 3 in every group of
 * four, which leaves a sum of products unchanged. The weights of the two filters
 * alternate, group by group: one pointer reads both.
 */
#include "lsn_convolve.h"

#if LSN_USE_DSP

#include <arm_acle.h>

/* Load or store four operands in one instruction. The compiler never emits LDRD with
 * write-back for this: it takes three instructions. */
#define LOAD_FOUR(low, high, pointer)                                                           \
    __asm__("ldrd %0, %1, [%2], #8"                                                             \
            : "=&r"(low), "=&r"(high), "+r"(pointer)                                            \
            : "m"(*(const int16_t(*)[4])(pointer)))

#define STORE_FOUR(low, high, pointer)                                                          \
    __asm__("strd %1, %2, %0" : "=m"(*(int16_t(*)[4])(pointer)) : "r"(low), "r"(high))

/* Widen four int8: bytes 0 and 2, then 1 and 3. SXTB16 can rotate its operand, but the
 * intrinsic has no argument for it. */
static inline void widen_group(const int8_t *from, lsn_operand *to)
{
    uint32_t word;
    int32_t odd;
    memcpy(&word, from, sizeof word);
    int32_t even = __sxtb16((int32_t)word);
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(odd) : "r"(word));
    STORE_FOUR(even, odd, to);
}

void lsn_widen(const int8_t *from, uint32_t count, lsn_operand *to)
{
    const int8_t *end = from + count;
    while (from != end) {
        widen_group(from, to);
        from += LSN_GROUP;
        to += LSN_GROUP;
    }
}

lsn_filters lsn_prepare_filters(const int8_t *first, const int8_t *second, uint32_t length,
                                lsn_operand *scratch)
{
    lsn_operand *to = scratch;
    lsn_filters filters;
    for (uint32_t i = 0; i < length; i += LSN_GROUP) {
        widen_group(first + i, to);
        widen_group(second + i, to + LSN_GROUP);
        to += 2u * LSN_GROUP;
    }
    filters.first = scratch;
    filters.second = NULL;
    return filters;
}

/* Add four products for each of two pixels and two filters: 4 loads, 8 SMLAD. */
#define MULTIPLY_GROUP()                                                                        \
    do {                                                                                        \
        int32_t a02, a13, b02, b13, w02, w13;                                                   \
        LOAD_FOUR(w02, w13, weights);                                                           \
        LOAD_FOUR(a02, a13, a);                                                                 \
        LOAD_FOUR(b02, b13, b);                                                                 \
        s00 = __smlad(a02, w02, s00);                                                           \
        s10 = __smlad(b02, w02, s10);                                                           \
        s00 = __smlad(a13, w13, s00);                                                           \
        s10 = __smlad(b13, w13, s10);                                                           \
        LOAD_FOUR(w02, w13, weights);                                                           \
        s01 = __smlad(a02, w02, s01);                                                           \
        s11 = __smlad(b02, w02, s11);                                                           \
        s01 = __smlad(a13, w13, s01);                                                           \
        s11 = __smlad(b13, w13, s11);                                                           \
    } while (0)

/* Distances in operands. A pair of pixels is a column of two rows or, with one row, two
 * neighbouring columns. */
typedef struct steps {
    uint32_t beside; /* to the second pixel of a pair */
    uint32_t ahead;  /* to the next pair */
} steps;

/* Patches of one run: a loop without the overhead of runs. */
static void convolve_patches(const lsn_tile *tile, const lsn_operand *filters,
                             const int32_t bias[2], int32_t *first, const steps step)
{
    uint32_t pixels = tile->rows * tile->columns;
    int32_t *second = first + pixels;
    const lsn_operand *pixel = tile->operands;
    uint32_t length = tile->run_length;
    for (uint32_t i = 0; i < pixels; i += 2u) {
        /* With an odd number of pixels the last one is its own partner. */
        uint32_t next = i + 1u < pixels ? 1u : 0u;
        const lsn_operand *weights = filters;
        const lsn_operand *a = pixel;
        const lsn_operand *b = pixel + (size_t)next * step.beside;
        const lsn_operand *end = a + length;
        int32_t s00 = bias[0];
        int32_t s10 = s00;
        int32_t s01 = bias[1];
        int32_t s11 = s01;
        do {
            MULTIPLY_GROUP();
        } while (a != end);
        pixel += step.ahead;
        first[next] = s10;
        second[next] = s11;
        *first = s00;
        *second = s01;
        first += 2;
        second += 2;
    }
}

/* Patches of one run per row of the kernel. */
static void convolve_runs(const lsn_tile *tile, const lsn_operand *filters,
                          const int32_t bias[2], int32_t *first, const steps step)
{
    uint32_t pixels = tile->rows * tile->columns;
    int32_t *second = first + pixels;
    const lsn_operand *pixel = tile->operands;
    for (uint32_t i = 0; i < pixels; i += 2u) {
        uint32_t next = i + 1u < pixels ? 1u : 0u;
        const lsn_operand *weights = filters;
        const lsn_operand *run0 = pixel;
        const lsn_operand *run1 = pixel + (size_t)next * step.beside;
        int32_t s00 = bias[0];
        int32_t s10 = s00;
        int32_t s01 = bias[1];
        int32_t s11 = s01;
        for (uint32_t run = tile->runs; run > 0; run--) {
            const lsn_operand *a = run0;
            const lsn_operand *b = run1;
            const lsn_operand *end = a + tile->run_length;
            const lsn_operand *unrolled = end - tile->run_length % (4u * LSN_GROUP);
            while (a != unrolled) {
                MULTIPLY_GROUP();
                MULTIPLY_GROUP();
                MULTIPLY_GROUP();
                MULTIPLY_GROUP();
            }
            while (a != end) {
                MULTIPLY_GROUP();
            }
            run0 += tile->run_stride;
            run1 += tile->run_stride;
        }
        pixel += step.ahead;
        first[next] = s10;
        second[next] = s11;
        *first = s00;
        *second = s01;
        first += 2;
        second += 2;
    }
}

void lsn_convolve(const lsn_tile *tile, const lsn_filters *filters, const int32_t bias[2],
                  int32_t *accumulators)
{
    steps step;
    step.beside = tile->rows == 2u ? tile->row_stride : tile->column_stride;
    step.ahead = tile->column_stride * (tile->rows == 2u ? 1u : 2u);
    if (tile->runs == 1u) {
        convolve_patches(tile, filters->first, bias, accumulators, step);
    } else {
        convolve_runs(tile, filters->first, bias, accumulators, step);
    }
}

#endif
