/* Fourier transform after Stockham: every pass reads one pair of arrays and
 * writes the other in the order the next wants, so nothing is permuted and the
 * inner loop runs over neighbours. Passes of radix 4, a last one of radix 2 if
 * the number of points asks for it. */
#include "lsn_front_end.h"

/* The factors w, w**2 and w**3 of a butterfly. */
typedef struct factors {
    float c1, s1, c2, s2, c3, s3;
} factors;

/* A transform of four points, `step` apart, each output turned by its factor. */
static inline void butterfly(const float *restrict xr, const float *restrict xi, size_t step,
                             float *restrict yr, float *restrict yi, size_t out_step, factors w)
{
    float sum_r = xr[0] + xr[2u * step];
    float sum_i = xi[0] + xi[2u * step];
    float dif_r = xr[0] - xr[2u * step];
    float dif_i = xi[0] - xi[2u * step];
    float odd_r = xr[step] + xr[3u * step];
    float odd_i = xi[step] + xi[3u * step];
    /* -j times the difference of the odd points */
    float rot_r = xi[step] - xi[3u * step];
    float rot_i = xr[3u * step] - xr[step];
    float r1 = dif_r + rot_r;
    float i1 = dif_i + rot_i;
    float r2 = sum_r - odd_r;
    float i2 = sum_i - odd_i;
    float r3 = dif_r - rot_r;
    float i3 = dif_i - rot_i;
    yr[0] = sum_r + odd_r;
    yi[0] = sum_i + odd_i;
    yr[out_step] = r1 * w.c1 - i1 * w.s1;
    yi[out_step] = r1 * w.s1 + i1 * w.c1;
    yr[2u * out_step] = r2 * w.c2 - i2 * w.s2;
    yi[2u * out_step] = r2 * w.s2 + i2 * w.c2;
    yr[3u * out_step] = r3 * w.c3 - i3 * w.s3;
    yi[3u * out_step] = r3 * w.s3 + i3 * w.c3;
}

/* The tables: cosines and negative sines of the first, second and third power,
 * `points` / 4 of each. */
static inline factors factors_at(const uint32_t *table, size_t points, size_t index)
{
    size_t count = points / 4u;
    factors w;
    w.c1 = lsn_float(table + index);
    w.s1 = lsn_float(table + count + index);
    w.c2 = lsn_float(table + 2u * count + index);
    w.s2 = lsn_float(table + 3u * count + index);
    w.c3 = lsn_float(table + 4u * count + index);
    w.s3 = lsn_float(table + 5u * count + index);
    return w;
}

/* First pass: neighbouring butterflies have neighbouring factors. */
static void first_pass(const float *restrict xr, const float *restrict xi, float *restrict yr,
                       float *restrict yi, const uint32_t *table, size_t points)
{
    size_t quarter = points / 4u;
    for (size_t p = 0; p < quarter; p++) {
        butterfly(xr + p, xi + p, quarter, yr + 4 * p, yi + 4 * p, 1,
                  factors_at(table, points, p));
    }
}

/* A later pass: `stride` interleaved transforms share each factor. */
static inline void later_pass(const float *restrict xr, const float *restrict xi,
                              float *restrict yr, float *restrict yi, const uint32_t *table,
                              size_t points, size_t stride)
{
    size_t quarter = points / stride / 4u;
    for (size_t p = 0; p < quarter; p++) {
        factors w = factors_at(table, points, p * stride);
        for (size_t q = 0; q < stride; q++) {
            butterfly(xr + q, xi + q, stride * quarter, yr + q, yi + q, stride, w);
        }
        xr += stride;
        xi += stride;
        yr += 4u * stride;
        yi += 4u * stride;
    }
}

static void last_pass(const float *restrict xr, const float *restrict xi, float *restrict yr,
                      float *restrict yi, size_t stride)
{
    for (size_t q = 0; q < stride; q++) {
        yr[q] = xr[q] + xr[q + stride];
        yi[q] = xi[q] + xi[q + stride];
        yr[q + stride] = xr[q] - xr[q + stride];
        yi[q + stride] = xi[q] - xi[q + stride];
    }
}

int lsn_complex_fft(float *real, float *imag, float *work_real, float *work_imag,
                    const uint32_t *twiddles, uint32_t points)
{
    float *reals[2] = {real, work_real};
    float *imags[2] = {imag, work_imag};
    size_t stride = 4;
    int now = 1;
    first_pass(real, imag, work_real, work_imag, twiddles, points);
    for (; points / stride >= 4u; stride *= 4u) {
        int next = 1 - now;
        /* The compiler makes a vector of four neighbours if it knows them to be four. */
        if (stride == 4u) {
            later_pass(reals[now], imags[now], reals[next], imags[next], twiddles, points, 4u);
        } else {
            later_pass(reals[now], imags[now], reals[next], imags[next], twiddles, points, stride);
        }
        now = next;
    }
    if (points / stride == 2u) {
        last_pass(reals[now], imags[now], reals[1 - now], imags[1 - now], stride);
        now = 1 - now;
    }
    return now;
}
