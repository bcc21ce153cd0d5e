/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions that follow each other closely: smoothed, and held for a while. */
#ifndef LSN_CONTINUOUS_H
#define LSN_CONTINUOUS_H

#include "lsn_decision.h"

/* All 0 where an utterance begins. */
typedef struct lsn_continuous {
    uint32_t begun;       /* 1 after the first decision */
    uint32_t said;        /* a label or LSN_UNCERTAIN, as `rival` */
    uint32_t rival;       /* what would be said, were it not for the holding */
    uint32_t rival_steps; /* for so many decisions */
} lsn_continuous;

/* The label that holds: the most probable one of the smoothed posteriors, or
 * LSN_UNCERTAIN below its threshold, once that has been so for hold_steps decisions.
 *
 *   thresholds  in: the bits of float [n_labels], 0 .. 1
 *   smoothed    in, out: float [n_labels], 0 .. 1; anything before the first decision
 *   confidence  out: the largest of them
 */
uint32_t lsn_continuous_decide(lsn_continuous *state, const lsn_listener_settings *settings,
                               const lsn_calibration *calibration, const uint32_t *thresholds,
                               float *smoothed, float *confidence);

#endif
