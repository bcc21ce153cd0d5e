/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution of a tile with the DSP instructions of Cortex-M4, M7 and M33.
 *
 * SMLAD multiplies two pairs of int16 and adds both products. SXTB16 widens bytes 0 and 2
 * of a word, or 1 and 3. So operands and weights have the order 0 2 1 3 in every group of
 * four, which leaves a sum of products unchanged. The weights of the two filters
 * alternate, group by group: one pointer reads both.
 *
 * Kernels of three rows share multiplications between two rows of pixels (Winograd's minimal
 * filtering, F(2, 3)). With rows d0 .. d3 of the input and g0 .. g2 of a filter, the pixels
 *
 *     upper = d0 g0 + d1 g1 + d2 g2
 *     lower = d1 g0 + d2 g1 + d3 g2
 *
 * take four products instead of six:
 *
 *     p = (d1 + d2) (g0 + g1 + g2)        upper = (p + q) / 2 + (d0 - d2) g0
 *     q = (d2 - d1) (g0 - g1 + g2)        lower = (p - q) / 2 + (d3 - d1) g2
 *
 * This is exact: p + q and p - q are even, sums of three int8 fit an int16, and the limit
 * of lsn_convolve for accumulators keeps p and q within 32 bits.
 */
#include "lsn_convolve.h"

#if LSN_USE_DSP

#include <arm_acle.h>

/* Load or store four operands in one instruction and move the pointer on by so many bytes.
 * The compiler never emits LDRD with write-back for this: it takes three instructions. */
#define LOAD_FOUR(low, high, pointer, bytes)                                                    \
    __asm__("ldrd %0, %1, [%2], %3"                                                             \
            : "=&r"(low), "=&r"(high), "+r"(pointer)                                            \
            : "i"(bytes), "m"(*(const int16_t(*)[4])(pointer)))

#define STORE_FOUR(low, high, pointer, bytes)                                                   \
    __asm__("strd %2, %3, [%0], %4"                                                             \
            : "+r"(pointer), "=m"(*(int16_t(*)[4])(pointer))                                    \
            : "r"(low), "r"(high), "i"(bytes))

#define GROUP_BYTES (LSN_GROUP * sizeof(lsn_operand))
#define SMALL_PATCH (3u * LSN_GROUP)

/* Four operands: 0 and 2, then 1 and 3. */
typedef struct group {
    int32_t even, odd;
} group;

/* Widen four int8. SXTB16 can rotate its operand, but the intrinsic has no argument for it. */
static inline group widened(const int8_t *from)
{
    uint32_t word;
    group to;
    memcpy(&word, from, sizeof word);
    to.even = __sxtb16((int32_t)word);
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(to.odd) : "r"(word));
    return to;
}

/* Add four int8: they are widened by the same instructions. */
static inline group add_widened(group a, const int8_t *from)
{
    uint32_t word;
    group sum;
    memcpy(&word, from, sizeof word);
    sum.even = __sxtab16(a.even, (int32_t)word);
    __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(sum.odd) : "r"(a.odd), "r"(word));
    return sum;
}

static inline group add(group a, group b)
{
    group sum = {__sadd16(a.even, b.even), __sadd16(a.odd, b.odd)};
    return sum;
}

static inline group subtract(group a, group b)
{
    group difference = {__ssub16(a.even, b.even), __ssub16(a.odd, b.odd)};
    return difference;
}

void lsn_widen(const int8_t *from, uint32_t count, lsn_operand *to)
{
    const int8_t *end = from + count;
    while (from != end) {
        group wide = widened(from);
        STORE_FOUR(wide.even, wide.odd, to, GROUP_BYTES);
        from += LSN_GROUP;
    }
}

/* Whether two rows of pixels share multiplications: the runs are three rows of the input. */
static inline int shares_rows(const lsn_tile *tile)
{
    return tile->rows == 2u && tile->runs == 3u && tile->run_stride == tile->row_stride;
}

