/* SPDX-License-Identifier: Apache-2.0 */
#include "lsn_layout.h"

uint32_t lsn_rows_before(const lsn_model *model, const lsn_stage *stage)
{
    const lsn_path *paths = lsn_paths_of(model, stage);
    uint32_t rows = 0;
    for (uint32_t p = 0; p < stage->n_paths; p++) {
        rows = lsn_max(rows, lsn_padding_before(paths[p].kernel_height));
    }
    return rows;
}

uint32_t lsn_rows_after(const lsn_model *model, const lsn_stage *stage)
{
    const lsn_path *paths = lsn_paths_of(model, stage);
    uint32_t rows = 0;
    for (uint32_t p = 0; p < stage->n_paths; p++) {
        uint32_t height = paths[p].kernel_height;
        rows = lsn_max(rows, height - 1u - lsn_padding_before(height));
    }
    return rows;
}

uint32_t lsn_rows_kept(const lsn_model *model, const lsn_stage *stage)
{
    return lsn_rows_before(model, stage) + lsn_rows_after(model, stage) + stage->pool_height;
}

size_t lsn_ring_bytes(const lsn_model *model, const lsn_stage *stage)
{
    return lsn_aligned((size_t)lsn_rows_kept(model, stage) * stage->width * stage->channels);
}

/* Operands that lsn_gather writes. */
static size_t operands_of_tile(const lsn_stage *stage, const lsn_path *path)
{
    if (lsn_gathers_patches(stage)) {
        return (size_t)stage->pool_height * stage->tile_width * lsn_packed_length(stage, path);
    }
    return (size_t)(path->kernel_height + stage->pool_height - 1u) *
           (stage->tile_width + path->kernel_width - 1u) *
           lsn_round_up(stage->channels, LSN_GROUP);
}

lsn_scratch_layout lsn_scratch_layout_of(const lsn_model *model, const lsn_stage *stage)
{
    const lsn_path *paths = lsn_paths_of(model, stage);
    size_t pixels = (size_t)stage->pool_height * stage->tile_width;
    size_t operands = 0;
    size_t weights = 0;
    lsn_scratch_layout layout;
    for (uint32_t p = 0; p < stage->n_paths; p++) {
        size_t tile = operands_of_tile(stage, &paths[p]);
        operands = tile > operands ? tile : operands;
#if !LSN_USE_MVE
        weights = lsn_max((uint32_t)weights, lsn_packed_length(stage, &paths[p]));
#endif
    }
    layout.operands = 0;
    layout.weights = lsn_aligned(operands * sizeof(lsn_operand));
    layout.accumulators = layout.weights + lsn_aligned(2u * weights * sizeof(lsn_operand));
    layout.outputs = layout.accumulators + lsn_aligned(2u * pixels * sizeof(int32_t));
    layout.size = layout.outputs + lsn_aligned(2u * pixels);
    return layout;
}

static size_t scratch_size(const lsn_model *model)
{
    const lsn_header *header = lsn_header_of(model);
    const lsn_stage *stages = lsn_stages_of(model);
    const lsn_head *head = lsn_head_of(model);
    /* The output of the last stage lies behind that stage's scratch. */
    size_t row = lsn_aligned((size_t)head->width * head->channels);
    size_t size = 0;
    for (uint32_t s = 0; s < header->n_stages; s++) {
        size_t stage = lsn_scratch_layout_of(model, &stages[s]).size;
        if (s + 1u == header->n_stages) {
            stage += row;
        }
        size = stage > size ? stage : size;
    }
    if (header->front_end != 0) {
        const lsn_front_end *front_end = (const lsn_front_end *)lsn_at(model, header->front_end);
        size_t transform = 2u * sizeof(float) * (size_t)front_end->fft_length;
        size = transform > size ? transform : size;
    }
    return size;
}

lsn_layout lsn_layout_of(const lsn_model *model)
{
    const lsn_header *header = lsn_header_of(model);
    const lsn_stage *stages = lsn_stages_of(model);
    size_t sums = sizeof(int32_t) * (size_t)lsn_head_of(model)->channels;
    size_t labels = lsn_aligned(header->n_labels);
    lsn_layout layout;
    layout.sums = LSN_STREAM_BYTES;
    layout.logits = layout.sums + lsn_aligned(sums);
    layout.posteriors = layout.logits + labels;
    layout.rings = layout.posteriors + labels;
    layout.pcm = layout.rings;
    for (uint32_t s = 0; s < header->n_stages; s++) {
        layout.pcm += lsn_ring_bytes(model, &stages[s]);
    }
    layout.profile = layout.pcm;
    layout.utterance_mean = layout.pcm;
    layout.scratch = layout.pcm;
    if (header->front_end != 0) {
        size_t array = sizeof(float) * (size_t)model->n_coefficients;
        layout.profile += lsn_aligned(sizeof(int16_t) * (size_t)model->frame_length);
        layout.utterance_mean = layout.profile + lsn_aligned(LSN_PROFILE_ARRAYS * array);
        layout.scratch = layout.utterance_mean;
        if (lsn_has_utterance_mean(model)) {
            layout.scratch += lsn_aligned(array);
        }
    }
    return layout;
}

size_t lsn_layout_bytes(const lsn_model *model)
{
    return lsn_layout_of(model).scratch + scratch_size(model);
}
