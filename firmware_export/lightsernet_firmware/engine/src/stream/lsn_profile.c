/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles: mean and scale of a user's voice instead of the training set's.
 *
 * With n rows of mean m and variance v, a = prior_mean_rows, b = prior_scale_rows, and the
 * blob's mean m0 and scale s0:
 *
 *     mean    = m0 + n / (n + a) (m - m0),       at most max_shift * s0 from m0
 *     scale^2 = s0^2 + n / (n + b) (v - s0^2),   scale in s0 / max_stretch .. s0 * max_stretch
 *
 * The running statistics are the sums behind m and v, in units of s0 around m0. Beyond
 * memory_rows, n and the sums are scaled down to it: older speech then fades.
 */
#include "lsn_profile.h"

#include <float.h>
#include <math.h>

static float *array_of(const lsn_stream *stream, uint32_t which)
{
    float *arrays = lsn_ram_at(stream, lsn_layout_of(stream->model).profile);
    return arrays + (size_t)which * stream->model->n_coefficients;
}

static float rows_per_second(const lsn_front_end *front_end)
{
    return (float)front_end->sample_rate / (float)front_end->hop_length;
}

/* Clamp x; a NaN becomes the lower bound. */
static float bounded(float x, float low, float high)
{
    x = x > low ? x : low;
    return x > high ? high : x;
}

static float at_least_one(float x)
{
    return x > 1.0f ? x : 1.0f;
}

/* Tests the bits: with fast-math options a compiler takes every float for finite. */
static int is_finite(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (bits & 0x7F800000u) != 0x7F800000u;
}

/* Whether x and its inverse are finite and above 0. */
static int is_scale(float x)
{
    return is_finite(x) && x > 0.0f && is_finite(1.0f / x) && 1.0f / x > 0.0f;
}

static lsn_status check_profile(const lsn_stream *stream)
{
    if (stream->model->frame_length == 0) {
        return LSN_NO_FRONT_END;
    }
    if (!lsn_standardizes(stream->model)) {
        return LSN_NO_PROFILE;
    }
    return LSN_OK;
}

void lsn_profile_begin(lsn_stream *stream)
{
    const lsn_model *model = stream->model;
    const lsn_front_end *front_end = lsn_front_end_of(model);
    size_t bytes = model->n_coefficients * sizeof(float);
    memcpy(array_of(stream, LSN_MEAN), lsn_at(model, front_end->mean), bytes);
    memcpy(array_of(stream, LSN_INVERSE_SCALE), lsn_at(model, front_end->inverse_scale), bytes);
}

void lsn_utterance_statistics_clear(lsn_stream *stream)
{
    size_t bytes = 2u * stream->model->n_coefficients * sizeof(float);
    memset(array_of(stream, LSN_UTTERANCE_SUM), 0, bytes);
    stream->utterance_rows = 0;
}

/* Sum and squares are consecutive arrays: one copy takes both. */
size_t lsn_utterance_statistics_bytes(const lsn_model *model)
{
    return 2u * model->n_coefficients * sizeof(float) + sizeof(uint32_t);
}

void lsn_utterance_statistics_save(const lsn_stream *stream, void *saved)
{
    size_t sums = lsn_utterance_statistics_bytes(stream->model) - sizeof stream->utterance_rows;
    memcpy(saved, array_of(stream, LSN_UTTERANCE_SUM), sums);
    memcpy((uint8_t *)saved + sums, &stream->utterance_rows, sizeof stream->utterance_rows);
}

void lsn_utterance_statistics_restore(lsn_stream *stream, const void *saved)
{
    size_t sums = lsn_utterance_statistics_bytes(stream->model) - sizeof stream->utterance_rows;
    memcpy(array_of(stream, LSN_UTTERANCE_SUM), saved, sums);
    memcpy(&stream->utterance_rows, (const uint8_t *)saved + sums, sizeof stream->utterance_rows);
}

