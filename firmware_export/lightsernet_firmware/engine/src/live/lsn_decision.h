/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LSN_DECISION_H
#define LSN_DECISION_H

#include "lightsernet_live.h"

/* Posteriors without a bias, at a temperature. */
typedef struct lsn_calibration {
    const int8_t *posteriors;
    const float *bias; /* NULL for none */
    uint32_t n_labels;
    float temperature;
    uint32_t best; /* the most probable label, of equal ones the first */
    float largest; /* its logarithm without its bias, before the temperature */
    float sum;     /* of all weights; that of `best` is 1 */
} lsn_calibration;

/* Whether it is a value of a bias: finite, and in range. */
int lsn_is_bias(float x);

/*   posteriors   in: int8 [n_labels], in use as long as the calibration, as `bias`
 *   temperature  above 0; at 1, and with no bias, the posteriors stay as they are
 *   bias         in: float [n_labels], or NULL
 */
lsn_calibration lsn_calibration_of(const int8_t *posteriors, uint32_t n_labels,
                                   float temperature, const float *bias);

/* That of a label, 0 .. 1. */
float lsn_calibrated(const lsn_calibration *calibration, uint32_t label);

/* The most probable label, if its posterior reaches its threshold.
 *
 *   thresholds  in: the bits of float [n_labels], 0 .. 1
 *   confidence  out: the posterior of the most probable label
 *
 * Returns a label or LSN_UNCERTAIN.
 */
uint32_t lsn_decide(const lsn_calibration *calibration, const uint32_t *thresholds,
                    float *confidence);

#endif