/* Combine the four rows of the input: d0 - d2, d1 + d2, d2 - d1, d3 - d1. */
void lsn_prepare_tile(const lsn_tile *tile, lsn_operand *operands)
{
    if (!shares_rows(tile)) {
        return;
    }
    lsn_operand *row0 = operands;
    lsn_operand *row1 = row0 + tile->row_stride;
    lsn_operand *row2 = row1 + tile->row_stride;
    lsn_operand *row3 = row2 + tile->row_stride;
    const lsn_operand *end = row0 + (tile->columns - 1u) * tile->column_stride + tile->run_length;
    while (row0 != end) {
        group d0, d1, d2, d3;
        LOAD_FOUR(d0.even, d0.odd, row0, 0);
        LOAD_FOUR(d1.even, d1.odd, row1, 0);
        LOAD_FOUR(d2.even, d2.odd, row2, 0);
        LOAD_FOUR(d3.even, d3.odd, row3, 0);
        const group combined[4] = {subtract(d0, d2), add(d1, d2), subtract(d2, d1),
                                   subtract(d3, d1)};
        STORE_FOUR(combined[0].even, combined[0].odd, row0, GROUP_BYTES);
        STORE_FOUR(combined[1].even, combined[1].odd, row1, GROUP_BYTES);
        STORE_FOUR(combined[2].even, combined[2].odd, row2, GROUP_BYTES);
        STORE_FOUR(combined[3].even, combined[3].odd, row3, GROUP_BYTES);
    }
}

/* Widen the weights of two filters, group by group in turns. */
static void widen_filters(const int8_t *first, const int8_t *second, uint32_t length,
                          lsn_operand *to)
{
    const int8_t *end = first + length;
    while (first != end) {
        group w0 = widened(first);
        group w1 = widened(second);
        STORE_FOUR(w0.even, w0.odd, to, GROUP_BYTES);
        STORE_FOUR(w1.even, w1.odd, to, GROUP_BYTES);
        first += LSN_GROUP;
        second += LSN_GROUP;
    }
}

/* Where the combined rows of two filters are written to, group by group in turns. */
typedef struct combined_rows {
    lsn_operand *sum;        /* g0 + g1 + g2 */
    lsn_operand *difference; /* g0 - g1 + g2 */
    lsn_operand *upper;      /* g0 */
} combined_rows;

static inline void combine_group(const int8_t *filter, uint32_t length, combined_rows *to)
{
    group g0 = widened(filter);
    group g1 = widened(filter + length);
    group outer = add_widened(g0, filter + 2u * length);
    group sum = add_widened(outer, filter + length);
    group difference = subtract(outer, g1);
    STORE_FOUR(sum.even, sum.odd, to->sum, GROUP_BYTES);
    STORE_FOUR(difference.even, difference.odd, to->difference, GROUP_BYTES);
    STORE_FOUR(g0.even, g0.odd, to->upper, GROUP_BYTES);
}

static void combine_filters(const int8_t *first, const int8_t *second, uint32_t length,
                            combined_rows to)
{
    const int8_t *end = first + length;
    while (first != end) {
        combine_group(first, length, &to);
        combine_group(second, length, &to);
        first += LSN_GROUP;
        second += LSN_GROUP;
    }
}

/* Sums of products of two pixels, a and b, with the first filter, then with the second. */
typedef struct sums {
    int32_t a0, b0, a1, b1;
} sums;

/* Add four products for each of two pixels and two filters: 4 loads, 8 SMLAD. The registers
 * just suffice for one group: the empty statement keeps compilers from loading the next one
 * before. */
