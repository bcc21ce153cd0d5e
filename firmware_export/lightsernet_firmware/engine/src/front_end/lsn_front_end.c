/* SPDX-License-Identifier: Apache-2.0 */
/* The front end in float32: the steps of docs/reference/front-end.md, with the constants of
 * the blob. */
#include "lsn_front_end.h"

#include <math.h>

#include "lsn_complex_fft.h"
#include "lsn_four.h"
#include "lsn_natural_log.h"
#include "lsn_vectorize.h"

#if !LSN_FIXED_POINT_FRONT_END

/* 1.5 * 2**23: adding it to a float of some hundred rounds that to an integer, halves to even,
 * as floats of this size are integers; the integer is in the lower bits of the sum. */
#define ROUNDING_MAGIC 12582912.0f
#define ROUNDING_MAGIC_BITS 0x4B400000

/* Mean of the frame, rounded towards zero; 0 without LSN_REMOVE_OFFSET. Through a Hann
 * window as long as the transform a constant reaches only bins 0 and 1, which the bands of
 * such a front end do not use. Subtracting it in integers changes no feature, but keeps its
 * float32 rounding noise out of the other bins. */
static int32_t offset_of(const lsn_front_end *front_end, const int16_t *pcm)
{
    int32_t sum = 0;
    if ((front_end->flags & LSN_REMOVE_OFFSET) == 0) {
        return 0;
    }
    for (uint32_t i = 0; i < front_end->frame_length; i++) {
        sum += pcm[i];
    }
    return sum / (int32_t)front_end->frame_length;
}

/* Window the frame and pack it as half as many complex numbers: even samples are the real
 * parts, odd ones the imaginary parts. */
static void load_frame(const lsn_model *model, const lsn_front_end *front_end,
                       const int16_t *restrict pcm, float *restrict real, float *restrict imag)
{
    const uint32_t *restrict window = lsn_at(model, front_end->window);
    uint32_t length = front_end->frame_length;
    uint32_t pairs = length / 2u;
    int32_t offset = offset_of(front_end, pcm);
    for (size_t i = 0; i < pairs; i++) {
        real[i] = (float)(pcm[2u * i] - offset) * lsn_float(&window[2u * i]);
        imag[i] = (float)(pcm[2u * i + 1u] - offset) * lsn_float(&window[2u * i + 1u]);
    }
    for (size_t i = pairs; i < front_end->fft_length / 2u; i++) {
        real[i] = 0.0f;
        imag[i] = 0.0f;
    }
    if (length % 2u != 0) {
        real[pairs] = (float)(pcm[length - 1u] - offset) * lsn_float(&window[length - 1u]);
    }
}

/* What the bands sum over, from the parts of a bin: |X|**2 divided by the transform's length,
 * or |X|. */
static LSN_SPECIALIZED float magnitude(float real, float imag, float scale, int is_power)
{
    float power = real * real + imag * imag;
    return is_power ? power * scale : sqrtf(power);
}

/* Spectrum of the bins 0 .. points, from the transform Z of the packed frame. As the window
 * is halved, X[k] = (Z[k] + Z*[-k]) - j W**k (Z[k] - Z*[-k]). */
static LSN_SPECIALIZED void spectrum_of(const float *restrict real, const float *restrict imag,
                                        const uint32_t *restrict split, size_t points,
                                        int is_power, float *restrict spectrum)
{
    size_t half = points / 2u;
    float scale = 0.5f / (float)points;
    spectrum[0] = magnitude(2.0f * (real[0] + imag[0]), 0.0f, scale, is_power);
    spectrum[points] = magnitude(2.0f * (real[0] - imag[0]), 0.0f, scale, is_power);
    spectrum[half] = magnitude(2.0f * real[half], 2.0f * imag[half], scale, is_power);
    LSN_INDEPENDENT
    for (size_t k = 1; k < half; k++) {
        float c = lsn_float(&split[k]);
        float s = lsn_float(&split[half + k]);
        float even_r = real[k] + real[points - k];
        float even_i = imag[k] - imag[points - k];
        float odd_r = imag[k] + imag[points - k];
        float odd_i = real[points - k] - real[k];
        float turned_r = odd_r * c - odd_i * s;
        float turned_i = odd_r * s + odd_i * c;
        spectrum[k] = magnitude(even_r + turned_r, even_i + turned_i, scale, is_power);
        spectrum[points - k] = magnitude(even_r - turned_r, even_i - turned_i, scale, is_power);
    }
}

