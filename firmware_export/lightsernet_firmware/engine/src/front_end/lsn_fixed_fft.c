/* SPDX-License-Identifier: Apache-2.0 */
/* Stockham's Fourier transform in integers: the passes of lsn_complex_fft.c.
 *
 * Nothing is scaled on the way but by the multiplication with the twiddle factors, which
 * halves the product: a pass of radix 8 with factors lets numbers grow by 4, one
 * without by 8. The input is so small that the last pass just does not overflow. As samples
 * have 16 bits, this leaves 6 bits below their last one at 512 points. */
#include "lsn_fixed_fft.h"

#include <stddef.h>

#include "lsn_fft_last_pass.h"
#include "lsn_fixed_math.h"
#include "lsn_front_end.h"

#if LSN_FIXED_POINT_FRONT_END

/* The outputs of a butterfly before they are multiplied. */
typedef struct outputs {
    int32_t r[8];
    int32_t i[8];
} outputs;

/* Its factors from the second on: cos and -sin. */
typedef struct factors {
    lsn_fraction c[7];
    lsn_fraction s[7];
} factors;

/* sqrt(1/2) x. */
static inline int32_t eighth_turn(int32_t x)
{
    static const lsn_fraction sqrt_half = {23170, 15565};
    return lsn_half_product(x * 2, sqrt_half);
}

/* Even outputs: a transform of four points, which are sums of points half a turn apart. */
static inline void even_outputs(const int32_t *restrict xr, const int32_t *restrict xi,
                                size_t step, outputs *y)
{
    int32_t a0r = xr[0] + xr[4u * step];
    int32_t a0i = xi[0] + xi[4u * step];
    int32_t a2r = xr[2u * step] + xr[6u * step];
    int32_t a2i = xi[2u * step] + xi[6u * step];
    int32_t b0r = a0r + a2r;
    int32_t b0i = a0i + a2i;
    int32_t b2r = a0r - a2r;
    int32_t b2i = a0i - a2i;
    int32_t a1r = xr[step] + xr[5u * step];
    int32_t a1i = xi[step] + xi[5u * step];
    int32_t a3r = xr[3u * step] + xr[7u * step];
    int32_t a3i = xi[3u * step] + xi[7u * step];
    int32_t b1r = a1r + a3r;
    int32_t b1i = a1i + a3i;
    int32_t b3r = a1r - a3r;
    int32_t b3i = a1i - a3i;
    y->r[0] = b0r + b1r;
    y->i[0] = b0i + b1i;
    y->r[4] = b0r - b1r;
    y->i[4] = b0i - b1i;
    y->r[2] = b2r + b3i;
    y->i[2] = b2i - b3r;
    y->r[6] = b2r - b3i;
    y->i[6] = b2i + b3r;
}

/* Odd outputs: the same of differences, rotated by up to three eighths of a turn. t7n is the
 * negated imaginary part of the rotated a7. */
static inline void odd_outputs(const int32_t *restrict xr, const int32_t *restrict xi,
                               size_t step, outputs *y)
{
    int32_t a5r = xr[step] - xr[5u * step];
    int32_t a5i = xi[step] - xi[5u * step];
    int32_t a7r = xr[3u * step] - xr[7u * step];
    int32_t a7i = xi[3u * step] - xi[7u * step];
    int32_t t5r = eighth_turn(a5r + a5i);
    int32_t t5i = eighth_turn(a5i - a5r);
    int32_t t7r = eighth_turn(a7i - a7r);
    int32_t t7n = eighth_turn(a7r + a7i);
    int32_t d1r = t5r + t7r;
    int32_t d1i = t5i - t7n;
    int32_t d3r = t5r - t7r;
    int32_t d3i = t5i + t7n;
    int32_t a4r = xr[0] - xr[4u * step];
    int32_t a4i = xi[0] - xi[4u * step];
    int32_t a6r = xr[2u * step] - xr[6u * step];
    int32_t a6i = xi[2u * step] - xi[6u * step];
    int32_t d0r = a4r + a6i;
    int32_t d0i = a4i - a6r;
    int32_t d2r = a4r - a6i;
    int32_t d2i = a4i + a6r;
    y->r[1] = d0r + d1r;
    y->i[1] = d0i + d1i;
    y->r[5] = d0r - d1r;
    y->i[5] = d0i - d1i;
    y->r[3] = d2r + d3i;
    y->i[3] = d2i - d3r;
    y->r[7] = d2r - d3i;
    y->i[7] = d2i + d3r;
}