#define MULTIPLY_GROUP()                                                                        \
    do {                                                                                        \
        int32_t a02, a13, b02, b13, w02, w13;                                                   \
        __asm__("" : "+r"(weights), "+r"(a), "+r"(b), "+r"(sum.a0), "+r"(sum.b0), "+r"(sum.a1), \
                "+r"(sum.b1));                                                                  \
        LOAD_FOUR(w02, w13, weights, GROUP_BYTES);                                              \
        LOAD_FOUR(a02, a13, a, GROUP_BYTES);                                                    \
        LOAD_FOUR(b02, b13, b, GROUP_BYTES);                                                    \
        sum.a0 = __smlad(a02, w02, sum.a0);                                                     \
        sum.b0 = __smlad(b02, w02, sum.b0);                                                     \
        sum.a0 = __smlad(a13, w13, sum.a0);                                                     \
        sum.b0 = __smlad(b13, w13, sum.b0);                                                     \
        LOAD_FOUR(w02, w13, weights, GROUP_BYTES);                                              \
        sum.a1 = __smlad(a02, w02, sum.a1);                                                     \
        sum.b1 = __smlad(b02, w02, sum.b1);                                                     \
        sum.a1 = __smlad(a13, w13, sum.a1);                                                     \
        sum.b1 = __smlad(b13, w13, sum.b1);                                                     \
    } while (0)

/* Add the products of one run. Inlined, it would leave too few registers to the loop. */
static __attribute__((noinline)) void multiply_run(sums *to, const lsn_operand *weights,
                                                   const lsn_operand *a, const lsn_operand *b,
                                                   uint32_t length)
{
    const lsn_operand *end = a + length;
    const lsn_operand *unrolled = end - length % (8u * LSN_GROUP);
    sums sum = *to;
    while (a != unrolled) {
        MULTIPLY_GROUP();
        MULTIPLY_GROUP();
        MULTIPLY_GROUP();
        MULTIPLY_GROUP();
        MULTIPLY_GROUP();
        MULTIPLY_GROUP();
        MULTIPLY_GROUP();
        MULTIPLY_GROUP();
    }
    while (a != end) {
        MULTIPLY_GROUP();
    }
    *to = sum;
}

/* Pixel b is `next` accumulators behind a, the second filter `pixels` behind the first. An
 * odd last pixel is its own partner: `next` is 0. */
static inline void store_sums(const sums *sum, int32_t *to, uint32_t next, uint32_t pixels)
{
    to[next] = sum->b0;
    to[pixels + next] = sum->b1;
    to[0] = sum->a0;
    to[pixels] = sum->a1;
}

static void convolve_shared_rows(const lsn_tile *tile, const int8_t *first, const int8_t *second,
                                 const int32_t bias[2], lsn_operand *scratch,
                                 int32_t *accumulators)
{
    uint32_t length = tile->run_length;
    uint32_t pixels = 2u * tile->columns;
    const lsn_operand *row0 = tile->operands;
    const lsn_operand *row1 = row0 + tile->row_stride;
    const lsn_operand *row2 = row1 + tile->row_stride;
    const lsn_operand *row3 = row2 + tile->row_stride;
    const combined_rows filters = {scratch, scratch + 2u * length, scratch + 4u * length};
    combine_filters(first, second, length, filters);
    /* a and b are neighbours in a row, and so two accumulators apart. */
    for (uint32_t i = 0; i < tile->columns; i += 2u) {
        uint32_t beside = i + 1u < tile->columns ? tile->column_stride : 0;
        uint32_t next = i + 1u < tile->columns ? 2u : 0;
        uint32_t a = i * tile->column_stride;
        uint32_t b = a + beside;
        sums p = {0, 0, 0, 0};
        sums q = {0, 0, 0, 0};
        multiply_run(&p, filters.sum, row1 + a, row1 + b, length);
        multiply_run(&q, filters.difference, row2 + a, row2 + b, length);
        const sums lower = {bias[0] + ((p.a0 - q.a0) >> 1), bias[0] + ((p.b0 - q.b0) >> 1),
                            bias[1] + ((p.a1 - q.a1) >> 1), bias[1] + ((p.b1 - q.b1) >> 1)};
        sums upper = {bias[0] + ((p.a0 + q.a0) >> 1), bias[0] + ((p.b0 + q.b0) >> 1),
                      bias[1] + ((p.a1 + q.a1) >> 1), bias[1] + ((p.b1 + q.b1) >> 1)};
        multiply_run(&upper, filters.upper, row0 + a, row0 + b, length);
        store_sums(&upper, accumulators + 2u * i, next, pixels);
        store_sums(&lower, accumulators + 2u * i + 1, next, pixels);
    }
    /* There is room for three rows of weights: g2 takes the place of one that is done with. */
    widen_filters(first + 2u * length, second + 2u * length, length, scratch);
    for (uint32_t i = 0; i < tile->columns; i += 2u) {
        uint32_t beside = i + 1u < tile->columns ? tile->column_stride : 0;
        uint32_t next = i + 1u < tile->columns ? 2u : 0;
        uint32_t a = i * tile->column_stride;
        int32_t *to = accumulators + 2u * i + 1;
        sums lower = {to[0], to[next], to[pixels], to[pixels + next]};
        multiply_run(&lower, scratch, row3 + a, row3 + a + beside, length);
        store_sums(&lower, to, next, pixels);
    }
}

