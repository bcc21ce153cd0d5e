/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution of a tile with Helium, the vector extension of Cortex-M55. VMLADAVA
 * multiplies sixteen pairs of int8 and adds all products to a register. Weights are read
 * from the blob directly. */
#include "lsn_convolve.h"

#if LSN_USE_MVE

#include <arm_mve.h>

#define LANES 16u

/* Copies for a constant number of pixels leave nothing of it to be tested. */
#define ALWAYS_INLINE inline __attribute__((always_inline))

void lsn_widen(const int8_t *from, uint32_t count, lsn_operand *to)
{
    /* Operands are int8: what overlaps is the same. */
    if (to == from) {
        return;
    }
    for (uint32_t vectors = count / LANES; vectors > 0; vectors--) {
        vst1q_s8(to, vld1q_s8(from));
        from += LANES;
        to += LANES;
    }
    if (count % LANES != 0) {
        mve_pred16_t lanes = vctp8q(count % LANES);
        vst1q_p_s8(to, vld1q_z_s8(from, lanes), lanes);
    }
}

void lsn_prepare_tile(const lsn_tile *tile, lsn_operand *operands)
{
    (void)tile;
    (void)operands;
}

/* Weights of two filters. */
typedef struct filters {
    const int8_t *first;
    const int8_t *second;
} filters;

/* Sums of products of up to three pixels with the first filter, then with the second. */
typedef struct sums {
    int32_t a0, b0, c0, a1, b1, c1;
} sums;

/* Where the next products are read from. */
typedef struct pointers {
    const int8_t *a;
    const int8_t *b;
    const int8_t *c;
    const int8_t *w0;
    const int8_t *w1;
} pointers;

/* Add `vectors` vectors of products, 1 or more, of three pixels and two filters: five loads
 * and six VMLADAVA, whose sums are in even registers. Compilers copy the pointers for each
 * run of a patch, and run out of registers. */
static inline void multiply_three(pointers *at, sums *sum, uint32_t vectors)
{
    register uint32_t left __asm__("lr") = vectors;
    __asm__("dls lr, lr\n"
            "1:\n\t"
            "vldrb.8 q0, [%[a]], #16\n\t"
            "vldrb.8 q3, [%[w0]], #16\n\t"
            "vmladava.s8 %[a0], q0, q3\n\t"
            "vldrb.8 q1, [%[b]], #16\n\t"
            "vmladava.s8 %[b0], q1, q3\n\t"
            "vldrb.8 q2, [%[c]], #16\n\t"
            "vmladava.s8 %[c0], q2, q3\n\t"
            "vldrb.8 q3, [%[w1]], #16\n\t"
            "vmladava.s8 %[a1], q0, q3\n\t"
            "vmladava.s8 %[b1], q1, q3\n\t"
            "vmladava.s8 %[c1], q2, q3\n\t"
            "le lr, 1b"
            : "+r"(left), [a] "+r"(at->a), [b] "+r"(at->b), [c] "+r"(at->c), [w0] "+r"(at->w0),
              [w1] "+r"(at->w1), [a0] "+Te"(sum->a0), [b0] "+Te"(sum->b0), [c0] "+Te"(sum->c0),
              [a1] "+Te"(sum->a1), [b1] "+Te"(sum->b1), [c1] "+Te"(sum->c1)
            :
            : "q0", "q1", "q2", "q3", "cc", "memory");
}

/* The same of two pixels. */
static inline void multiply_two(pointers *at, sums *sum, uint32_t vectors)
{
    register uint32_t left __asm__("lr") = vectors;
    __asm__("dls lr, lr\n"
            "1:\n\t"
            "vldrb.8 q0, [%[a]], #16\n\t"
            "vldrb.8 q3, [%[w0]], #16\n\t"
            "vmladava.s8 %[a0], q0, q3\n\t"
            "vldrb.8 q1, [%[b]], #16\n\t"
            "vmladava.s8 %[b0], q1, q3\n\t"
            "vldrb.8 q3, [%[w1]], #16\n\t"
            "vmladava.s8 %[a1], q0, q3\n\t"
            "vmladava.s8 %[b1], q1, q3\n\t"
            "le lr, 1b"
            : "+r"(left), [a] "+r"(at->a), [b] "+r"(at->b), [w0] "+r"(at->w0), [w1] "+r"(at->w1),
              [a0] "+Te"(sum->a0), [b0] "+Te"(sum->b0), [a1] "+Te"(sum->a1),
              [b1] "+Te"(sum->b1)
            :
            : "q0", "q1", "q3", "cc", "memory");
}