/* What the next row of the utterance counts for in its running mean. */
static float utterance_mean_share(const lsn_stream *stream)
{
    const lsn_front_end *front_end = lsn_front_end_of(stream->model);
    uint32_t memory = front_end->utterance_memory_rows;
    uint32_t rows = stream->utterance_rows < memory ? stream->utterance_rows + 1u : memory;
    return 1.0f / ((float)rows + lsn_float(&front_end->utterance_prior_rows));
}

lsn_standardization lsn_profile_in_use(const lsn_stream *stream)
{
    lsn_standardization standardization;
    standardization.mean = (const uint32_t *)(const void *)array_of(stream, LSN_MEAN);
    standardization.inverse_scale =
        (const uint32_t *)(const void *)array_of(stream, LSN_INVERSE_SCALE);
    standardization.sum = NULL;
    standardization.squares = NULL;
    standardization.utterance_mean = NULL;
    standardization.share = 0.0f;
    if (lsn_has_utterance_mean(stream->model)) {
        standardization.utterance_mean =
            lsn_ram_at(stream, lsn_layout_of(stream->model).utterance_mean);
        standardization.share = utterance_mean_share(stream);
    }
    if (check_profile(stream) == LSN_OK) {
        standardization.sum = array_of(stream, LSN_UTTERANCE_SUM);
        standardization.squares = array_of(stream, LSN_UTTERANCE_SQUARES);
    }
    return standardization;
}

/* Set the running statistics to those that lead to the profile in use. */
static void begin_statistics(lsn_stream *stream, float seconds)
{
    const lsn_model *model = stream->model;
    const lsn_front_end *front_end = lsn_front_end_of(model);
    const uint32_t *mean0 = lsn_at(model, front_end->mean);
    const uint32_t *inverse_scale0 = lsn_at(model, front_end->inverse_scale);
    const float *mean = array_of(stream, LSN_MEAN);
    const float *inverse_scale = array_of(stream, LSN_INVERSE_SCALE);
    float *sum = array_of(stream, LSN_RUNNING_SUM);
    float *squares = array_of(stream, LSN_RUNNING_SQUARES);
    float rows = bounded(seconds * rows_per_second(front_end), 0.0f,
                         lsn_float(&front_end->memory_rows));
    float mean_share = rows / (rows + lsn_float(&front_end->prior_mean_rows));
    float scale_share = rows / (rows + lsn_float(&front_end->prior_scale_rows));
    int known = mean_share > 0.0f && scale_share > 0.0f;
    for (uint32_t c = 0; c < model->n_coefficients; c++) {
        sum[c] = 0.0f;
        squares[c] = 0.0f;
        if (known) {
            float inverse = lsn_float(&inverse_scale0[c]);
            float stretch = inverse / inverse_scale[c];
            float m = (mean[c] - lsn_float(&mean0[c])) * inverse / mean_share;
            float v = 1.0f + (stretch * stretch - 1.0f) / scale_share;
            sum[c] = rows * m;
            squares[c] = rows * ((v > 0.0f ? v : 0.0f) + m * m);
        }
    }
    stream->profile_rows = known ? rows : 0.0f;
    stream->profile_seconds = seconds;
}

lsn_status lsn_set_profile(lsn_stream *stream, const float *mean, const float *scale,
                           float seconds)
{
    if (stream == NULL || mean == NULL || scale == NULL) {
        return LSN_BAD_ARGUMENT;
    }
    lsn_status status = check_profile(stream);
    if (status != LSN_OK) {
        return status;
    }
    if (!is_finite(seconds) || seconds < 0.0f) {
        return LSN_BAD_PROFILE;
    }
    uint32_t count = stream->model->n_coefficients;
    for (uint32_t c = 0; c < count; c++) {
        if (!is_finite(mean[c]) || !is_scale(scale[c])) {
            return LSN_BAD_PROFILE;
        }
    }
    float *inverse_scale = array_of(stream, LSN_INVERSE_SCALE);
    memcpy(array_of(stream, LSN_MEAN), mean, count * sizeof *mean);
    for (uint32_t c = 0; c < count; c++) {
        inverse_scale[c] = 1.0f / scale[c];
    }
    begin_statistics(stream, seconds);
    return LSN_OK;
}

