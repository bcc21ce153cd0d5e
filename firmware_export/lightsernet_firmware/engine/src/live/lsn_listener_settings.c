/* SPDX-License-Identifier: Apache-2.0 */
#include "lsn_listener_settings.h"

#include <float.h>

#include "lsn_stream.h"

/* Largest window of continuous mode, in bytes of RAM. */
#define MAX_WINDOW_BYTES 0x1000000u

lsn_status lsn_listener_defaults(const lsn_model *model, lsn_listener_settings *settings)
{
    if (settings == NULL) {
        return LSN_BAD_ARGUMENT;
    }
    memset(settings, 0, sizeof *settings);
    if (model == NULL || model->ram_size == 0) {
        return LSN_BAD_ARGUMENT;
    }
    const lsn_decision *decision = lsn_decision_of(model);
    if (decision == NULL) {
        return LSN_NO_ENDPOINTING;
    }
    settings->temperature = model->temperature;
    settings->min_samples = decision->min_samples;
    settings->step_hops = decision->step_hops;
    settings->window_hops = decision->window_hops;
    settings->keep = lsn_float(&decision->keep);
    settings->hold_steps = decision->hold_steps;
    settings->thresholds = (const float *)lsn_at(model, decision->thresholds);
    return LSN_OK;
}

/* Whether all values lie in 0..most. They may be words of the blob, so their bytes are copied. */
static int are_within(const float *values, uint32_t count, float most)
{
    for (uint32_t i = 0; i < count; i++) {
        float value;
        memcpy(&value, &values[i], sizeof value);
        if (!(value >= 0.0f && value <= most)) {
            return 0;
        }
    }
    return 1;
}

uint32_t lsn_settings_window_rows(const lsn_model *model, const lsn_listener_settings *settings)
{
    uint64_t samples = (uint64_t)settings->window_hops * model->hop_length;
    if (samples < model->frame_length) {
        return 0;
    }
    uint64_t frames = 1u + (samples - model->frame_length) / model->hop_length;
    return lsn_output_rows(model, (uint32_t)frames);
}

int lsn_settings_have_room(const lsn_model *model, const lsn_listener_settings *settings)
{
    if (!settings->continuous) {
        return 1;
    }
    if (settings->window_hops > LSN_MAX_HOPS) {
        return 0;
    }
    uint32_t rows = lsn_settings_window_rows(model, settings);
    return rows != 0 && lsn_window_bytes(model, rows) <= MAX_WINDOW_BYTES;
}

int lsn_settings_are_valid(const lsn_model *model, const lsn_listener_settings *settings)
{
    if (!(settings->temperature > 0.0f && settings->temperature <= FLT_MAX) ||
        settings->step_hops == 0 || !are_within(settings->thresholds, model->n_labels, LSN_NEVER)) {
        return 0;
    }
    if (!settings->continuous) {
        return 1;
    }
    return !settings->provisional && !settings->adapt && are_within(&settings->keep, 1, 1.0f) &&
           lsn_settings_have_room(model, settings);
}