/* Weighted sum over each band's bins, in four partial sums that do not depend on each
 * other. A band's number of bins is a multiple of four: those past the last are zero.
 * Returns the sum of all bands. */
static float mel_bands(const lsn_model *model, const lsn_front_end *front_end, float *spectrum,
                       float *restrict mel)
{
    const uint32_t *bands = lsn_at(model, front_end->bands);
    const uint32_t *weights = lsn_at(model, front_end->band_weights);
    const lsn_four none = {0.0f, 0.0f, 0.0f, 0.0f};
    float all = 0.0f;
    for (uint32_t i = 1; i < LSN_GROUP; i++) {
        spectrum[front_end->fft_length / 2u + i] = 0.0f;
    }
    for (uint32_t m = 0; m < front_end->n_mels; m++) {
        const float *bin = spectrum + bands[2u * m];
        size_t count = bands[2u * m + 1u];
        lsn_four sums = none;
        for (size_t i = 0; i < count; i += LSN_GROUP) {
            sums = lsn_add_products(sums, bin + i, weights + i);
        }
        mel[m] = lsn_sum_of_four(sums);
        all += mel[m];
        weights += count;
    }
    return all;
}

/* The running peak of the mean over the bands, whose sum is given. */
static float new_level(const lsn_front_end *front_end, float level, float sum)
{
    float peak = level * lsn_float(&front_end->level_decay);
    float floor = lsn_float(&front_end->level_floor);
    float mean = sum / (float)front_end->n_mels;
    peak = mean > peak ? mean : peak;
    return floor > peak ? floor : peak;
}

/* Divide by the level and take logarithms. */
static void level_and_log(const lsn_front_end *front_end, float *level, float sum, float *mel)
{
    uint32_t n_mels = front_end->n_mels;
    float log_floor = lsn_float(&front_end->log_floor);
    float inverse_level = 1.0f;
    int replaces = (front_end->flags & LSN_REPLACE_ZERO) != 0;
    if ((front_end->flags & LSN_RUNNING_PEAK) != 0) {
        *level = new_level(front_end, *level, sum);
        inverse_level = 1.0f / *level;
    }
    for (uint32_t m = 0; m < n_mels; m++) {
        float x = mel[m] * inverse_level;
        float replaced = x > 0.0f ? x : log_floor;
        mel[m] = lsn_natural_log(replaces ? replaced : x + log_floor);
    }
}

/* Sum over the bands, four at a time: each sum is loaded and stored once for them, and waits
 * for one addition. */
static void cosine_transform(const lsn_model *model, const lsn_front_end *front_end,
                             const float *restrict mel, float *restrict cepstrum)
{
    const uint32_t *dct = lsn_at(model, front_end->dct);
    size_t count = model->n_coefficients;
    uint32_t m = 0;
    for (size_t c = 0; c < count; c++) {
        cepstrum[c] = 0.0f;
    }
    for (; m + 4u <= front_end->n_mels; m += 4u) {
        LSN_INDEPENDENT
        for (size_t c = 0; c < count; c++) {
            float first =
                mel[m] * lsn_float(&dct[c]) + mel[m + 1u] * lsn_float(&dct[count + c]);
            float second = mel[m + 2u] * lsn_float(&dct[2u * count + c]) +
                           mel[m + 3u] * lsn_float(&dct[3u * count + c]);
            cepstrum[c] += first + second;
        }
        dct += 4u * count;
    }
    for (; m < front_end->n_mels; m++) {
        for (size_t c = 0; c < count; c++) {
            cepstrum[c] += mel[m] * lsn_float(&dct[c]);
        }
        dct += count;
    }
}

