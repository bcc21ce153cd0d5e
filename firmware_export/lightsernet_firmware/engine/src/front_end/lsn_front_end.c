/* SPDX-License-Identifier: Apache-2.0 */
/* The front end in float32: the steps of docs/reference/front-end.md, with the constants of
 * the blob. */
#include "lsn_front_end.h"

#include <math.h>

#include "lsn_complex_fft.h"
#include "lsn_natural_log.h"
#include "lsn_vectorize.h"

#if !LSN_FIXED_POINT_FRONT_END

/* 1.5 * 2**23: adding and subtracting it rounds a float below LARGEST_STEP to an integer,
 * halves to even, as floats of that size are integers. */
#define ROUNDING_MAGIC 12582912.0f
#define LARGEST_STEP 1024.0f

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
                       const int16_t *pcm, float *real, float *imag)
{
    const uint32_t *window = lsn_at(model, front_end->window);
    uint32_t length = front_end->frame_length;
    uint32_t pairs = length / 2u;
    int32_t offset = offset_of(front_end, pcm);
    for (uint32_t i = 0; i < pairs; i++) {
        real[i] = (float)(pcm[2u * i] - offset) * lsn_float(&window[2u * i]);
        imag[i] = (float)(pcm[2u * i + 1u] - offset) * lsn_float(&window[2u * i + 1u]);
    }
    for (uint32_t i = pairs; i < front_end->fft_length / 2u; i++) {
        real[i] = 0.0f;
        imag[i] = 0.0f;
    }
    if (length % 2u != 0) {
        real[pairs] = (float)(pcm[length - 1u] - offset) * lsn_float(&window[length - 1u]);
    }
}

/* Power |X|**2 of the bins 0 .. points, from the transform Z of the packed frame. As the
 * window is halved, X[k] = (Z[k] + Z*[-k]) - j W**k (Z[k] - Z*[-k]). */
static void power_of_bins(const float *restrict real, const float *restrict imag,
                          const uint32_t *restrict split, size_t points, float *restrict power)
{
    size_t half = points / 2u;
    float sum = 2.0f * (real[0] + imag[0]);
    float difference = 2.0f * (real[0] - imag[0]);
    float middle_r = 2.0f * real[half];
    float middle_i = 2.0f * imag[half];
    power[0] = sum * sum;
    power[points] = difference * difference;
    power[half] = middle_r * middle_r + middle_i * middle_i;
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
        float r = even_r + turned_r;
        float i = even_i + turned_i;
        power[k] = r * r + i * i;
        r = even_r - turned_r;
        i = even_i - turned_i;
        power[points - k] = r * r + i * i;
    }
}

/* Power divided by the transform's length, or magnitude. */
static void spectrum_from_power(const lsn_front_end *front_end, float *spectrum)
{
    uint32_t bins = front_end->fft_length / 2u + 1u;
    if ((front_end->flags & LSN_POWER_SPECTRUM) != 0) {
        float scale = 1.0f / (float)front_end->fft_length;
        for (uint32_t k = 0; k < bins; k++) {
            spectrum[k] *= scale;
        }
    } else {
        for (uint32_t k = 0; k < bins; k++) {
            spectrum[k] = sqrtf(spectrum[k]);
        }
    }
}

/* Weighted sum over each band's bins, in four partial sums that do not depend on each
 * other. A band's number of bins is a multiple of four: those past the last are zero. */
static void mel_bands(const lsn_model *model, const lsn_front_end *front_end, float *spectrum,
                      float *mel)
{
    const uint32_t *bands = lsn_at(model, front_end->bands);
    const uint32_t *weights = lsn_at(model, front_end->band_weights);
    for (uint32_t i = 1; i < LSN_GROUP; i++) {
        spectrum[front_end->fft_length / 2u + i] = 0.0f;
    }
    for (uint32_t m = 0; m < front_end->n_mels; m++) {
        const float *bin = spectrum + bands[2u * m];
        size_t count = bands[2u * m + 1u];
        float sums[LSN_GROUP] = {0.0f, 0.0f, 0.0f, 0.0f};
        for (size_t i = 0; i < count; i += LSN_GROUP) {
            for (size_t j = 0; j < LSN_GROUP; j++) {
                sums[j] += bin[i + j] * lsn_float(&weights[i + j]);
            }
        }
        mel[m] = (sums[0] + sums[2]) + (sums[1] + sums[3]);
        weights += count;
    }
}

