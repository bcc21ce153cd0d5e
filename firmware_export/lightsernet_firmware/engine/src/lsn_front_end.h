#ifndef LSN_FRONT_END_H
#define LSN_FRONT_END_H

#include <stdint.h>

#include "lsn_blob.h"

/* Compute one row of features from a frame.
 *
 *   pcm      in: int16 [frame_length]
 *   level    in and out: the running peak, in units of the mel bands
 *   scratch  float [2 * fft_length]
 *   row      out: int8 [n_coefficients]
 */
void lsn_front_end_run(const lsn_model *model, const int16_t *pcm, float *level, float *scratch,
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