/* Add a row to the statistics of the utterance. */
static void add_to_statistics(const lsn_model *model, const lsn_front_end *front_end,
                              const float *restrict cepstrum,
                              const lsn_standardization *standardization)
{
    const uint32_t *mean = lsn_at(model, front_end->mean);
    const uint32_t *inverse_scale = lsn_at(model, front_end->inverse_scale);
    for (uint32_t c = 0; c < model->n_coefficients; c++) {
        float unit = (cepstrum[c] - lsn_float(&mean[c])) * lsn_float(&inverse_scale[c]);
        standardization->sum[c] += unit;
        standardization->squares[c] += unit * unit;
    }
}

/* Add a row to the running mean u of the utterance, and subtract that: with d = x - mean,
 * u += share * (d - u), as the front end's page defines it. Rounding errors fade with the
 * rows that made them. */
static void subtract_utterance_mean(const lsn_standardization *standardization, size_t count,
                                    float *restrict cepstrum)
{
    const uint32_t *mean = standardization->mean;
    float *utterance_mean = standardization->utterance_mean;
    for (size_t c = 0; c < count; c++) {
        float deviation = cepstrum[c] - lsn_float(&mean[c]);
        utterance_mean[c] += standardization->share * (deviation - utterance_mean[c]);
        cepstrum[c] -= utterance_mean[c];
    }
}

/* Subtracting the bits rather than the float: a compiler that may reorder floats leaves out an
 * addition that is taken back, and where registers are wider than a float it rounds nothing. */
static inline int32_t rounded(float x)
{
    float sum = x + ROUNDING_MAGIC;
    int32_t bits;
    memcpy(&bits, &sum, sizeof bits);
    return bits - ROUNDING_MAGIC_BITS;
}

/* Standardise, clip, and round to the model's int8. */
static void quantize(const lsn_model *model, const lsn_front_end *front_end,
                     const float *restrict cepstrum, const lsn_standardization *standardization,
                     int8_t *restrict row)
{
    const uint32_t *mean = standardization->mean;
    const uint32_t *inverse_scale = standardization->inverse_scale;
    float clip = lsn_float(&front_end->clip_value);
    float steps = lsn_float(&front_end->input_steps);
    size_t count = model->n_coefficients;
    int32_t zero_point = model->input_zero_point;
    float lowest = (float)(-128 - zero_point);
    float highest = (float)(127 - zero_point);
    LSN_INDEPENDENT
    for (size_t c = 0; c < count; c++) {
        float x = (cepstrum[c] - lsn_float(&mean[c])) * lsn_float(&inverse_scale[c]);
        /* This order of comparisons brings a NaN, from a senseless table, to a bound. */
        x = x > -clip ? x : -clip;
        x = (x > clip ? clip : x) * steps;
        x = x > lowest ? x : lowest;
        x = x > highest ? highest : x;
        row[c] = (int8_t)(rounded(x) + zero_point);
    }
}

void lsn_front_end_run(const lsn_model *model, const int16_t *pcm,
                       const lsn_standardization *standardization, float *level, float *scratch,
                       int8_t *row)
{
    const lsn_front_end *front_end = lsn_front_end_of(model);
    const uint32_t *twiddles = lsn_at(model, front_end->twiddles);
    const uint32_t *split = lsn_at(model, front_end->split);
    int is_power = (front_end->flags & LSN_POWER_SPECTRUM) != 0;
    uint32_t points = front_end->fft_length / 2u;
    float *first = scratch;
    float *second = scratch + front_end->fft_length;
    load_frame(model, front_end, pcm, first, first + points);
    if (lsn_complex_fft(first, first + points, second, second + points, twiddles, points)) {
        float *swap = first;
        first = second;
        second = swap;
    }
    if (LSN_SPECIALIZES && !is_power) {
        spectrum_of(first, first + points, split, points, 0, second);
    } else {
        spectrum_of(first, first + points, split, points, is_power, second);
    }
    level_and_log(front_end, level, mel_bands(model, front_end, second, first), first);
    if (front_end->dct != 0) {
        cosine_transform(model, front_end, first, second);
        first = second;
    }
    if (standardization->sum != NULL) {
        add_to_statistics(model, front_end, first, standardization);
    }
    if (standardization->utterance_mean != NULL) {
        subtract_utterance_mean(standardization, model->n_coefficients, first);
    }
    quantize(model, front_end, first, standardization, row);
}

#endif
