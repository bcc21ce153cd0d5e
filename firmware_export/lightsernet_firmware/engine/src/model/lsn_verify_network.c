/* SPDX-License-Identifier: Apache-2.0 */
#include "lsn_verify_network.h"

#include "lsn_layout.h"
#include "lsn_verify.h"

/* Limits that keep all sizes far within 32 bits. A Light-SERNet lies well below them. */
#define MAX_PATHS 8u
#define MAX_CHANNELS 2048u
#define MAX_ROW_BYTES 0x40000u
#define MAX_POOL_WIDTH 64u
/* Multiply-accumulates behind one row of features, pools and padding included. */
#define MAX_ROW_MACS 0x10000000u

/* The doubled accumulator must fit 32 bits. */
#define ACCUMULATOR_LIMIT 0x3FFFFFFF
/* The difference of two int8 values, shifted left, must fit 32 bits. */
#define MAX_SMALL_SHIFT 21
/* 2**shift must fit 32 bits. */
#define MAX_SOFTMAX_SHIFT 30

static int is_multiplier(int32_t multiplier, int32_t shift)
{
    return multiplier >= 0 && shift >= -31 && shift <= MAX_SMALL_SHIFT;
}

/* Check bias, multiplier and shift of every channel: no accumulator may overflow. */
static int check_requantization(const lsn_model *model, uint32_t offset, uint32_t channels,
                                uint32_t products)
{
    if (!lsn_lies_inside(model, offset, channels, 3u * sizeof(int32_t))) {
        return 0;
    }
    const int32_t *bias = lsn_at(model, offset);
    const int32_t *multiplier = bias + channels;
    const int32_t *shift = multiplier + channels;
    for (uint32_t c = 0; c < channels; c++) {
        if (!is_multiplier(multiplier[c], shift[c])) {
            return 0;
        }
        int64_t bound = bias[c] < 0 ? -(int64_t)bias[c] : bias[c];
        bound += (int64_t)products * 128 * 128;
        if (bound > (ACCUMULATOR_LIMIT >> (shift[c] > 0 ? shift[c] : 0))) {
            return 0;
        }
    }
    return 1;
}

static int check_bounds(int32_t zero_point, int32_t minimum, int32_t maximum)
{
    return lsn_is_int8(zero_point) && lsn_is_int8(minimum) && lsn_is_int8(maximum) &&
           minimum <= maximum;
}

static int check_path(const lsn_model *model, const lsn_stage *stage, const lsn_path *path)
{
    if (!lsn_is_between(path->kernel_height, 1, LSN_MAX_KERNEL) ||
        !lsn_is_between(path->kernel_width, 1, LSN_MAX_KERNEL) ||
        !lsn_is_between(path->filters, 1, MAX_CHANNELS)) {
        return 0;
    }
    uint32_t packed = lsn_packed_length(stage, path);
    return lsn_lies_inside(model, path->weights, path->filters, packed) &&
           check_requantization(model, path->requantization, path->filters, packed) &&
           check_bounds(path->zero_point, path->minimum, path->maximum) &&
           is_multiplier(path->rescale_multiplier, path->rescale_shift) &&
           lsn_is_int8(path->rescale_input_zero_point) &&
           lsn_is_int8(path->rescale_output_zero_point);
}

/* Check a stage. Out: the channels of its output. In and out: bytes of weights, and work of
 * a row, so far. */
static int check_stage(const lsn_model *model, const lsn_stage *stage, uint32_t *channels,
                       uint64_t *weight_bytes, uint64_t *row_macs)
{
    if (!lsn_is_between(stage->width, 1, LSN_MAX_WIDTH) ||
        !lsn_is_between(stage->channels, 1, MAX_CHANNELS) ||
        stage->width * stage->channels > MAX_ROW_BYTES || !lsn_is_int8(stage->zero_point) ||
        !lsn_is_between(stage->pool_height, 1, 2) ||
        !lsn_is_between(stage->pool_width, 1, MAX_POOL_WIDTH) ||
        !lsn_is_between(stage->tile_width, 1, stage->width) ||
        (stage->tile_width % stage->pool_width != 0 && stage->tile_width != stage->width) ||
        !lsn_is_between(stage->n_paths, 1, MAX_PATHS) ||
        !lsn_lies_inside(model, stage->paths, stage->n_paths, sizeof(lsn_path))) {
        return 0;
    }
    const lsn_path *paths = lsn_paths_of(model, stage);
    *channels = 0;
    for (uint32_t p = 0; p < stage->n_paths; p++) {
        if (!check_path(model, stage, &paths[p])) {
            return 0;
        }
        *channels += paths[p].filters;
        uint64_t bytes = (uint64_t)paths[p].filters * lsn_packed_length(stage, &paths[p]);
        *weight_bytes += bytes;
        *row_macs += bytes * stage->width * stage->pool_height;
    }
    return 1;
}

static int check_head(const lsn_model *model, const lsn_head *head)
{
    uint32_t packed = lsn_round_up(head->channels, LSN_GROUP);
    return lsn_lies_inside(model, head->weights, model->n_labels, packed) &&
           check_requantization(model, head->requantization, model->n_labels, packed) &&
           lsn_is_int8(head->input_zero_point) && lsn_is_int8(head->mean_zero_point) &&
           is_multiplier(head->mean_multiplier, head->mean_shift) &&
           check_bounds(head->zero_point, head->minimum, head->maximum) &&
           head->softmax_multiplier >= 0 && head->softmax_shift >= 0 &&
           head->softmax_shift <= MAX_SOFTMAX_SHIFT && head->softmax_smallest_difference <= 0 &&
           /* The argument of the exponential must fit 32 bits. */
           -(int64_t)head->softmax_smallest_difference <=
               ((int64_t)INT32_MAX >> head->softmax_shift);
}

int lsn_verify_network(const lsn_model *model)
{
    const lsn_header *header = lsn_header_of(model);
    uint32_t width = header->n_coefficients;
    uint32_t channels = 1;
    uint64_t weight_bytes = 0;
    uint64_t row_macs = 0;
    if (!lsn_is_between(header->n_stages, 1, LSN_MAX_STAGES) ||
        !lsn_lies_inside(model, header->stages, header->n_stages, sizeof(lsn_stage)) ||
        !lsn_lies_inside(model, header->head, 1, sizeof(lsn_head))) {
        return 0;
    }
    const lsn_stage *stages = lsn_stages_of(model);
    const lsn_head *head = lsn_head_of(model);
    for (uint32_t s = 0; s < header->n_stages; s++) {
        if (stages[s].width != width || stages[s].channels != channels ||
            !check_stage(model, &stages[s], &channels, &weight_bytes, &row_macs)) {
            return 0;
        }
        width = lsn_output_width(&stages[s]);
    }
    /* Weights do not overlap. */
    return weight_bytes <= model->blob_size && row_macs <= MAX_ROW_MACS && channels <= MAX_CHANNELS &&
           head->width == width && head->channels == channels && width <= LSN_MAX_OUTPUT_WIDTH &&
           width * channels <= MAX_ROW_BYTES && check_head(model, head);
}
