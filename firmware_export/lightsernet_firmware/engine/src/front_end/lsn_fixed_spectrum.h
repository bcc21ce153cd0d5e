/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LSN_FIXED_SPECTRUM_H
#define LSN_FIXED_SPECTRUM_H

#include <stdint.h>

#include "lsn_blob.h"

/* A spectrum in fixed point. */
typedef struct lsn_fixed_spectrum {
    uint32_t *magnitudes; /* of all bins, in the scratch, LSN_GROUP - 1 zeros behind them */
    int32_t exponent;     /* a magnitude is its integer times 2**-exponent */
} lsn_fixed_spectrum;

/**
 * Compute the magnitudes |X| of a frame's bins: integers below 2**29.
 *
 * @param[in] model    has a front end
 * @param[in] pcm      [frame_length]
 * @param     scratch  [2 * fft_length]; the magnitudes lie in one half of it
 */
lsn_fixed_spectrum lsn_fixed_spectrum_of(const lsn_model *model, const int16_t *pcm,
                                         int32_t *scratch);

#endif
