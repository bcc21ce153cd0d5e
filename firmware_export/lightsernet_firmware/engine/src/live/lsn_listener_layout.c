/* SPDX-License-Identifier: Apache-2.0 */
#include "lsn_listener_layout.h"

#include "lsn_layout.h"
#include "lsn_listener_settings.h"
#include "lsn_profile.h"
#include "lsn_stream.h"

uint32_t lsn_hops_kept(const lsn_endpoint_constants *constants)
{
    return constants->before + constants->speech_window;
}

lsn_listener_layout lsn_listener_layout_of(const lsn_model *model,
                                           const lsn_listener_settings *settings)
{
    const lsn_endpoint_constants *constants = lsn_endpointing_of(model);
    size_t floats = lsn_aligned(sizeof(float) * (size_t)model->n_labels);
    size_t kept = sizeof(int16_t) * (size_t)lsn_hops_kept(constants) * model->hop_length;
    lsn_listener_layout layout;
    layout.thresholds = LSN_LISTENER_BYTES;
    layout.statistics = layout.thresholds + floats;
    layout.rows = layout.statistics + lsn_aligned(lsn_utterance_statistics_bytes(model));
    layout.hops = layout.rows + lsn_aligned((size_t)constants->hang_over * model->n_coefficients);
    layout.smoothed = layout.hops + lsn_aligned(kept);
    layout.window = layout.smoothed;
    layout.stream = layout.smoothed;
    if (settings->continuous) {
        uint32_t rows = lsn_settings_window_rows(model, settings);
        layout.window += floats;
        layout.stream = layout.window + lsn_aligned((size_t)lsn_window_bytes(model, rows));
    }
    layout.size = layout.stream + model->ram_size;
    return layout;
}

size_t lsn_listener_ram_size(const lsn_model *model, const lsn_listener_settings *settings)
{
    lsn_listener_settings defaults;
    if (lsn_listener_defaults(model, &defaults) != LSN_OK) {
        return 0;
    }
    if (settings == NULL) {
        settings = &defaults;
    }
    return lsn_settings_have_room(model, settings)
               ? lsn_listener_layout_of(model, settings).size
               : 0;
}
