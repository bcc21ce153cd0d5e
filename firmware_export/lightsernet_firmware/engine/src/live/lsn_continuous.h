/* SPDX-License-Identifier: Apache-2.0 */
/* The decision of continuous mode: smoothing and hysteresis. */
#ifndef LSN_CONTINUOUS_H
#define LSN_CONTINUOUS_H

#include "lsn_decision.h"

/* All 0 where an utterance begins. */
typedef struct lsn_continuous {
    uint32_t begun;       /* 1 after the first decision */
    uint32_t said;        /* label reported last, or LSN_UNCERTAIN */
    uint32_t rival;       /* label, or LSN_UNCERTAIN, that will replace it if it lasts */
    uint32_t rival_steps; /* decisions for which it has lasted */
} lsn_continuous;

/**
 * Smooth the posteriors and decide. A new label, or LSN_UNCERTAIN, is returned only once it
 * has been the decision hold_steps times on end.
 *
 * @param[in,out] state       of the utterance
 * @param[in]     settings    keep and hold_steps
 * @param[in]     adjusted    posteriors of this step
 * @param[in]     thresholds  the bits of float [n_labels], 0..LSN_NEVER
 * @param[in,out] smoothed    [n_labels], 0..1; ignored at the first decision
 * @param[out]    confidence  the largest smoothed posterior
 *
 * @return  a label, or LSN_UNCERTAIN
 */
uint32_t lsn_continuous_decide(lsn_continuous *state, const lsn_listener_settings *settings,
                               const lsn_adjusted_posteriors *adjusted,
                               const uint32_t *thresholds, float *smoothed, float *confidence);

#endif
