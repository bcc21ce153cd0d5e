/* SPDX-License-Identifier: Apache-2.0 */
#include "lsn_stage_run.h"

#include "lsn_average_pool.h"
#include "lsn_convolve.h"
#include "lsn_fixed_point.h"
#include "lsn_gather.h"
#include "lsn_layout.h"
#include "lsn_pack.h"
#include "lsn_packed_path.h"
#include "lsn_requantize.h"

/* Bring a channel from its path's scale to that of the concatenation. */
static void rescale(const lsn_path *path, int8_t *values, uint32_t count, uint32_t stride)
{
    for (uint32_t i = 0; i < count; i++) {
        int32_t x = values[i * stride] - path->rescale_input_zero_point;
        int32_t y = lsn_multiply(x, path->rescale_multiplier, path->rescale_shift);
        values[i * stride] = (int8_t)lsn_clamp(y + path->rescale_output_zero_point, -128, 127);
    }
}

/* The scratch of a stage. */
typedef struct workspace {
    lsn_operand *operands;
    lsn_operand *weights;
    int32_t *accumulators;
    int8_t *outputs;
} workspace;

static workspace workspace_of(const lsn_model *model, const lsn_stage *stage, uint8_t *scratch)
{
    const lsn_scratch_layout layout = lsn_scratch_layout_of(model, stage);
    workspace work;
    work.operands = (lsn_operand *)(void *)(scratch + layout.operands);
    work.weights = (lsn_operand *)(void *)(scratch + layout.weights);
    work.accumulators = (int32_t *)(void *)(scratch + layout.accumulators);
    work.outputs = (int8_t *)(scratch + layout.outputs);
    return work;
}

/* Convolve a tile with all filters of a path, two at a time. `output` points to the path's
 * first channel in the tile's first column. */
static void run_path(const lsn_model *model, const lsn_stage *stage, const lsn_path *path,
                     const lsn_tile *tile, int8_t *output, uint32_t channels,
                     const workspace *work)
{
    const int32_t *bias = lsn_at(model, path->requantization);
    const int32_t *multiplier = bias + path->filters;
    const int32_t *shift = multiplier + path->filters;
    const int8_t *weights = lsn_at(model, path->weights);
    uint32_t length = lsn_packed_length(stage, path);
    uint32_t pixels = tile->rows * tile->columns;
    uint32_t pooled = (tile->columns + stage->pool_width - 1u) / stage->pool_width;
    for (uint32_t filter = 0; filter < path->filters; filter += 2u) {
        /* With an odd number of filters the last one is its own partner. */
        uint32_t pair = lsn_min(2u, path->filters - filter);
        const int8_t *first = weights + (size_t)filter * length;
        int32_t biases[2];
        biases[0] = bias[filter];
        biases[1] = bias[filter + pair - 1u];
        lsn_convolve(tile, first, first + (size_t)(pair - 1u) * length, biases, work->weights,
                     work->accumulators);
        for (uint32_t f = 0; f < pair; f++) {
            int8_t *channel = output + filter + f;
            lsn_requantize(work->accumulators + f * pixels, pixels, multiplier[filter + f],
                           shift[filter + f], path, work->outputs);
            lsn_average_pool(work->outputs, tile->rows, tile->columns, stage->pool_width, channel,
                             channels);
            if (path->rescale_multiplier != 0) {
                rescale(path, channel, pooled, channels);
            }
        }
    }
}

#if LSN_USE_PACKED

/* The same with packed weights; returns the end of them. */
static const uint8_t *run_packed_path(const lsn_stage *stage, const lsn_path *path,
                                      const uint8_t *packed, const lsn_ring *input,
                                      const lsn_pixels *pixels, int8_t *output,
                                      uint32_t channels, uint8_t *scratch)
{
    uint32_t pooled = (pixels->columns + stage->pool_width - 1u) / stage->pool_width;
    lsn_packed_path(stage, path, packed, input, pixels, output, channels,
                    (lsn_packed_operand *)(void *)scratch);
    if (path->rescale_multiplier != 0) {
        for (uint32_t filter = 0; filter < path->filters; filter++) {
            rescale(path, output + filter, pooled, channels);
        }
    }
    return packed + lsn_packed_bytes(stage, path);
}

static void run_packed_stage(const lsn_model *model, const lsn_stage *stage,
                             const lsn_ring *input, uint32_t row, uint32_t rows, int8_t *output,
                             uint32_t channels, uint8_t *scratch)
{
    const lsn_path *paths = lsn_paths_of(model, stage);
    lsn_pixels pixels;
    pixels.row = row;
    pixels.rows = rows;
    for (uint32_t column = 0; column < stage->width; column += stage->tile_width) {
        const uint8_t *packed = lsn_packed_stage(model, stage);
        int8_t *to = output + (size_t)(column / stage->pool_width) * channels;
        pixels.column = column;
        pixels.columns = lsn_min(stage->tile_width, stage->width - column);
        for (uint32_t p = 0; p < stage->n_paths; p++) {
            packed = run_packed_path(stage, &paths[p], packed, input, &pixels, to, channels,
                                     scratch);
            to += paths[p].filters;
        }
    }
}

#endif

void lsn_stage_run(const lsn_model *model, const lsn_stage *stage, const int8_t *ring,
                   uint32_t rows_in, uint32_t row, uint32_t rows, int8_t *output,
                   uint8_t *scratch)
{
    const lsn_path *paths = lsn_paths_of(model, stage);
    uint32_t channels = 0;
    lsn_ring input;
    input.ring = ring;
    input.rows_kept = lsn_rows_kept(model, stage);
    input.rows_in = rows_in;
    for (uint32_t p = 0; p < stage->n_paths; p++) {
        channels += paths[p].filters;
    }
#if LSN_USE_PACKED
    if (model->packed != NULL) {
        run_packed_stage(model, stage, &input, row, rows, output, channels, scratch);
        return;
    }
#endif
    const workspace work = workspace_of(model, stage, scratch);
    for (uint32_t column = 0; column < stage->width; column += stage->tile_width) {
        uint32_t columns = lsn_min(stage->tile_width, stage->width - column);
        int8_t *to = output + (size_t)(column / stage->pool_width) * channels;
        for (uint32_t p = 0; p < stage->n_paths; p++) {
            lsn_tile tile = lsn_gather(stage, &paths[p], &input, row, rows, column, columns,
                                       work.operands);
            run_path(model, stage, &paths[p], &tile, to, channels, &work);
            to += paths[p].filters;
        }
    }
}