lsn_status lsn_profile(const lsn_stream *stream, float *mean, float *scale, float *seconds)
{
    if (stream == NULL || mean == NULL || scale == NULL || seconds == NULL) {
        return LSN_BAD_ARGUMENT;
    }
    lsn_status status = check_profile(stream);
    if (status != LSN_OK) {
        return status;
    }
    const float *inverse_scale = array_of(stream, LSN_INVERSE_SCALE);
    uint32_t count = stream->model->n_coefficients;
    memcpy(mean, array_of(stream, LSN_MEAN), count * sizeof *mean);
    for (uint32_t c = 0; c < count; c++) {
        scale[c] = 1.0f / inverse_scale[c];
    }
    *seconds = stream->profile_seconds;
    return LSN_OK;
}

/* Add the utterance to the running statistics. */
static void add_utterance(lsn_stream *stream, const lsn_front_end *front_end)
{
    const float *utterance_sum = array_of(stream, LSN_UTTERANCE_SUM);
    const float *utterance_squares = array_of(stream, LSN_UTTERANCE_SQUARES);
    float *sum = array_of(stream, LSN_RUNNING_SUM);
    float *squares = array_of(stream, LSN_RUNNING_SQUARES);
    float added = (float)stream->utterance_rows;
    float rows = stream->profile_rows + added;
    float memory = lsn_float(&front_end->memory_rows);
    float keep = rows > memory ? memory / rows : 1.0f;
    for (uint32_t c = 0; c < stream->model->n_coefficients; c++) {
        sum[c] = (sum[c] + utterance_sum[c]) * keep;
        squares[c] = (squares[c] + utterance_squares[c]) * keep;
    }
    stream->profile_rows = rows * keep;
    stream->profile_seconds += added / rows_per_second(front_end);
}

lsn_status lsn_adapt(lsn_stream *stream)
{
    if (stream == NULL) {
        return LSN_BAD_ARGUMENT;
    }
    lsn_status status = check_profile(stream);
    if (status != LSN_OK) {
        return status;
    }
    if (!stream->finished) {
        return LSN_NOT_FINISHED;
    }
    if (stream->utterance_rows == 0) {
        return LSN_OK;
    }
    const lsn_model *model = stream->model;
    const lsn_front_end *front_end = lsn_front_end_of(model);
    const uint32_t *mean0 = lsn_at(model, front_end->mean);
    const uint32_t *inverse_scale0 = lsn_at(model, front_end->inverse_scale);
    float *mean = array_of(stream, LSN_MEAN);
    float *inverse_scale = array_of(stream, LSN_INVERSE_SCALE);
    float max_shift = lsn_float(&front_end->max_shift);
    float max_stretch = lsn_float(&front_end->max_stretch);
    add_utterance(stream, front_end);
    lsn_utterance_statistics_clear(stream);
    const float *sum = array_of(stream, LSN_RUNNING_SUM);
    const float *squares = array_of(stream, LSN_RUNNING_SQUARES);
    float rows = at_least_one(stream->profile_rows);
    float weight = stream->profile_rows;
    float mean_share = weight / (weight + lsn_float(&front_end->prior_mean_rows));
    float scale_share = weight / (weight + lsn_float(&front_end->prior_scale_rows));
    for (uint32_t c = 0; c < model->n_coefficients; c++) {
        float inverse = lsn_float(&inverse_scale0[c]);
        float m = sum[c] / rows;
        float v = bounded(squares[c] / rows - m * m, 0.0f, FLT_MAX);
        float shift = bounded(mean_share * m, -max_shift, max_shift);
        float square = 1.0f + scale_share * (v - 1.0f);
        float stretch = bounded(sqrtf(square > 0.0f ? square : 0.0f), 1.0f / max_stretch,
                                max_stretch);
        mean[c] = lsn_float(&mean0[c]) + shift / inverse;
        inverse_scale[c] = inverse / stretch;
    }
    return LSN_OK;
}
