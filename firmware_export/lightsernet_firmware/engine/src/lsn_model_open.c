/* SPDX-License-Identifier: Apache-2.0 */
/* The blob verifier: after it, every access of the engine is in bounds. */
#include "lsn_blob.h"
#include "lsn_crc32.h"
#include "lsn_ram.h"

/* Limits that keep all sizes far within 32 bits; Light-SERNets lie well below. */
#define MAX_BLOB_BYTES 0x4000000u
#define MAX_PATHS 8u
#define MAX_WIDTH 1024u
#define MAX_CHANNELS 2048u
#define MAX_ROW_BYTES 0x40000u
#define MAX_POOL_WIDTH 64u
#define MAX_LABELS 256u
#define MAX_FFT 4096u
#define MIN_FFT 16u
#define MAX_MELS 512u
/* Of 64 octaves of energy; and more than a peak can fall in one hop. */
#define MAX_LEVEL 0x4000
#define MAX_RELEASE 0x100000u
/* What a listener holds back and keeps, in bytes and samples. */
#define MAX_HELD_BYTES 0x1000000u
#define MAX_KEPT_SAMPLES 0x100000u

/* Twice an accumulator must fit 32 bits. */
#define ACCUMULATOR_LIMIT 0x3FFFFFFF
/* Differences of int8 values, shifted left, must stay within them too. */
#define MAX_SMALL_SHIFT 21
/* 2 to it must fit 32 bits. */
#define MAX_SOFTMAX_SHIFT 30

/* Whether `count` items of `item_bytes` lie in the blob, 4-byte aligned. */
static int lies_inside(const lsn_model *model, uint32_t offset, uint32_t count,
                       uint32_t item_bytes)
{
    uint64_t bytes = (uint64_t)count * item_bytes;
    return offset % 4u == 0 && offset >= sizeof(lsn_header) &&
           (uint64_t)offset + bytes <= model->blob_size;
}

static int is_int8(int32_t value)
{
    return value >= -128 && value <= 127;
}

static int is_between(uint32_t value, uint32_t low, uint32_t high)
{
    return value >= low && value <= high;
}

static int is_multiplier(int32_t multiplier, int32_t shift)
{
    return multiplier >= 0 && shift >= -31 && shift <= MAX_SMALL_SHIFT;
}

/* Neither NaN nor infinite: the exponent is not all ones. */
static int is_finite(uint32_t bits)
{
    return (bits & 0x7F800000u) != 0x7F800000u;
}

static int is_positive(uint32_t bits)
{
    return is_finite(bits) && bits != 0 && (bits & 0x80000000u) == 0;
}

static int floats_are_finite(const lsn_model *model, uint32_t offset, uint32_t count)
{
    if (!lies_inside(model, offset, count, sizeof(float))) {
        return 0;
    }
    const uint32_t *bits = lsn_at(model, offset);
    for (uint32_t i = 0; i < count; i++) {
        if (!is_finite(bits[i])) {
            return 0;
        }
    }
    return 1;
}

