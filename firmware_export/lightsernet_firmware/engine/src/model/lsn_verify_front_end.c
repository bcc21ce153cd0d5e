/* SPDX-License-Identifier: Apache-2.0 */
#include "lsn_verify_front_end.h"

#include "lsn_verify.h"

#define MAX_FFT 4096u
#define MIN_FFT 16u
#define MAX_MELS 512u
/* Integers up to here are exact as floats. */
#define MAX_MEMORY_ROWS 0x1000000u

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

/* A profile divides by these. */
static int check_profile_limits(const lsn_model *model, const lsn_front_end *front_end)
{
    const uint32_t *inverse_scale = lsn_at(model, front_end->inverse_scale);
    if ((front_end->flags & LSN_STANDARDIZES) == 0) {
        return 1;
    }
    for (uint32_t c = 0; c < model->n_coefficients; c++) {
        if (!lsn_is_positive(inverse_scale[c])) {
            return 0;
        }
    }
    return lsn_is_positive(front_end->prior_mean_rows) &&
           lsn_is_positive(front_end->prior_scale_rows) &&
           lsn_is_positive(front_end->memory_rows) && lsn_is_positive(front_end->max_shift) &&
           lsn_is_positive(front_end->max_stretch) &&
           lsn_float(&front_end->max_stretch) >= 1.0f;
}

/* The running mean divides by the sum of both. Older blobs have neither flag nor words. */
static int check_utterance_mean(const lsn_model *model, const lsn_front_end *front_end)
{
    if ((front_end->flags & LSN_UTTERANCE_MEAN) == 0) {
        return 1;
    }
    return lsn_header_of(model)->version >= 5u &&
           lsn_is_positive(front_end->utterance_prior_rows) &&
           lsn_is_between(front_end->utterance_memory_rows, 1, MAX_MEMORY_ROWS);
}

int lsn_verify_front_end(const lsn_model *model, const lsn_front_end *front_end)
{
    uint32_t n_fft = front_end->fft_length;
    uint32_t n_mels = front_end->n_mels;
    uint32_t n_out = model->n_coefficients;
    if (!lsn_is_between(n_fft, MIN_FFT, MAX_FFT) || (n_fft & (n_fft - 1u)) != 0 ||
        !lsn_is_between(front_end->frame_length, 1, n_fft) ||
        !lsn_is_between(front_end->hop_length, 1, front_end->frame_length) ||
        !lsn_is_between(front_end->sample_rate, 1, 1000000u) ||
        !lsn_is_between(n_mels, 1, MAX_MELS) || n_mels > n_fft || n_out > n_fft ||
        (front_end->dct == 0 && n_out != n_mels)) {
        return 0;
    }
    if (!lsn_is_finite(front_end->level_decay) || !lsn_is_positive(front_end->level_floor) ||
        !lsn_is_positive(front_end->log_floor) || !lsn_is_positive(front_end->clip_value) ||
        !lsn_is_positive(front_end->input_steps)) {
        return 0;
    }
    return lsn_floats_are_finite(model, front_end->window, front_end->frame_length) &&
           lsn_floats_are_finite(model, front_end->twiddles, n_fft / 16u * 14u) &&
           lsn_floats_are_finite(model, front_end->split, n_fft / 4u * 2u) &&
           lsn_lies_inside(model, front_end->bands, n_mels, 2u * sizeof(uint32_t)) &&
           check_bands(model, front_end) &&
           lsn_floats_are_finite(model, front_end->band_weights, front_end->n_band_weights) &&
           (front_end->dct == 0 || lsn_floats_are_finite(model, front_end->dct, n_mels * n_out)) &&
           lsn_floats_are_finite(model, front_end->mean, n_out) &&
           lsn_floats_are_finite(model, front_end->inverse_scale, n_out) &&
           check_profile_limits(model, front_end) && check_utterance_mean(model, front_end);
}
