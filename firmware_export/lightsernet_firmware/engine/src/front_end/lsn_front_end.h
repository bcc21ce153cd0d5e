/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LSN_FRONT_END_H
#define LSN_FRONT_END_H

#include <stdint.h>

#include "lsn_blob.h"

/* 1: rows are computed in integers (lsn_front_end_fixed.c), 0: in float32 (lsn_front_end.c).
 * By default in integers where the compiler says that floats are computed in software. */
#ifndef LSN_FIXED_POINT_FRONT_END
#if (defined(__arm__) && !defined(__ARM_FP)) || \
    (defined(__riscv) && !defined(__riscv_flen)) || defined(__XTENSA_SOFT_FLOAT__)
#define LSN_FIXED_POINT_FRONT_END 1
#else
#define LSN_FIXED_POINT_FRONT_END 0
#endif
#endif

/* How rows are standardised, and where their statistics are summed: n_coefficients
 * floats each. */
typedef struct lsn_standardization {
    const uint32_t *mean; /* the bits of floats, so that it may lie in the blob */
    const uint32_t *inverse_scale;
    float *sum;     /* of the rows, in units of the blob's mean and scale; NULL: no sums */
    float *squares; /* of the same */
    float *utterance_mean; /* of the utterance, less `mean`; NULL: none is subtracted. The
                            * fixed-point front end keeps int32 in it; all 0 is 0 in both */
    float share;         /* of the row in the running mean, 0..1 */
} lsn_standardization;

/**
 * Compute one row of features from a frame.
 *
 * @param[in]     model            has a front end
 * @param[in]     pcm              [frame_length]
 * @param[in,out] standardization  mean and scale are read; the row is added to the sums and
 *                                 to the running mean
 * @param[in,out] level            running peak, in units of the mel bands
 * @param         scratch          [2 * fft_length]
 * @param[out]    row              [n_coefficients]
 */
void lsn_front_end_run(const lsn_model *model, const int16_t *pcm,
                       const lsn_standardization *standardization, float *level, float *scratch,
                       int8_t *row);

#endif