/* The running peak of the mean over the bands. */
static float new_level(const lsn_front_end *front_end, float level, const float *mel)
{
    float peak = level * lsn_float(&front_end->level_decay);
    float floor = lsn_float(&front_end->level_floor);
    float sum = 0.0f;
    for (uint32_t m = 0; m < front_end->n_mels; m++) {
        sum += mel[m];
    }
    sum /= (float)front_end->n_mels;
    peak = sum > peak ? sum : peak;
    return floor > peak ? floor : peak;
}

/* Divide by the level and take logarithms. */
static void level_and_log(const lsn_front_end *front_end, float *level, float *mel)
{
    uint32_t n_mels = front_end->n_mels;
    float log_floor = lsn_float(&front_end->log_floor);
    float inverse_level = 1.0f;
    if ((front_end->flags & LSN_RUNNING_PEAK) != 0) {
        *level = new_level(front_end, *level, mel);
        inverse_level = 1.0f / *level;
    }
    if ((front_end->flags & LSN_REPLACE_ZERO) != 0) {
        for (uint32_t m = 0; m < n_mels; m++) {
            float x = mel[m] * inverse_level;
            mel[m] = lsn_natural_log(x > 0.0f ? x : log_floor);
        }
    } else {
        for (uint32_t m = 0; m < n_mels; m++) {
            mel[m] = lsn_natural_log(mel[m] * inverse_level + log_floor);
        }
    }
}

/* Sum over the bands, four at a time: each sum is loaded and stored once for them. */
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
            float sum = cepstrum[c] + mel[m] * lsn_float(&dct[c]);
            sum += mel[m + 1u] * lsn_float(&dct[count + c]);
            sum += mel[m + 2u] * lsn_float(&dct[2u * count + c]);
            cepstrum[c] = sum + mel[m + 3u] * lsn_float(&dct[3u * count + c]);
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
    LSN_INDEPENDENT
    for (size_t c = 0; c < count; c++) {
        float x = (cepstrum[c] - lsn_float(&mean[c])) * lsn_float(&inverse_scale[c]);
        /* This order of comparisons brings a NaN, from a senseless table, to a bound. */
        x = x > -clip ? x : -clip;
        x = (x > clip ? clip : x) * steps;
        x = x > -LARGEST_STEP ? x : -LARGEST_STEP;
        x = x > LARGEST_STEP ? LARGEST_STEP : x;
        int32_t q = (int32_t)((x + ROUNDING_MAGIC) - ROUNDING_MAGIC) + zero_point;
        q = q < -128 ? -128 : q;
        row[c] = (int8_t)(q > 127 ? 127 : q);
    }
}

void lsn_front_end_run(const lsn_model *model, const int16_t *pcm,
                       const lsn_standardization *standardization, float *level, float *scratch,
                       int8_t *row)
{
    const lsn_front_end *front_end = lsn_front_end_of(model);
    const uint32_t *twiddles = lsn_at(model, front_end->twiddles);
    uint32_t points = front_end->fft_length / 2u;
    float *first = scratch;
    float *second = scratch + front_end->fft_length;
    load_frame(model, front_end, pcm, first, first + points);
    if (lsn_complex_fft(first, first + points, second, second + points, twiddles, points)) {
        float *swap = first;
        first = second;
        second = swap;
    }
    power_of_bins(first, first + points, lsn_at(model, front_end->split), points, second);
    spectrum_from_power(front_end, second);
    mel_bands(model, front_end, second, first);
    level_and_log(front_end, level, first);
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
