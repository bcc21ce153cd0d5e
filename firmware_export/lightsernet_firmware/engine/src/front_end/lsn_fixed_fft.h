/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LSN_FIXED_FFT_H
#define LSN_FIXED_FFT_H

#include <stdint.h>

/**
 * How large the input of lsn_fixed_fft may be: real and imaginary parts below
 * 2**lsn_fixed_fft_bits(points).
 */
uint32_t lsn_fixed_fft_bits(uint32_t points);

/**
 * By how many bits the result of lsn_fixed_fft is smaller than the transform.
 */
uint32_t lsn_fixed_fft_halvings(uint32_t points);

/**
 * Fourier transform of complex integers, divided by 2**lsn_fixed_fft_halvings(points).
 *
 * @param[in,out] real, imag            [points] each; destroyed, or the result
 * @param[out]    work_real, work_imag  [points] each; the result, or destroyed
 * @param[in]     twiddles, points      as of lsn_complex_fft
 *
 * @return  1 if the result lies in the work arrays, 0 if it lies in real and imag
 */
int lsn_fixed_fft(int32_t *real, int32_t *imag, int32_t *work_real, int32_t *work_imag,
                  const uint32_t *twiddles, uint32_t points);

#endif
