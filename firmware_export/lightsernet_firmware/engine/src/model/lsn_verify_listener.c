/* SPDX-License-Identifier: Apache-2.0 */
#include "lsn_verify_listener.h"

#include "lsn_verify.h"

/* 64 octaves of energy, in 1/256. */
#define MAX_LEVEL 0x4000
/* More than a peak can fall by in one hop. */
#define MAX_RELEASE 0x100000u
/* Limits of a listener's RAM: rows held back, in bytes, and samples kept. */
#define MAX_HELD_BYTES 0x1000000u
#define MAX_KEPT_SAMPLES 0x100000u

static int is_level(int32_t value)
{
    return value >= 0 && value <= MAX_LEVEL;
}

/* With these ranges all differences of levels, and shares of them, fit 32 bits. */
int lsn_verify_endpointing(const lsn_model *model, const lsn_endpoint_constants *constants)
{
    const lsn_endpoint_constants *c = constants;
    return c->hop_length == model->hop_length &&
           lsn_is_between(c->half_wavelet, 1, LSN_MAX_HALF_WAVELET) && is_level(c->begin) &&
           is_level(c->last) && is_level(c->range) && is_level(c->begin_drop) &&
           is_level(c->last_drop) && is_level(c->silence) && is_level(c->first_floor) &&
           lsn_is_between((uint32_t)c->begin_share, 0, 256) &&
           lsn_is_between((uint32_t)c->last_share, 0, 256) &&
           lsn_is_between((uint32_t)c->release, 0, MAX_RELEASE) &&
           lsn_is_between(c->speech_window, 1, LSN_MAX_SPEECH_WINDOW) &&
           lsn_is_between(c->speech, 1, c->speech_window) &&
           lsn_is_between(c->hang_over, 1, LSN_MAX_HOPS) &&
           lsn_is_between(c->maximum, 1, LSN_MAX_HOPS) && c->before <= LSN_MAX_HOPS &&
           c->after <= c->hang_over &&
           (uint64_t)c->hang_over * model->n_coefficients <= MAX_HELD_BYTES &&
           ((uint64_t)c->before + c->speech_window) * c->hop_length <= MAX_KEPT_SAMPLES &&
           lsn_is_between(c->floor_block, 1, LSN_MAX_HOPS) &&
           lsn_is_between(c->floor_blocks, 1, LSN_MAX_FLOOR_BLOCKS);
}

static int is_within(uint32_t bits, float most)
{
    float value = lsn_float(&bits);
    return value >= 0.0f && value <= most;
}

int lsn_verify_decision(const lsn_model *model, const lsn_decision *decision)
{
    if (decision->step_hops == 0 || !lsn_is_between(decision->window_hops, 1, LSN_MAX_HOPS) ||
        !is_within(decision->keep, 1.0f) || decision->reserved[0] != 0 || decision->reserved[1] != 0 ||
        !lsn_lies_inside(model, decision->thresholds, model->n_labels, sizeof(float))) {
        return 0;
    }
    const uint32_t *thresholds = lsn_at(model, decision->thresholds);
    for (uint32_t i = 0; i < model->n_labels; i++) {
        if (!is_within(thresholds[i], LSN_NEVER)) {
            return 0;
        }
    }
    return 1;
}