/* Bias, multiplier and shift of every channel: no accumulator may overflow. */
static int check_requantization(const lsn_model *model, uint32_t offset, uint32_t channels,
                                uint32_t products)
{
    if (!lies_inside(model, offset, channels, 3u * sizeof(int32_t))) {
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
    return is_int8(zero_point) && is_int8(minimum) && is_int8(maximum) && minimum <= maximum;
}

static int check_path(const lsn_model *model, const lsn_stage *stage, const lsn_path *path)
{
    if (!is_between(path->kernel_height, 1, LSN_MAX_KERNEL) ||
        !is_between(path->kernel_width, 1, LSN_MAX_KERNEL) ||
        !is_between(path->filters, 1, MAX_CHANNELS)) {
        return 0;
    }
    uint32_t packed = lsn_packed_length(stage, path);
    return lies_inside(model, path->weights, path->filters, packed) &&
           check_requantization(model, path->requantization, path->filters, packed) &&
           check_bounds(path->zero_point, path->minimum, path->maximum) &&
           is_multiplier(path->rescale_multiplier, path->rescale_shift) &&
           is_int8(path->rescale_input_zero_point) && is_int8(path->rescale_output_zero_point);
}

/* Checks a stage; says how many channels it gives and adds its weights up. */
static int check_stage(const lsn_model *model, const lsn_stage *stage, uint32_t *channels,
                       uint64_t *weight_bytes)
{
    if (!is_between(stage->width, 1, MAX_WIDTH) || !is_between(stage->channels, 1, MAX_CHANNELS) ||
        stage->width * stage->channels > MAX_ROW_BYTES || !is_int8(stage->zero_point) ||
        !is_between(stage->pool_height, 1, 2) ||
        !is_between(stage->pool_width, 1, MAX_POOL_WIDTH) ||
        !is_between(stage->tile_width, 1, stage->width) ||
        (stage->tile_width % stage->pool_width != 0 && stage->tile_width != stage->width) ||
        !is_between(stage->n_paths, 1, MAX_PATHS) ||
        !lies_inside(model, stage->paths, stage->n_paths, sizeof(lsn_path))) {
        return 0;
    }
    const lsn_path *paths = lsn_paths_of(model, stage);
    *channels = 0;
    for (uint32_t p = 0; p < stage->n_paths; p++) {
        if (!check_path(model, stage, &paths[p])) {
            return 0;
        }
        *channels += paths[p].filters;
        *weight_bytes += (uint64_t)paths[p].filters * lsn_packed_length(stage, &paths[p]);
    }
    return 1;
}

static int check_head(const lsn_model *model, const lsn_head *head)
{
    uint32_t packed = lsn_round_up(head->channels, LSN_GROUP);
    return lies_inside(model, head->weights, model->n_labels, packed) &&
           check_requantization(model, head->requantization, model->n_labels, packed) &&
           is_int8(head->input_zero_point) && is_int8(head->mean_zero_point) &&
           is_multiplier(head->mean_multiplier, head->mean_shift) &&
           check_bounds(head->zero_point, head->minimum, head->maximum) &&
           head->softmax_multiplier >= 0 && head->softmax_shift >= 0 &&
           head->softmax_shift <= MAX_SOFTMAX_SHIFT && head->softmax_smallest_difference <= 0 &&
           /* what is exponentiated stays within 32 bits */
           -(int64_t)head->softmax_smallest_difference <=
               ((int64_t)INT32_MAX >> head->softmax_shift);
}

/* The stages must fit each other, the features in front and the head behind. */
static int check_network(const lsn_model *model)
{
    const lsn_header *header = lsn_header_of(model);
    uint32_t width = header->n_coefficients;
    uint32_t channels = 1;
    uint64_t weight_bytes = 0;
    if (!is_between(header->n_stages, 1, LSN_MAX_STAGES) ||
        !lies_inside(model, header->stages, header->n_stages, sizeof(lsn_stage)) ||
        !lies_inside(model, header->head, 1, sizeof(lsn_head))) {
        return 0;
    }
    const lsn_stage *stages = lsn_stages_of(model);
    const lsn_head *head = lsn_head_of(model);
    for (uint32_t s = 0; s < header->n_stages; s++) {
        if (stages[s].width != width || stages[s].channels != channels ||
            !check_stage(model, &stages[s], &channels, &weight_bytes)) {
            return 0;
        }
        width = lsn_output_width(&stages[s]);
    }
    /* Weights do not overlap: so the work of one row is bounded by the blob. */
    return weight_bytes <= model->blob_size && channels <= MAX_CHANNELS &&
           head->width == width && head->channels == channels && width <= LSN_MAX_OUTPUT_WIDTH &&
           width * channels <= MAX_ROW_BYTES && check_head(model, head);
}

static int check_bands(const lsn_model *model, const lsn_front_end *front_end)
{
    const uint32_t *bands = lsn_at(model, front_end->bands);
    uint32_t bins = front_end->fft_length / 2u + 1u;
    uint32_t weights = 0;
    for (uint32_t m = 0; m < front_end->n_mels; m++) {
        uint32_t first = bands[2u * m];
        uint32_t count = bands[2u * m + 1u];
        if (first > bins || count % LSN_GROUP != 0 || count > bins - first + LSN_GROUP - 1u) {
            return 0;
        }
        weights += count;
    }
    return weights == front_end->n_band_weights;
}

/* Profiles divide by these. */
static int check_profile_limits(const lsn_model *model, const lsn_front_end *front_end)
{
    const uint32_t *inverse_scale = lsn_at(model, front_end->inverse_scale);
    if ((front_end->flags & LSN_STANDARDIZES) == 0) {
        return 1;
    }
    for (uint32_t c = 0; c < model->n_coefficients; c++) {
        if (!is_positive(inverse_scale[c])) {
            return 0;
        }
    }
    return is_positive(front_end->prior_mean_rows) && is_positive(front_end->prior_scale_rows) &&
           is_positive(front_end->memory_rows) && is_positive(front_end->max_shift) &&
           is_positive(front_end->max_stretch) &&
           lsn_float(&front_end->max_stretch) >= 1.0f;
}

static int check_front_end(const lsn_model *model, const lsn_front_end *front_end)
{
    uint32_t n_fft = front_end->fft_length;
    uint32_t n_mels = front_end->n_mels;
    uint32_t n_out = model->n_coefficients;
    if (!is_between(n_fft, MIN_FFT, MAX_FFT) || (n_fft & (n_fft - 1u)) != 0 ||
        !is_between(front_end->frame_length, 1, n_fft) ||
        !is_between(front_end->hop_length, 1, front_end->frame_length) ||
        !is_between(front_end->sample_rate, 1, 1000000u) || !is_between(n_mels, 1, MAX_MELS) ||
        n_mels > n_fft || n_out > n_fft || (front_end->dct == 0 && n_out != n_mels)) {
        return 0;
    }
    if (!is_finite(front_end->level_decay) || !is_positive(front_end->level_floor) ||
        !is_positive(front_end->log_floor) || !is_positive(front_end->clip_value) ||
        !is_positive(front_end->input_steps)) {
        return 0;
    }
    return floats_are_finite(model, front_end->window, front_end->frame_length) &&
           floats_are_finite(model, front_end->twiddles, n_fft / 16u * 14u) &&
           floats_are_finite(model, front_end->split, n_fft / 4u * 2u) &&
           lies_inside(model, front_end->bands, n_mels, 2u * sizeof(uint32_t)) &&
           check_bands(model, front_end) &&
           floats_are_finite(model, front_end->band_weights, front_end->n_band_weights) &&
           (front_end->dct == 0 || floats_are_finite(model, front_end->dct, n_mels * n_out)) &&
           floats_are_finite(model, front_end->mean, n_out) &&
           floats_are_finite(model, front_end->inverse_scale, n_out) &&
           check_profile_limits(model, front_end);
}

static int is_level(int32_t value)
{
    return value >= 0 && value <= MAX_LEVEL;
}

/* Differences of levels, and shares of them, stay far within 32 bits. */
static int check_endpointing(const lsn_model *model, const lsn_endpoint_constants *constants)
{
    const lsn_endpoint_constants *c = constants;
    return c->hop_length == model->hop_length &&
           is_between(c->half_wavelet, 1, LSN_MAX_HALF_WAVELET) && is_level(c->begin) &&
           is_level(c->last) && is_level(c->range) && is_level(c->begin_drop) &&
           is_level(c->last_drop) && is_level(c->silence) && is_level(c->first_floor) &&
           is_between((uint32_t)c->begin_share, 0, 256) &&
           is_between((uint32_t)c->last_share, 0, 256) &&
           is_between((uint32_t)c->release, 0, MAX_RELEASE) &&
           is_between(c->speech_window, 1, LSN_MAX_SPEECH_WINDOW) &&
           is_between(c->speech, 1, c->speech_window) &&
           is_between(c->hang_over, 1, LSN_MAX_HOPS) && is_between(c->maximum, 1, LSN_MAX_HOPS) &&
           c->before <= LSN_MAX_HOPS && c->after <= c->hang_over &&
           (uint64_t)c->hang_over * model->n_coefficients <= MAX_HELD_BYTES &&
           ((uint64_t)c->before + c->speech_window) * c->hop_length <= MAX_KEPT_SAMPLES &&
           is_between(c->floor_block, 1, LSN_MAX_HOPS) &&
           is_between(c->floor_blocks, 1, LSN_MAX_FLOOR_BLOCKS);
}

static int is_share(uint32_t bits)
{
    float value = lsn_float(&bits);
    return value >= 0.0f && value <= 1.0f;
}

static int check_decision(const lsn_model *model, const lsn_decision *decision)
{
    if (decision->step_hops == 0 || !is_between(decision->window_hops, 1, LSN_MAX_HOPS) ||
        !is_share(decision->keep) || decision->reserved[0] != 0 || decision->reserved[1] != 0 ||
        !lies_inside(model, decision->thresholds, model->n_labels, sizeof(float))) {
        return 0;
    }
    const uint32_t *thresholds = lsn_at(model, decision->thresholds);
    for (uint32_t i = 0; i < model->n_labels; i++) {
        if (!is_share(thresholds[i])) {
            return 0;
        }
    }
    return 1;
}

/* As many names as labels, each with its NUL. */
static int check_labels(const lsn_model *model)
{
    const lsn_header *header = lsn_header_of(model);
    if (!is_between(header->n_labels, 2, MAX_LABELS) ||
        !lies_inside(model, header->labels, header->label_bytes, 1)) {
        return 0;
    }
    const char *names = lsn_at(model, header->labels);
    uint32_t count = 0;
    for (uint32_t i = 0; i < header->label_bytes; i++) {
        count += names[i] == '\0';
    }
    return count == header->n_labels;
}

static lsn_status check_frame(const uint32_t *blob, size_t blob_size)
{
    const lsn_header *header = (const lsn_header *)(const void *)blob;
    if (blob_size < sizeof(lsn_header)) {
        return LSN_TRUNCATED;
    }
    if (header->magic != LSN_MAGIC) {
        return LSN_BAD_MAGIC;
    }
    if (header->version != LSN_BLOB_VERSION) {
        return LSN_BAD_VERSION;
    }
    if (header->size > blob_size) {
        return LSN_TRUNCATED;
    }
    if (!is_between(header->size, sizeof(lsn_header), MAX_BLOB_BYTES)) {
        return LSN_BAD_MODEL;
    }
    const uint8_t *bytes = (const uint8_t *)blob;
    if (lsn_crc32(bytes + LSN_CRC_START, header->size - LSN_CRC_START) != header->crc) {
        return LSN_BAD_CRC;
    }
    return LSN_OK;
}

static int check_all(lsn_model *model)
{
    const lsn_header *header = lsn_header_of(model);
    if (!is_between(header->n_coefficients, 1, MAX_WIDTH) || !is_positive(header->input_scale) ||
        !is_int8(header->input_zero_point) || !is_positive(header->temperature) ||
        !is_positive(header->min_seconds) || header->reserved[0] != 0 ||
        header->reserved[1] != 0 || !check_labels(model)) {
        return 0;
    }
    model->n_coefficients = header->n_coefficients;
    model->n_labels = header->n_labels;
    model->input_scale = lsn_float(&header->input_scale);
    model->input_zero_point = header->input_zero_point;
    model->temperature = lsn_float(&header->temperature);
    model->min_seconds = lsn_float(&header->min_seconds);
    if (!check_network(model)) {
        return 0;
    }
    if (header->front_end != 0) {
        if (!lies_inside(model, header->front_end, 1, sizeof(lsn_front_end))) {
            return 0;
        }
        const lsn_front_end *front_end = lsn_at(model, header->front_end);
        if (!check_front_end(model, front_end)) {
            return 0;
        }
        model->sample_rate = front_end->sample_rate;
        model->frame_length = front_end->frame_length;
        model->hop_length = front_end->hop_length;
    }
    if (header->endpointing == 0 || header->decision == 0) {
        return header->endpointing == header->decision;
    }
    return lies_inside(model, header->endpointing, 1, sizeof(lsn_endpoint_constants)) &&
           check_endpointing(model, lsn_endpointing_of(model)) &&
           lies_inside(model, header->decision, 1, sizeof(lsn_decision)) &&
           check_decision(model, lsn_decision_of(model));
}

lsn_status lsn_model_open(lsn_model *model, const void *blob, size_t blob_size)
{
    if (model == NULL) {
        return LSN_BAD_ARGUMENT;
    }
    memset(model, 0, sizeof *model);
    if (blob == NULL) {
        return LSN_BAD_ARGUMENT;
    }
    if ((uintptr_t)blob % LSN_ALIGNMENT != 0) {
        return LSN_BAD_ALIGNMENT;
    }
    lsn_status status = check_frame((const uint32_t *)blob, blob_size);
    if (status != LSN_OK) {
        return status;
    }
    model->blob = (const uint32_t *)blob;
    model->blob_size = lsn_header_of(model)->size;
    if (!check_all(model)) {
        memset(model, 0, sizeof *model);
        return LSN_BAD_MODEL;
    }
    model->ram_size = lsn_layout_of(model).size;
    return LSN_OK;
}

size_t lsn_ram_size(const lsn_model *model)
{
    return model == NULL ? 0 : model->ram_size;
}

const char *lsn_label(const lsn_model *model, uint32_t label)
{
    if (model == NULL || label >= model->n_labels) {
        return NULL;
    }
    const char *name = lsn_at(model, lsn_header_of(model)->labels);
    for (uint32_t i = 0; i < label; i++) {
        name += strlen(name) + 1u;
    }
    return name;
}

uint32_t lsn_version(void)
{
    return LSN_API_VERSION << 16 | LSN_BLOB_VERSION;
}
