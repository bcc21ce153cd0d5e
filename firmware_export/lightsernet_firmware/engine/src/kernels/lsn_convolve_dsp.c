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

/* Combine the rows of a filter into every other group of three rows: g0 + g1 + g2,
 * g0 - g1 + g2 and g0. */
static void combine_filter(const int8_t *filter, uint32_t length, lsn_operand *to)
{
    const int8_t *end = filter + length;
    lsn_operand *to_sum = to;
    lsn_operand *to_difference = to_sum + 2u * length;
    lsn_operand *to_first = to_difference + 2u * length;
    while (filter != end) {
        group g0 = widened(filter);
        group g1 = widened(filter + length);
        group outer = add(g0, widened(filter + 2u * length));
        group sum = add(outer, g1);
        group difference = subtract(outer, g1);
        STORE_FOUR(sum.even, sum.odd, to_sum, 2u * GROUP_BYTES);
        STORE_FOUR(difference.even, difference.odd, to_difference, 2u * GROUP_BYTES);
        STORE_FOUR(g0.even, g0.odd, to_first, 2u * GROUP_BYTES);
        filter += LSN_GROUP;
    }
}

/* Sums of products of two pixels, a and b, with the first filter, then with the second. */
typedef struct sums {
    int32_t a0, b0, a1, b1;
} sums;

/* Add four products for each of two pixels and two filters: 4 loads, 8 SMLAD. */
#define MULTIPLY_GROUP()                                                                        \
    do {                                                                                        \
        int32_t a02, a13, b02, b13, w02, w13;                                                   \
        LOAD_FOUR(w02, w13, weights, GROUP_BYTES);                                              \
        LOAD_FOUR(a02, a13, a, GROUP_BYTES);                                                    \
        LOAD_FOUR(b02, b13, b, GROUP_BYTES);                                                    \
        s.a0 = __smlad(a02, w02, s.a0);                                                         \
        s.b0 = __smlad(b02, w02, s.b0);                                                         \
        s.a0 = __smlad(a13, w13, s.a0);                                                         \
        s.b0 = __smlad(b13, w13, s.b0);                                                         \
        LOAD_FOUR(w02, w13, weights, GROUP_BYTES);                                              \
        s.a1 = __smlad(a02, w02, s.a1);                                                         \
        s.b1 = __smlad(b02, w02, s.b1);                                                         \
        s.a1 = __smlad(a13, w13, s.a1);                                                         \
        s.b1 = __smlad(b13, w13, s.b1);                                                         \
    } while (0)

/* Add the products of one run. */
static inline sums multiply_run(sums s, const lsn_operand *weights, const lsn_operand *a,
                                const lsn_operand *b, uint32_t length)
{
    const lsn_operand *end = a + length;
    const lsn_operand *unrolled = end - length % (4u * LSN_GROUP);
    while (a != unrolled) {
        MULTIPLY_GROUP();
        MULTIPLY_GROUP();
        MULTIPLY_GROUP();
        MULTIPLY_GROUP();
    }
    while (a != end) {
        MULTIPLY_GROUP();
    }
    return s;
}

/* Pixel b is `next` accumulators behind a, the second filter `pixels` behind the first. An
 * odd last pixel is its own partner: `next` is 0. */
static inline void store_sums(sums s, int32_t *to, uint32_t next, uint32_t pixels)
{
    to[next] = s.b0;
    to[pixels + next] = s.b1;
    to[0] = s.a0;
    to[pixels] = s.a1;
}

static void convolve_shared_rows(const lsn_tile *tile, const int8_t *first, const int8_t *second,
                                 const int32_t bias[2], lsn_operand *scratch,
                                 int32_t *accumulators)
{
    uint32_t length = tile->run_length;
    uint32_t stride = tile->row_stride;
    uint32_t pixels = 2u * tile->columns;
    int32_t bias0 = bias[0];
    int32_t bias1 = bias[1];
    const lsn_operand *a = tile->operands;
    int32_t *to = accumulators;
    combine_filter(first, length, scratch);
    combine_filter(second, length, scratch + LSN_GROUP);
    for (uint32_t i = 0; i < tile->columns; i += 2u) {
        /* a and b are neighbours in a row, and so two accumulators apart. */
        uint32_t next = i + 1u < tile->columns ? 1u : 0u;
        const lsn_operand *b = a + (size_t)next * tile->column_stride;
        const sums zero = {0, 0, 0, 0};
        sums p = multiply_run(zero, scratch, a + stride, b + stride, length);
        sums q = multiply_run(zero, scratch + 2u * length, a + 2u * stride, b + 2u * stride,
                              length);
        const sums lower = {bias0 + ((p.a0 - q.a0) >> 1), bias0 + ((p.b0 - q.b0) >> 1),
                            bias1 + ((p.a1 - q.a1) >> 1), bias1 + ((p.b1 - q.b1) >> 1)};
        const sums upper = {bias0 + ((p.a0 + q.a0) >> 1), bias0 + ((p.b0 + q.b0) >> 1),
                            bias1 + ((p.a1 + q.a1) >> 1), bias1 + ((p.b1 + q.b1) >> 1)};
        store_sums(lower, to + 1, 2u * next, pixels);
        store_sums(multiply_run(upper, scratch + 4u * length, a, b, length), to, 2u * next, pixels);
        a += 2u * tile->column_stride;
        to += 4;
    }
    /* g2 takes the place of the others: there is room for three rows. */
    widen_filters(first + 2u * length, second + 2u * length, length, scratch);
    a = tile->operands + 3u * (size_t)stride;
    to = accumulators + 1;
    for (uint32_t i = 0; i < tile->columns; i += 2u) {
        uint32_t next = i + 1u < tile->columns ? 1u : 0u;
        const sums lower = {to[0], to[2u * next], to[pixels], to[pixels + 2u * next]};
        store_sums(multiply_run(lower, scratch, a, a + (size_t)next * tile->column_stride, length),
                   to, 2u * next, pixels);
        a += 2u * tile->column_stride;
        to += 4;
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
        sums s = {bias[0], bias[0], bias[1], bias[1]};
        for (uint32_t run = tile->runs; run > 0; run--) {
            s = multiply_run(s, weights, a, b, length);
            weights += 2u * length;
            a += tile->run_stride;
            b += tile->run_stride;
        }
        store_sums(s, to, next, pixels);
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
