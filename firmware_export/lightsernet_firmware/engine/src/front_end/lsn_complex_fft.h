/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LSN_COMPLEX_FFT_H
#define LSN_COMPLEX_FFT_H

#include <stdint.h>

/**
 * Fourier transform of complex numbers, unscaled.
 *
 * @param[in,out] real, imag            [points] each; destroyed, or the result
 * @param[out]    work_real, work_imag  [points] each; the result, or destroyed
 * @param[in]     twiddles              the bits of float [14][points / 8]: with
 *                                      a = 2 pi k / points, cos a and -sin a, then those
 *                                      of 2 a, 3 a .. 7 a
 * @param[in]     points                a power of two, at least 8
 *
 * @return  1 if the result lies in the work arrays, 0 if it lies in real and imag
 */
int lsn_complex_fft(float *real, float *imag, float *work_real, float *work_imag,
                    const uint32_t *twiddles, uint32_t points);

#endif
