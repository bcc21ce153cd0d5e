/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LSN_FRONT_END_H
#define LSN_FRONT_END_H

#include <stdint.h>

#include "lsn_blob.h"

/* How rows are standardised, and what is noted of them: n_coefficients floats each. */
typedef struct lsn_standardization {
    const uint32_t *mean; /* as bits, so that they may lie in the blob */
    const uint32_t *inverse_scale;
    float *sum; /* of the rows, in units of the blob's mean and scale; NULL to note nothing */
    float *squares;
} lsn_standardization;

/* Compute one row of features from a frame.
 *
 *   pcm              in: int16 [frame_length]
 *   standardization  sum and squares: in and out
 *   level            in and out: the running peak, in units of the mel bands
 *   scratch          float [2 * fft_length]
 *   row              out: int8 [n_coefficients]
 */
void lsn_front_end_run(const lsn_model *model, const int16_t *pcm,
                       const lsn_standardization *standardization, float *level, float *scratch,
                       int8_t *row);

/* Fourier transform of `points` complex numbers, a power of two of at least 8.
 *
 *   real, imag  in: float [points] each
 *   work_real, work_imag  the same, scratch
 *   twiddles    float [14][points / 8]: cosine and negative sine of 2 pi k / points,
 *               then of twice, three times .. seven times that
 *
 * Returns 1 if the result lies in the work arrays, else 0.
 */
int lsn_complex_fft(float *real, float *imag, float *work_real, float *work_imag,
                    const uint32_t *twiddles, uint32_t points);

#endif
