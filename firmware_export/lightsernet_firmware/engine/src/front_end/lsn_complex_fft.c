/* SPDX-License-Identifier: Apache-2.0 */
/* Stockham's Fourier transform. Every pass reads one pair of arrays and writes the other
 * in the order that the next pass reads: nothing is permuted, and the inner loop runs over
 * neighbours. All passes have radix 8, except a last one of radix 4 or 2 where the number
 * of points is no power of 8. */
#include "lsn_complex_fft.h"

#include <stddef.h>

#include "lsn_blob.h"
#include "lsn_fft_last_pass.h"
#include "lsn_front_end.h"
#include "lsn_vectorize.h"

#if !LSN_FIXED_POINT_FRONT_END

#define SQRT_HALF 0.70710678f

/* Twiddle factors of a butterfly: with its angle a, cos and -sin of a, 2 a .. 7 a. */
typedef struct factors {
    float c1, s1, c2, s2, c3, s3, c4, s4, c5, s5, c6, s6, c7, s7;
} factors;

/* Store a number, multiplied by its factor if it turns. */
static LSN_SPECIALIZED void put(float *restrict yr, float *restrict yi, size_t at, float r,
                                float i, float c, float s, int turns)
{
    yr[at] = turns ? r * c - i * s : r;
    yi[at] = turns ? r * s + i * c : i;
}

/* Transform eight points, `step` apart, and multiply each output by its factor; all factors
 * are 1 where nothing turns. */
static LSN_SPECIALIZED void butterfly(const float *restrict xr, const float *restrict xi,
                                      size_t step, float *restrict yr, float *restrict yi,
                                      size_t out_step, const factors *restrict w, int turns)
{
    float a0r = xr[0] + xr[4u * step];
    float a4r = xr[0] - xr[4u * step];
    float a0i = xi[0] + xi[4u * step];
    float a4i = xi[0] - xi[4u * step];
    float a1r = xr[step] + xr[5u * step];
    float a5r = xr[step] - xr[5u * step];
    float a1i = xi[step] + xi[5u * step];
    float a5i = xi[step] - xi[5u * step];
    float a2r = xr[2u * step] + xr[6u * step];
    float a6r = xr[2u * step] - xr[6u * step];
    float a2i = xi[2u * step] + xi[6u * step];
    float a6i = xi[2u * step] - xi[6u * step];
    float a3r = xr[3u * step] + xr[7u * step];
    float a7r = xr[3u * step] - xr[7u * step];
    float a3i = xi[3u * step] + xi[7u * step];
    float a7i = xi[3u * step] - xi[7u * step];
    /* Even outputs: a transform of four points. */
    float b0r = a0r + a2r;
    float b0i = a0i + a2i;
    float b1r = a1r + a3r;
    float b1i = a1i + a3i;
    float b2r = a0r - a2r;
    float b2i = a0i - a2i;
    float b3r = a1r - a3r;
    float b3i = a1i - a3i;
    float y2r = b2r + b3i;
    float y2i = b2i - b3r;
    float y4r = b0r - b1r;
    float y4i = b0i - b1i;
    float y6r = b2r - b3i;
    float y6i = b2i + b3r;
    /* Odd outputs: the same of points rotated by up to three eighths of a turn. t7n is
     * the negated imaginary part of the rotated a7. */
    float t5r = SQRT_HALF * (a5r + a5i);
    float t5i = SQRT_HALF * (a5i - a5r);
    float t7r = SQRT_HALF * (a7i - a7r);
    float t7n = SQRT_HALF * (a7r + a7i);
    float d0r = a4r + a6i;
    float d0i = a4i - a6r;
    float d1r = t5r + t7r;
    float d1i = t5i - t7n;
    float d2r = a4r - a6i;
    float d2i = a4i + a6r;
    float d3r = t5r - t7r;
    float d3i = t5i + t7n;
    float y1r = d0r + d1r;
    float y1i = d0i + d1i;
    float y3r = d2r + d3i;
    float y3i = d2i - d3r;
    float y5r = d0r - d1r;
    float y5i = d0i - d1i;
    float y7r = d2r - d3i;
    float y7i = d2i + d3r;
    yr[0] = b0r + b1r;
    yi[0] = b0i + b1i;
    put(yr, yi, out_step, y1r, y1i, w->c1, w->s1, turns);
    put(yr, yi, 2u * out_step, y2r, y2i, w->c2, w->s2, turns);
    put(yr, yi, 3u * out_step, y3r, y3i, w->c3, w->s3, turns);
    put(yr, yi, 4u * out_step, y4r, y4i, w->c4, w->s4, turns);
    put(yr, yi, 5u * out_step, y5r, y5i, w->c5, w->s5, turns);
    put(yr, yi, 6u * out_step, y6r, y6i, w->c6, w->s6, turns);
    put(yr, yi, 7u * out_step, y7r, y7i, w->c7, w->s7, turns);
}

