/* Fourier transform after Stockham: every pass reads one pair of arrays and
 * writes the other in the order the next wants, so nothing is permuted and the
 * inner loop runs over neighbours. Passes of radix 4, a last one of radix 2 if
 * the number of points asks for it. */
#include "lsn_front_end.h"

typedef struct complex_arrays {
    float *restrict real;
    float *restrict imag;
} complex_arrays;

/* Butterflies of one group: the four quarters of a transform of `quarter` * 4
 * points, `stride` interleaved transforms at a time. */
static void radix4(const complex_arrays from, const complex_arrays to, uint32_t quarter,
                   uint32_t stride, const uint32_t *twiddles, uint32_t twiddle_step)
{
    for (uint32_t p = 0; p < quarter; p++) {
        const uint32_t *w = twiddles + (size_t)2u * twiddle_step * p;
        const float c1 = lsn_float(w);
        const float s1 = lsn_float(w + 1);
        const float c2 = lsn_float(twiddles + (size_t)4u * twiddle_step * p);
        const float s2 = lsn_float(twiddles + (size_t)4u * twiddle_step * p + 1);
        const float c3 = lsn_float(twiddles + (size_t)6u * twiddle_step * p);
        const float s3 = lsn_float(twiddles + (size_t)6u * twiddle_step * p + 1);
        const float *restrict ar = from.real + (size_t)stride * p;
        const float *restrict ai = from.imag + (size_t)stride * p;
        const size_t step = (size_t)stride * quarter;
        float *restrict yr = to.real + (size_t)4u * stride * p;
        float *restrict yi = to.imag + (size_t)4u * stride * p;
        for (uint32_t q = 0; q < stride; q++) {
            float sum_r = ar[q] + ar[q + 2u * step];
            float sum_i = ai[q] + ai[q + 2u * step];
            float dif_r = ar[q] - ar[q + 2u * step];
            float dif_i = ai[q] - ai[q + 2u * step];
            float odd_r = ar[q + step] + ar[q + 3u * step];
            float odd_i = ai[q + step] + ai[q + 3u * step];
            /* -j times the difference of the odd quarters */
            float rot_r = ai[q + step] - ai[q + 3u * step];
            float rot_i = ar[q + 3u * step] - ar[q + step];
            float r;
            float i;
            yr[q] = sum_r + odd_r;
            yi[q] = sum_i + odd_i;
            r = dif_r + rot_r;
            i = dif_i + rot_i;
            yr[q + stride] = r * c1 - i * s1;
            yi[q + stride] = r * s1 + i * c1;
            r = sum_r - odd_r;
            i = sum_i - odd_i;
            yr[q + 2u * stride] = r * c2 - i * s2;
            yi[q + 2u * stride] = r * s2 + i * c2;
            r = dif_r - rot_r;
            i = dif_i - rot_i;
            yr[q + 3u * stride] = r * c3 - i * s3;
            yi[q + 3u * stride] = r * s3 + i * c3;
        }
    }
}

static void radix2(const complex_arrays from, const complex_arrays to, uint32_t stride)
{
    for (uint32_t q = 0; q < stride; q++) {
        to.real[q] = from.real[q] + from.real[q + stride];
        to.imag[q] = from.imag[q] + from.imag[q + stride];
        to.real[q + stride] = from.real[q] - from.real[q + stride];
        to.imag[q + stride] = from.imag[q] - from.imag[q + stride];
    }
}

int lsn_complex_fft(float *real, float *imag, float *work_real, float *work_imag,
                    const uint32_t *twiddles, uint32_t points)
{
    complex_arrays arrays[2] = {{real, imag}, {work_real, work_imag}};
    uint32_t stride = 1;
    uint32_t remaining = points;
    int now = 0;
    while (remaining >= 4u) {
        radix4(arrays[now], arrays[1 - now], remaining / 4u, stride, twiddles, 2u * stride);
        now = 1 - now;
        stride *= 4u;
        remaining /= 4u;
    }
    if (remaining == 2u) {
        radix2(arrays[now], arrays[1 - now], stride);
        now = 1 - now;
    }
    return now;
}
