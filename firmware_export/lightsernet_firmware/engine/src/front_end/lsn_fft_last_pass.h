/* SPDX-License-Identifier: Apache-2.0 */
/* The last pass of a Fourier transform whose number of points is no power of 8: radix 4 or 2,
 * which multiplies nothing, so it is the same in floats and in integers. */
#ifndef LSN_FFT_LAST_PASS_H
#define LSN_FFT_LAST_PASS_H

#include <stddef.h>
#include <stdint.h>

#include "lsn_front_end.h"
#include "lsn_vectorize.h"

#if LSN_FIXED_POINT_FRONT_END
typedef int32_t lsn_fft_number;
#else
typedef float lsn_fft_number;
#endif

static inline void lsn_fft_last_pass_of_4(const lsn_fft_number *restrict xr,
                                          const lsn_fft_number *restrict xi,
                                          lsn_fft_number *restrict yr,
                                          lsn_fft_number *restrict yi, size_t stride)
{
    LSN_INDEPENDENT
    for (size_t q = 0; q < stride; q++) {
        lsn_fft_number sum_r = xr[q] + xr[q + 2u * stride];
        lsn_fft_number sum_i = xi[q] + xi[q + 2u * stride];
        lsn_fft_number dif_r = xr[q] - xr[q + 2u * stride];
        lsn_fft_number dif_i = xi[q] - xi[q + 2u * stride];
        lsn_fft_number odd_r = xr[q + stride] + xr[q + 3u * stride];
        lsn_fft_number odd_i = xi[q + stride] + xi[q + 3u * stride];
        /* The difference of the odd points times -j. */
        lsn_fft_number rot_r = xi[q + stride] - xi[q + 3u * stride];
        lsn_fft_number rot_i = xr[q + 3u * stride] - xr[q + stride];
        yr[q] = sum_r + odd_r;
        yi[q] = sum_i + odd_i;
        yr[q + stride] = dif_r + rot_r;
        yi[q + stride] = dif_i + rot_i;
        yr[q + 2u * stride] = sum_r - odd_r;
        yi[q + 2u * stride] = sum_i - odd_i;
        yr[q + 3u * stride] = dif_r - rot_r;
        yi[q + 3u * stride] = dif_i - rot_i;
    }
}

static inline void lsn_fft_last_pass_of_2(const lsn_fft_number *restrict xr,
                                          const lsn_fft_number *restrict xi,
                                          lsn_fft_number *restrict yr,
                                          lsn_fft_number *restrict yi, size_t stride)
{
    LSN_INDEPENDENT
    for (size_t q = 0; q < stride; q++) {
        yr[q] = xr[q] + xr[q + stride];
        yi[q] = xi[q] + xi[q + stride];
        yr[q + stride] = xr[q] - xr[q + stride];
        yi[q + stride] = xi[q] - xi[q + stride];
    }
}

/* Do the last pass, if there is one, of `reals` and `imags` number `now`. Returns which pair the
 * transform is in: `now`, or the other one. */
static inline int lsn_fft_last_pass(lsn_fft_number *const reals[2], lsn_fft_number *const imags[2],
                                    int now, size_t points, size_t stride)
{
    if (points / stride == 1u) {
        return now;
    }
    if (points / stride == 4u) {
        lsn_fft_last_pass_of_4(reals[now], imags[now], reals[1 - now], imags[1 - now], stride);
    } else {
        lsn_fft_last_pass_of_2(reals[now], imags[now], reals[1 - now], imags[1 - now], stride);
    }
    return 1 - now;
}

#endif
