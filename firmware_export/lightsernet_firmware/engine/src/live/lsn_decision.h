/* SPDX-License-Identifier: Apache-2.0 */
/* From posteriors to a label, or LSN_UNCERTAIN. */
#ifndef LSN_DECISION_H
#define LSN_DECISION_H

#include "lightsernet_live.h"

/* Posteriors with a bias subtracted from their logarithms, at a temperature. */
typedef struct lsn_adjusted_posteriors {
    const int8_t *posteriors; /* of the network */
    const float *bias;        /* NULL: none */
    uint32_t n_labels;
    float temperature;
    uint32_t best; /* the most probable label, the first of equal ones */
    float largest; /* its log posterior less its bias, before the temperature */
    float sum;     /* of the weights of all labels; the weight of `best` is 1 */
} lsn_adjusted_posteriors;

/**
 * Whether x can be a value of a bias: finite, and at most LSN_MAX_BIAS either way.
 */
int lsn_is_bias(float x);

/**
 * Adjust posteriors: softmax((log p - bias) / temperature), 0 counting as 1/512. At
 * temperature 1 without a bias they stay as they are, to the bit.
 *
 * @param[in] posteriors   [n_labels]; in use as long as the result
 * @param[in] temperature  above 0
 * @param[in] bias         [n_labels], or NULL; in use as long as the result
 */
lsn_adjusted_posteriors lsn_adjust_posteriors(const int8_t *posteriors, uint32_t n_labels,
                                              float temperature, const float *bias);

/**
 * Adjusted posterior of a label, 0..1.
 */
float lsn_adjusted_posterior(const lsn_adjusted_posteriors *adjusted, uint32_t label);

/**
 * Whether a label is never said: an output for what is none of the others.
 *
 * @param[in] thresholds  the bits of float [n_labels], 0..LSN_NEVER
 */
int lsn_is_never_said(const uint32_t *thresholds, uint32_t label);

/**
 * The most probable label, if its posterior reaches its threshold.
 *
 * @param[in]  thresholds  the bits of float [n_labels], 0..LSN_NEVER
 * @param[out] confidence  posterior of the most probable label that can be said
 *
 * @return  a label, or LSN_UNCERTAIN
 */
uint32_t lsn_decide(const lsn_adjusted_posteriors *adjusted, const uint32_t *thresholds,
                    float *confidence);

#endif