/* Any tile. A pair of pixels is a column of two rows or, with one row, two neighbouring
 * columns. */
static void convolve_runs(const lsn_tile *tile, const lsn_operand *filters,
                          const int32_t bias[2], int32_t *to)
{
    uint32_t pixels = tile->rows * tile->columns;
    uint32_t length = tile->run_length;
    uint32_t beside = tile->rows == 2u ? tile->row_stride : tile->column_stride;
    uint32_t ahead = tile->column_stride * (tile->rows == 2u ? 1u : 2u);
    const lsn_operand *pixel = tile->operands;
    for (uint32_t i = 0; i < pixels; i += 2u) {
        uint32_t next = i + 1u < pixels ? 1u : 0u;
        const lsn_operand *a = pixel;
        const lsn_operand *b = pixel + (size_t)next * beside;
        const lsn_operand *weights = filters;
        sums sum = {bias[0], bias[0], bias[1], bias[1]};
        for (uint32_t run = tile->runs; run > 0; run--) {
            multiply_run(&sum, weights, a, b, length);
            weights += 2u * length;
            a += tile->run_stride;
            b += tile->run_stride;
        }
        store_sums(&sum, to, next, pixels);
        pixel += ahead;
        to += 2;
    }
}

/* Whether patches have three groups and follow one another, as those of one channel do with
 * nine or eleven weights. */
static inline int has_small_patches(const lsn_tile *tile)
{
    return tile->runs == 1u && tile->run_length == SMALL_PATCH &&
           tile->row_stride == SMALL_PATCH && tile->column_stride == tile->rows * SMALL_PATCH;
}

/* Patches of three groups: the weights of a filter stay in registers. */
static void convolve_small_patches(const lsn_operand *patch, uint32_t pixels,
                                   const int8_t *filter, int32_t bias, int32_t *to)
{
    const group w0 = widened(filter);
    const group w1 = widened(filter + LSN_GROUP);
    const group w2 = widened(filter + 2u * LSN_GROUP);
    const int32_t *end = to + pixels;
    while (to != end) {
        group x;
        LOAD_FOUR(x.even, x.odd, patch, GROUP_BYTES);
        int32_t sum = __smlad(x.odd, w0.odd, __smlad(x.even, w0.even, bias));
        LOAD_FOUR(x.even, x.odd, patch, GROUP_BYTES);
        sum = __smlad(x.odd, w1.odd, __smlad(x.even, w1.even, sum));
        LOAD_FOUR(x.even, x.odd, patch, GROUP_BYTES);
        *to = __smlad(x.odd, w2.odd, __smlad(x.even, w2.even, sum));
        to++;
    }
}

void lsn_convolve(const lsn_tile *tile, const int8_t *first, const int8_t *second,
                  const int32_t bias[2], lsn_operand *scratch, int32_t *accumulators)
{
    if (has_small_patches(tile)) {
        uint32_t pixels = tile->rows * tile->columns;
        convolve_small_patches(tile->operands, pixels, first, bias[0], accumulators);
        convolve_small_patches(tile->operands, pixels, second, bias[1], accumulators + pixels);
        return;
    }
    if (shares_rows(tile)) {
        convolve_shared_rows(tile, first, second, bias, scratch, accumulators);
        return;
    }
    widen_filters(first, second, tile->runs * tile->run_length, scratch);
    convolve_runs(tile, scratch, bias, accumulators);
}

#endif