/* Add the products of the lanes that a run has behind its last whole vector. */
static inline void multiply_rest(pointers *at, sums *sum, uint32_t rest)
{
    mve_pred16_t lanes = vctp8q(rest);
    int8x16_t av = vld1q_z_s8(at->a, lanes);
    int8x16_t bv = vld1q_z_s8(at->b, lanes);
    int8x16_t cv = vld1q_z_s8(at->c, lanes);
    int8x16_t wv = vld1q_z_s8(at->w0, lanes);
    sum->a0 = vmladavaq_s8(sum->a0, av, wv);
    sum->b0 = vmladavaq_s8(sum->b0, bv, wv);
    sum->c0 = vmladavaq_s8(sum->c0, cv, wv);
    wv = vld1q_z_s8(at->w1, lanes);
    sum->a1 = vmladavaq_s8(sum->a1, av, wv);
    sum->b1 = vmladavaq_s8(sum->b1, bv, wv);
    sum->c1 = vmladavaq_s8(sum->c1, cv, wv);
    at->w0 += rest;
    at->w1 += rest;
}

/* Offset of pixel i: pixels are numbered down a column first. */
static inline uint32_t offset_of(const lsn_tile *tile, uint32_t i)
{
    if (tile->rows == 2u) {
        return i / 2u * tile->column_stride + i % 2u * tile->row_stride;
    }
    return i * tile->column_stride;
}

/* Convolve pixels i .. i + n - 1 with two filters. n is a constant: 3 or 2; with 2, an odd
 * last pixel is its own partner. */
static ALWAYS_INLINE void convolve_pixels(const lsn_tile *tile, uint32_t i, uint32_t n,
                                          const filters *with, const int32_t bias[2],
                                          int32_t *first, uint32_t pixels)
{
    uint32_t last = pixels - 1u;
    uint32_t vectors = tile->run_length / LANES;
    uint32_t rest = tile->run_length % LANES;
    uint32_t j = lsn_min(i + 1u, last);
    const int8_t *a = tile->operands + offset_of(tile, i);
    const int8_t *b = tile->operands + offset_of(tile, j);
    const int8_t *c = n == 3u ? tile->operands + offset_of(tile, i + 2u) : b;
    int32_t *second = first + pixels;
    pointers at;
    sums sum;
    at.w0 = with->first;
    at.w1 = with->second;
    sum.a0 = sum.b0 = sum.c0 = bias[0];
    sum.a1 = sum.b1 = sum.c1 = bias[1];
    for (uint32_t run = tile->runs; run > 0; run--) {
        at.a = a;
        at.b = b;
        at.c = c;
        if (vectors != 0) {
            if (n == 3u) {
                multiply_three(&at, &sum, vectors);
            } else {
                multiply_two(&at, &sum, vectors);
                at.c = at.b;
            }
        }
        if (rest != 0) {
            multiply_rest(&at, &sum, rest);
        }
        a += tile->run_stride;
        b += tile->run_stride;
        c += tile->run_stride;
    }
    first[j] = sum.b0;
    second[j] = sum.b1;
    first[i] = sum.a0;
    second[i] = sum.a1;
    if (n == 3u) {
        first[i + 2u] = sum.c0;
        second[i + 2u] = sum.c1;
    }
}

/* Patches of at most one vector: the weights stay in registers. A load may read past a
 * patch; the weights there are zero. */
static void convolve_patches(const lsn_tile *tile, const filters *with,
                             const int32_t bias[2], int32_t *first)
{
    uint32_t pixels = tile->rows * tile->columns;
    uint32_t beside = tile->rows == 2u ? tile->row_stride : tile->column_stride;
    int32_t *second = first + pixels;
    mve_pred16_t lanes = vctp8q(tile->run_length);
    int8x16_t w0 = vld1q_z_s8(with->first, lanes);
    int8x16_t w1 = vld1q_z_s8(with->second, lanes);
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

void lsn_convolve(const lsn_tile *tile, const int8_t *first, const int8_t *second,
                  const int32_t bias[2], lsn_operand *scratch, int32_t *accumulators)
{
    const filters with = {first, second};
    uint32_t pixels = tile->rows * tile->columns;
    uint32_t i = 0;
    (void)scratch;
    if (tile->runs == 1u && tile->row_stride == tile->run_length &&
        tile->column_stride == tile->rows * tile->run_length && tile->run_length <= LANES) {
        convolve_patches(tile, &with, bias, accumulators);
        return;
    }
    while (pixels - i >= 3u && pixels - i != 4u) {
        convolve_pixels(tile, i, 3, &with, bias, accumulators, pixels);
        i += 3u;
    }
    for (; i < pixels; i += 2u) {
        convolve_pixels(tile, i, 2, &with, bias, accumulators, pixels);
    }
}

#endif