/* The table holds `count` values of each factor, c1 s1 c2 s2 .. in order. */
static void load_factors(const uint32_t *table, size_t count, factors *w)
{
    for (size_t k = 0; k < 7u; k++) {
        w->c[k] = lsn_fraction_of(table[0], 0);
        w->s[k] = lsn_fraction_of(table[count], 0);
        table += 2u * count;
    }
}

/* One pass of radix 8. Butterflies whose factors are 1 are halved instead where the others of
 * the pass are multiplied. */
static void pass_of_8(const int32_t *xr, const int32_t *xi, int32_t *yr, int32_t *yi,
                      const uint32_t *table, size_t points, size_t stride)
{
    size_t eighth = points / 8u;
    uint32_t halving = eighth > stride;
    outputs y;
    factors w;
    for (size_t p = 0; p < eighth; p += stride) {
        if (p != 0) {
            load_factors(table + p, eighth, &w);
        }
        for (size_t q = p; q < p + stride; q++) {
            int32_t *out_r = yr + 7u * p + q;
            int32_t *out_i = yi + 7u * p + q;
            even_outputs(xr + q, xi + q, eighth, &y);
            odd_outputs(xr + q, xi + q, eighth, &y);
            *out_r = y.r[0] >> halving;
            *out_i = y.i[0] >> halving;
            for (size_t k = 1; k < 8u; k++) {
                int32_t r = y.r[k];
                int32_t i = y.i[k];
                out_r += stride;
                out_i += stride;
                if (p != 0) {
                    lsn_fraction cosine = w.c[k - 1u];
                    lsn_fraction sine = w.s[k - 1u];
                    *out_r = lsn_half_product(r, cosine) - lsn_half_product(i, sine);
                    /* What products lack adds up here, and would in some bins. */
                    *out_i = lsn_half_product(r, sine) + lsn_half_product(i, cosine) +
                             LSN_PRODUCTS_LACK;
                } else {
                    *out_r = r >> halving;
                    *out_i = i >> halving;
                }
            }
        }
    }
}

uint32_t lsn_fixed_fft_halvings(uint32_t points)
{
    uint32_t halvings = 0;
    for (uint32_t stride = 1; points / 8u > stride; stride *= 8u) {
        halvings++;
    }
    return halvings;
}

/* A complex number is larger than its parts by up to sqrt(2). And the factors of a senseless
 * table are larger than 1 by as much, so that of two halvings only one can be counted on. */
uint32_t lsn_fixed_fft_bits(uint32_t points)
{
    uint32_t growth = 31u - lsn_leading_zeros(points);
    return 30u - growth + lsn_fixed_fft_halvings(points) / 2u;
}

int lsn_fixed_fft(int32_t *real, int32_t *imag, int32_t *work_real, int32_t *work_imag,
                  const uint32_t *twiddles, uint32_t points)
{
    int32_t *reals[2] = {real, work_real};
    int32_t *imags[2] = {imag, work_imag};
    size_t stride = 1;
    int now = 0;
    for (; points / stride >= 8u; stride *= 8u) {
        pass_of_8(reals[now], imags[now], reals[1 - now], imags[1 - now], twiddles, points,
                  stride);
        now = 1 - now;
    }
    return lsn_fft_last_pass(reals, imags, now, points, stride);
}

#endif