/* The table holds `count` values of each factor, c1 s1 c2 s2 .. in order. */
static LSN_SPECIALIZED factors factors_at(const uint32_t *table, size_t count, size_t index)
{
    factors w;
    w.c1 = lsn_float(table + index);
    w.s1 = lsn_float(table + count + index);
    w.c2 = lsn_float(table + 2u * count + index);
    w.s2 = lsn_float(table + 3u * count + index);
    w.c3 = lsn_float(table + 4u * count + index);
    w.s3 = lsn_float(table + 5u * count + index);
    w.c4 = lsn_float(table + 6u * count + index);
    w.s4 = lsn_float(table + 7u * count + index);
    w.c5 = lsn_float(table + 8u * count + index);
    w.s5 = lsn_float(table + 9u * count + index);
    w.c6 = lsn_float(table + 10u * count + index);
    w.s6 = lsn_float(table + 11u * count + index);
    w.c7 = lsn_float(table + 12u * count + index);
    w.s7 = lsn_float(table + 13u * count + index);
    return w;
}

/* The first pass: neighbouring butterflies have neighbouring factors. */
static LSN_SPECIALIZED void first_pass(const float *restrict xr, const float *restrict xi,
                                       float *restrict yr, float *restrict yi,
                                       const uint32_t *table, size_t points)
{
    size_t eighth = points / 8u;
    LSN_INDEPENDENT
    for (size_t p = 0; p < eighth; p++) {
        factors w = factors_at(table, eighth, p);
        butterfly(xr + p, xi + p, eighth, yr + 8u * p, yi + 8u * p, 1, &w, 1);
    }
}

/* Butterflies of a later pass, from point p on: `stride` interleaved transforms share the
 * same factors. */
static LSN_SPECIALIZED void interleaved(const float *restrict xr, const float *restrict xi,
                                        float *restrict yr, float *restrict yi,
                                        const uint32_t *table, size_t points, size_t stride,
                                        size_t p, int turns)
{
    size_t eighth = points / 8u;
    factors w = factors_at(table, eighth, p);
    LSN_INDEPENDENT
    for (size_t q = 0; q < stride; q++) {
        butterfly(xr + p + q, xi + p + q, eighth, yr + 8u * p + q, yi + 8u * p + q, stride, &w,
                  turns);
    }
}

/* A later pass. The factors of its first butterflies are 1. */
static LSN_SPECIALIZED void later_pass(const float *restrict xr, const float *restrict xi,
                                       float *restrict yr, float *restrict yi,
                                       const uint32_t *table, size_t points, size_t stride)
{
    size_t p = 0;
    if (LSN_SPECIALIZES) {
        interleaved(xr, xi, yr, yi, table, points, stride, p, 0);
        p = stride;
    }
    for (; p < points / 8u; p += stride) {
        interleaved(xr, xi, yr, yi, table, points, stride, p, 1);
    }
}

int lsn_complex_fft(float *real, float *imag, float *work_real, float *work_imag,
                    const uint32_t *twiddles, uint32_t points)
{
    float *reals[2] = {real, work_real};
    float *imags[2] = {imag, work_imag};
    size_t stride = 8;
    int now = 1;
    /* The transform of all recipes: 1024 samples. */
    if (LSN_SPECIALIZES && points == 512u) {
        first_pass(real, imag, work_real, work_imag, twiddles, 512);
        later_pass(work_real, work_imag, real, imag, twiddles, 512, 8);
        later_pass(real, imag, work_real, work_imag, twiddles, 512, 64);
        return 1;
    }
    first_pass(real, imag, work_real, work_imag, twiddles, points);
    for (; points / stride >= 8u; stride *= 8u) {
        later_pass(reals[now], imags[now], reals[1 - now], imags[1 - now], twiddles, points,
                   stride);
        now = 1 - now;
    }
    return lsn_fft_last_pass(reals, imags, now, points, stride);
}

#endif
