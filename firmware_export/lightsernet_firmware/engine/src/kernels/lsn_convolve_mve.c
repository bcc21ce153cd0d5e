/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution of a tile with Helium, the vector extension of Cortex-M55. VMLADAV multiplies
 * sixteen pairs of int8 and sums all products up, VMLADAVA adds them to a register. Weights
 * are read from the blob directly. */
#include "lsn_convolve.h"

#if LSN_USE_MVE

#include <arm_mve.h>

#include "lsn_always_inline.h"

#define LANES 16u

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

/* Add the products of a run of three pixels and two filters: five loads and six VMLADAVA,
 * whose sums are in even registers, for sixteen lanes. LETP masks the lanes behind the end
 * of the run; the pointers move on by whole vectors. Compilers copy the pointers for each run
 * of a patch, and run out of registers. */
static inline void multiply_three(pointers *at, sums *sum, uint32_t length)
{
    register uint32_t left __asm__("lr") = length;
    __asm__("dlstp.8 lr, lr\n"
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
            "letp lr, 1b"
            : "+r"(left), [a] "+r"(at->a), [b] "+r"(at->b), [c] "+r"(at->c), [w0] "+r"(at->w0),
              [w1] "+r"(at->w1), [a0] "+Te"(sum->a0), [b0] "+Te"(sum->b0), [c0] "+Te"(sum->c0),
              [a1] "+Te"(sum->a1), [b1] "+Te"(sum->b1), [c1] "+Te"(sum->c1)
            :
            : "q0", "q1", "q2", "q3", "cc", "memory");
}

/* The same of two pixels. */
static inline void multiply_two(pointers *at, sums *sum, uint32_t length)
{
    register uint32_t left __asm__("lr") = length;
    __asm__("dlstp.8 lr, lr\n"
            "1:\n\t"
            "vldrb.8 q0, [%[a]], #16\n\t"
            "vldrb.8 q3, [%[w0]], #16\n\t"
            "vmladava.s8 %[a0], q0, q3\n\t"
            "vldrb.8 q1, [%[b]], #16\n\t"
            "vmladava.s8 %[b0], q1, q3\n\t"
            "vldrb.8 q3, [%[w1]], #16\n\t"
            "vmladava.s8 %[a1], q0, q3\n\t"
            "vmladava.s8 %[b1], q1, q3\n\t"
            "letp lr, 1b"
            : "+r"(left), [a] "+r"(at->a), [b] "+r"(at->b), [w0] "+r"(at->w0), [w1] "+r"(at->w1),
              [a0] "+Te"(sum->a0), [b0] "+Te"(sum->b0), [a1] "+Te"(sum->a1),
              [b1] "+Te"(sum->b1)
            :
            : "q0", "q1", "q3", "cc", "memory");
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
static LSN_ALWAYS_INLINE void convolve_pixels(const lsn_tile *tile, uint32_t i, uint32_t n,
                                          const int8_t *filters[2], const int32_t bias[2],
                                          int32_t *first, uint32_t pixels)
{
    uint32_t length = tile->run_length;
    /* From where a run was read up to, to the next: back to its end, and on. */
    int32_t back = (int32_t)length - (int32_t)lsn_round_up(length, LANES);
    int32_t on = back + (int32_t)tile->run_stride - (int32_t)length;
    uint32_t j = lsn_min(i + 1u, pixels - 1u);
    int32_t *second = first + pixels;
    pointers at;
    sums sum;
    at.a = tile->operands + offset_of(tile, i);
    at.b = tile->operands + offset_of(tile, j);
    at.c = n == 3u ? tile->operands + offset_of(tile, i + 2u) : at.b;
    at.w0 = filters[0];
    at.w1 = filters[1];
    sum.a0 = sum.b0 = sum.c0 = bias[0];
    sum.a1 = sum.b1 = sum.c1 = bias[1];
    for (uint32_t run = tile->runs; run > 0; run--) {
        if (n == 3u) {
            multiply_three(&at, &sum, length);
        } else {
            multiply_two(&at, &sum, length);
        }
        at.a += on;
        at.b += on;
        at.c += on;
        at.w0 += back;
        at.w1 += back;
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

/* A vector of four integers. Compilers take one instruction for each lane. */
static inline int32x4_t four(int32_t a, int32_t b, int32_t c, int32_t d)
{
    int32x4_t lanes;
    __asm__("vmov %q0[2], %q0[0], %1, %3\n\t"
            "vmov %q0[3], %q0[1], %2, %4"
            : "=&w"(lanes)
            : "r"(a), "r"(b), "r"(c), "r"(d));
    return lanes;
}

/* Patches of at most one vector, one after another: the weights stay in registers, of which
 * the caller would leave too few. A load may read past a patch, where the weights are zero. */
static __attribute__((noinline)) void convolve_patches(const lsn_tile *tile,
                                                       const int8_t *filters[2],
                                                       const int32_t bias[2], int32_t *first)
{
    uint32_t pixels = tile->rows * tile->columns;
    uint32_t length = tile->run_length;
    int32_t *second = first + pixels;
    mve_pred16_t lanes = vctp8q(length);
    int8x16_t w0 = vld1q_z_s8(filters[0], lanes);
    int8x16_t w1 = vld1q_z_s8(filters[1], lanes);
    const int8_t *patch = tile->operands;
    int32_t bias0 = bias[0];
    int32_t bias1 = bias[1];
    for (uint32_t fours = pixels / 4u; fours > 0; fours--) {
        int8x16_t a = vld1q_s8(patch);
        patch += length;
        int8x16_t b = vld1q_s8(patch);
        patch += length;
        int8x16_t c = vld1q_s8(patch);
        patch += length;
        int8x16_t d = vld1q_s8(patch);
        patch += length;
        int32x4_t sums0 = four(vmladavq_s8(a, w0), vmladavq_s8(b, w0), vmladavq_s8(c, w0),
                               vmladavq_s8(d, w0));
        int32x4_t sums1 = four(vmladavq_s8(a, w1), vmladavq_s8(b, w1), vmladavq_s8(c, w1),
                               vmladavq_s8(d, w1));
        vst1q_s32(first, vaddq_n_s32(sums0, bias0));
        vst1q_s32(second, vaddq_n_s32(sums1, bias1));
        first += 4;
        second += 4;
    }
    for (uint32_t left = pixels % 4u; left > 0; left--) {
        int8x16_t a = vld1q_s8(patch);
        *first++ = vmladavaq_s8(bias0, a, w0);
        *second++ = vmladavaq_s8(bias1, a, w1);
        patch += length;
    }
}

void lsn_convolve(const lsn_tile *tile, const int8_t *first, const int8_t *second,
                  const int32_t bias[2], lsn_operand *scratch, int32_t *accumulators)
{
    const int8_t *filters[2] = {first, second};
    uint32_t pixels = tile->rows * tile->columns;
    uint32_t i = 0;
    (void)scratch;
    if (tile->runs == 1u && tile->row_stride == tile->run_length &&
        tile->column_stride == tile->rows * tile->run_length && tile->run_length <= LANES) {
        convolve_patches(tile, filters, bias, accumulators);
        return;
    }
    while (pixels - i >= 3u && pixels - i != 4u) {
        convolve_pixels(tile, i, 3, filters, bias, accumulators, pixels);
        i += 3u;
    }
    for (; i < pixels; i += 2u) {
        convolve_pixels(tile, i, 2, filters, bias, accumulators, pixels);
    }
}

#endif
