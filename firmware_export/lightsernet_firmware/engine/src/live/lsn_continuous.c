/* SPDX-License-Identifier: Apache-2.0 */
#include "lsn_continuous.h"

#include "lsn_blob.h"

static void smooth(const lsn_continuous *state, const lsn_listener_settings *settings,
                   const lsn_adjusted_posteriors *adjusted, float *smoothed)
{
    for (uint32_t i = 0; i < adjusted->n_labels; i++) {
        float posterior = lsn_adjusted_posterior(adjusted, i);
        if (state->begun) {
            posterior = settings->keep * smoothed[i] + (1.0f - settings->keep) * posterior;
        }
        smoothed[i] = posterior;
    }
}

uint32_t lsn_continuous_decide(lsn_continuous *state, const lsn_listener_settings *settings,
                               const lsn_adjusted_posteriors *adjusted,
                               const uint32_t *thresholds, float *smoothed, float *confidence)
{
    smooth(state, settings, adjusted, smoothed);
    uint32_t best = 0;
    for (uint32_t i = 1; i < adjusted->n_labels; i++) {
        if (smoothed[i] > smoothed[best]) {
            best = i;
        }
    }
    *confidence = 0.0f;
    for (uint32_t i = 0; i < adjusted->n_labels; i++) {
        if (!lsn_is_never_said(thresholds, i) && smoothed[i] > *confidence) {
            *confidence = smoothed[i];
        }
    }
    uint32_t label = smoothed[best] >= lsn_float(&thresholds[best]) ? best : LSN_UNCERTAIN;
    if (!state->begun) {
        state->begun = 1;
        state->said = label;
    }
    if (label == state->said) {
        state->rival_steps = 0;
        return label;
    }
    state->rival_steps = label == state->rival ? state->rival_steps + 1u : 1u;
    state->rival = label;
    if (state->rival_steps >= settings->hold_steps) {
        state->said = label;
        state->rival_steps = 0;
    }
    return state->said;
}
