/* Convolution of a tile with the DSP instructions of Cortex-M4, M7 and M33:
 * SMLAD multiplies two pairs of int16 and adds both products.
 *
 * SXTB16 widens bytes 0 and 2 of a word, or 1 and 3. Operands and weights are
 * both kept in that order, 0 2 1 3 in every group of four: a sum of products
 * does not mind. The weights of the two filters alternate, group by group, so
 * that one pointer walks along both.
 */
#include "lsn_kernels.h"

#if LSN_USE_DSP

#include <arm_acle.h>

/* Four operands at once. The compiler has no way of its own to say "two words,
 * and move on": it takes three instructions instead of one. */
#define LOAD_FOUR(low, high, pointer)                                                           \
    __asm__("ldrd %0, %1, [%2], #8"                                                             \
            : "=&r"(low), "=&r"(high), "+r"(pointer)                                            \
            : "m"(*(const int16_t(*)[4])(pointer)))

static void widen_group(const int8_t *from, lsn_operand *to)
{
    uint32_t word;
    memcpy(&word, from, sizeof word);
    int32_t even = __sxtb16((int32_t)word);
    int32_t odd = __sxtb16((int32_t)(word >> 8 | word << 24));
    memcpy(to, &even, sizeof even);
    memcpy(to + 2, &odd, sizeof odd);
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

const void *lsn_prepare_weights(const int8_t *first, const int8_t *second, uint32_t length,
                                lsn_operand *scratch)
{
    lsn_operand *to = scratch;
    for (uint32_t i = 0; i < length; i += LSN_GROUP) {
        widen_group(first + i, to);
        widen_group(second + i, to + LSN_GROUP);
        to += 2u * LSN_GROUP;
    }
    return scratch;
}

/* Four more products for two pixels and two filters: 4 loads, 8 SMLAD. */
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

static void convolve_pair(const lsn_tile *tile, const lsn_operand *pixel0,
                          const lsn_operand *pixel1, const lsn_operand *weights,
                          int32_t *accumulators, uint32_t pixels, uint32_t next,
                          const int32_t bias[2])
{
    int32_t s00 = bias[0];
    int32_t s10 = s00;
    int32_t s01 = bias[1];
    int32_t s11 = s01;
    for (uint32_t run = 0; run < tile->runs; run++) {
        const lsn_operand *a = pixel0;
        const lsn_operand *b = pixel1;
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
        pixel0 += tile->run_stride;
        pixel1 += tile->run_stride;
    }
    accumulators[next] = s10;
    accumulators[pixels + next] = s11;
    accumulators[0] = s00;
    accumulators[pixels] = s01;
}

void lsn_convolve(const lsn_tile *tile, const void *weights, const int32_t bias[2],
                  int32_t *accumulators)
{
    uint32_t pixels = tile->rows * tile->columns;
    /* Two rows: the pixels of a column are a pair. One row: two columns are. */
    uint32_t beside = tile->rows == 2u ? tile->row_stride : tile->column_stride;
    uint32_t ahead = tile->column_stride * (tile->rows == 2u ? 1u : 2u);
    const lsn_operand *pixel = tile->operands;
    for (uint32_t i = 0; i < pixels; i += 2u) {
        /* The last of an odd number is computed twice. */
        uint32_t next = i + 1u < pixels ? 1u : 0u;
        convolve_pair(tile, pixel, pixel + (size_t)next * beside, weights, accumulators + i,
                      pixels, next, bias);
        pixel += ahead;
    }
}

#endif
