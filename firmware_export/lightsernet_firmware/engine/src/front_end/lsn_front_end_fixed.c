/* SPDX-License-Identifier: Apache-2.0 */
/* The front end in integers: the steps of lsn_front_end.c, for cores that have no
 * floating-point unit. Floats remain where there are a few for a row: its level, and the
 * statistics of a profile. */
#include "lsn_fixed_math.h"
#include "lsn_fixed_spectrum.h"
#include "lsn_front_end.h"

#if LSN_FIXED_POINT_FRONT_END

/* A band's energy is kept in 32 bits, as 26 bits that are to be shifted left by the 6 others. */
#define BAND_BITS 26u
#define SHIFT_BITS 6u

/* Logarithms are brought to so many bits and a sign before the cosine transform, and each
 * product loses some, so that a sum over bands fits. */
#define LOG_BITS 15u
#define PRODUCT_LOSS 6

/* The utterance's running mean, and deviations from the mean as they enter it. */
#define MEAN_FRACTION_BITS 20
#define LARGEST_DEVIATION ((1 << 26) - 1) /* in Q16 */

/* The energies of the bands in one scale. */
typedef struct bands {
    uint32_t *energy; /* packed */
    uint64_t sum;
    int32_t exponent; /* an energy is its integer times 2**-exponent */
    uint32_t room;    /* unused bits of 63 */
} bands;

static uint32_t packed(uint64_t energy)
{
    uint32_t shift = 0;
    if (energy >> BAND_BITS != 0) {
        shift = 64u - BAND_BITS - lsn_leading_zeros_64(energy);
    }
    return (uint32_t)(energy >> shift) << SHIFT_BITS | shift;
}

static uint64_t unpacked(uint32_t energy)
{
    return (uint64_t)(energy >> SHIFT_BITS) << (energy & ((1u << SHIFT_BITS) - 1u));
}

/* x * 2**exponent as a float, rounded down: C libraries convert 64 bits by way of doubles. */
static float float_of(uint64_t x, int32_t exponent)
{
    if (x == 0) {
        return 0.0f;
    }
    uint32_t zeros = lsn_leading_zeros_64(x);
    int32_t biased = exponent + 63 - (int32_t)zeros + 127;
    biased = biased < 1 ? 1 : biased > 254 ? 254 : biased;
    uint32_t bits = (uint32_t)(x << zeros >> 40 & 0x7FFFFFu) | (uint32_t)biased << 23;
    return lsn_float(&bits);
}

static uint32_t bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* Weighted sum of magnitudes. Weights, none of which is negative, have 15 bits. */
static uint32_t sum_of_magnitudes(const uint32_t *bin, const uint32_t *weight, size_t count)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        int32_t w = (int32_t)lsn_magnitude_below(weight[i], 0, 15);
        sum += (uint32_t)lsn_product_high((int32_t)bin[i], w);
    }
    return sum;
}

/* The same of powers, which have 58 bits. */
static uint64_t sum_of_powers(const uint32_t *bin, const uint32_t *weight, size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t power = (uint64_t)bin[i] * bin[i] >> 16;
        sum += power * lsn_magnitude_below(weight[i], 0, 15);
    }
    return sum;
}

static bands mel_bands(const lsn_model *model, const lsn_front_end *front_end,
                       const lsn_fixed_spectrum *spectrum, uint32_t *energy)
{
    const uint32_t *table = lsn_at(model, front_end->bands);
    const uint32_t *weights = lsn_at(model, front_end->band_weights);
    int has_power = (front_end->flags & LSN_POWER_SPECTRUM) != 0;
    bands mel;
    mel.energy = energy;
    mel.sum = 0;
    mel.room = has_power ? 4u : 30u;
    /* Weights are 2**15 times as large, and products 2**16 times smaller; powers are 2**16 times
     * smaller before, and divided by the transform's length. */
    mel.exponent = spectrum->exponent - 1;
    if (has_power) {
        uint32_t length_bits = 31u - lsn_leading_zeros(front_end->fft_length);
        mel.exponent = 2 * spectrum->exponent - 1 + (int32_t)length_bits;
    }
    for (uint32_t m = 0; m < front_end->n_mels; m++) {
        const uint32_t *bin = spectrum->magnitudes + table[2u * m];
        size_t count = table[2u * m + 1u];
        uint64_t sum = has_power ? sum_of_powers(bin, weights, count)
                                 : sum_of_magnitudes(bin, weights, count);
        mel.sum += sum;
        energy[m] = packed(sum);
        weights += count;
    }
    return mel;
}

/* The running peak of the mean over the bands. */
static float new_level(const lsn_front_end *front_end, float level, const bands *mel)
{
    float peak = level * lsn_float(&front_end->level_decay);
    float floor = lsn_float(&front_end->level_floor);
    float mean = float_of(mel->sum, -mel->exponent) / (float)front_end->n_mels;
    peak = mean > peak ? mean : peak;
    return floor > peak ? floor : peak;
}

/* A float above 0 times 2**exponent as an integer; at most 2**62. */
static uint64_t integer_of(uint32_t bits, int32_t exponent)
{
    int32_t shift = lsn_exponent_of(bits) + exponent - 31;
    if (shift >= 0) {
        return shift > 30 ? (uint64_t)1 << 62 : (uint64_t)lsn_mantissa_of(bits) << shift;
    }
    return shift < -31 ? 0 : lsn_mantissa_of(bits) >> -shift;
}

/* Divide by the level and take logarithms, in Q16. As x / level + floor is
 * (x + level * floor) / level, nothing is divided. */
static void level_and_log(const lsn_front_end *front_end, float *level, const bands *mel)
{
    int adds_floor = (front_end->flags & LSN_REPLACE_ZERO) == 0;
    int32_t *logs = (int32_t *)mel->energy;
    int32_t exponent = mel->exponent + (int32_t)mel->room;
    float floor = lsn_float(&front_end->log_floor);
    int32_t log_of_level = 0;
    if ((front_end->flags & LSN_RUNNING_PEAK) != 0) {
        *level = new_level(front_end, *level, mel);
        log_of_level = lsn_fixed_log_of_float(bits_of(*level));
        floor *= adds_floor ? *level : 1.0f;
    }
    uint64_t added = adds_floor ? integer_of(bits_of(floor), exponent) : 0;
    int32_t log_of_unit = lsn_fixed_times_ln2(exponent) + log_of_level;
    int32_t log_of_floor = lsn_fixed_log_of_float(bits_of(floor)) - (adds_floor ? log_of_level : 0);
    for (uint32_t m = 0; m < front_end->n_mels; m++) {
        uint64_t x = (unpacked(mel->energy[m]) << mel->room) + added;
        logs[m] = x != 0 ? lsn_fixed_log(x) - log_of_unit : log_of_floor;
    }
}

/* Bring the logarithms to LOG_BITS; return by how many bits they were shifted. */
static uint32_t shift_logs(int32_t *logs, uint32_t count)
{
    uint32_t used = 0;
    for (uint32_t m = 0; m < count; m++) {
        used |= lsn_absolute(logs[m]);
    }
    uint32_t bits = 32u - lsn_leading_zeros(used | 1u);
    uint32_t shift = bits > LOG_BITS ? bits - LOG_BITS : 0;
    for (uint32_t m = 0; m < count && shift != 0; m++) {
        logs[m] = (logs[m] + (1 << (shift - 1))) >> shift;
    }
    return shift;
}

/* Weighted sums over the bands, in Q16. */
static void cosine_transform(const lsn_model *model, const lsn_front_end *front_end,
                             int32_t *restrict logs, int32_t *restrict cepstrum)
{
    const uint32_t *dct = lsn_at(model, front_end->dct);
    size_t count = model->n_coefficients;
    int32_t scale = -126;
    /* The first row holds the largest value of a cosine transform. */
    for (size_t c = 0; c < count; c++) {
        int32_t exponent = lsn_exponent_of(dct[c]) + 1;
        scale = exponent > scale ? exponent : scale;
    }
    int32_t shift = (int32_t)shift_logs(logs, front_end->n_mels) + PRODUCT_LOSS - 15 + scale;
    for (size_t c = 0; c < count; c++) {
        const uint32_t *entry = dct + c;
        uint32_t sum = 0; /* wraps where a table is senseless */
        for (uint32_t m = 0; m < front_end->n_mels; m++) {
            sum += (uint32_t)(logs[m] * lsn_signed_below(*entry, scale, 15) >> PRODUCT_LOSS);
            entry += count;
        }
        cepstrum[c] = shift >= 0 ? (int32_t)(sum << (shift > 31 ? 31 : shift))
                                 : (int32_t)sum >> (shift < -30 ? 30 : -shift);
    }
}

/* (x - mean) / scale in Q16. */
static int32_t standardized(int32_t x, uint32_t mean, uint32_t inverse_scale)
{
    int64_t deviation = (int64_t)x - lsn_fixed_of_float(mean, 16);
    deviation = deviation > INT32_MAX ? INT32_MAX : deviation;
    deviation = deviation < -INT32_MAX ? -INT32_MAX : deviation;
    return lsn_fixed_scaled((int32_t)deviation, inverse_scale);
}

/* Add a row to the statistics of the utterance. */
static void add_to_statistics(const lsn_model *model, const lsn_front_end *front_end,
                              const int32_t *restrict cepstrum,
                              const lsn_standardization *standardization)
{
    const uint32_t *mean = lsn_at(model, front_end->mean);
    const uint32_t *inverse_scale = lsn_at(model, front_end->inverse_scale);
    for (uint32_t c = 0; c < model->n_coefficients; c++) {
        int32_t q16 = standardized(cepstrum[c], mean[c], inverse_scale[c]);
        float unit = (float)q16 * (1.0f / 65536.0f);
        standardization->sum[c] += unit;
        standardization->squares[c] += unit * unit;
    }
}

/* Add a row to the running mean of the utterance, and subtract that. */
static void subtract_utterance_mean(const lsn_standardization *standardization, size_t count,
                                    int32_t *restrict cepstrum)
{
    int32_t *utterance_mean = (int32_t *)(void *)standardization->utterance_mean;
    uint32_t share = bits_of(standardization->share);
    for (size_t c = 0; c < count; c++) {
        int64_t deviation = (int64_t)cepstrum[c] - lsn_fixed_of_float(standardization->mean[c], 16);
        deviation = deviation > LARGEST_DEVIATION ? LARGEST_DEVIATION : deviation;
        deviation = deviation < -LARGEST_DEVIATION ? -LARGEST_DEVIATION : deviation;
        int32_t d = (int32_t)deviation * (1 << (MEAN_FRACTION_BITS - 16));
        utterance_mean[c] += lsn_fixed_scaled(d - utterance_mean[c], share);
        int32_t u = utterance_mean[c] >> (MEAN_FRACTION_BITS - 16);
        cepstrum[c] = (int32_t)((uint32_t)cepstrum[c] - (uint32_t)u);
    }
}

/* Standardise, clip, and round to the model's int8. */
static void quantize(const lsn_model *model, const lsn_front_end *front_end,
                     const int32_t *restrict cepstrum, const lsn_standardization *standardization,
                     int8_t *restrict row)
{
    int32_t clip = lsn_fixed_of_float(front_end->clip_value, 16);
    int32_t zero_point = model->input_zero_point;
    for (uint32_t c = 0; c < model->n_coefficients; c++) {
        int32_t x = standardized(cepstrum[c], standardization->mean[c],
                                 standardization->inverse_scale[c]);
        x = x > -clip ? x : -clip;
        x = lsn_fixed_scaled(x > clip ? clip : x, front_end->input_steps);
        int32_t q = (((x >> 15) + 1) >> 1) + zero_point;
        q = q < -128 ? -128 : q;
        row[c] = (int8_t)(q > 127 ? 127 : q);
    }
}

void lsn_front_end_run(const lsn_model *model, const int16_t *pcm,
                       const lsn_standardization *standardization, float *level, float *scratch,
                       int8_t *row)
{
    const lsn_front_end *front_end = lsn_front_end_of(model);
    int32_t *first = (int32_t *)(void *)scratch;
    int32_t *second = first + front_end->fft_length;
    lsn_fixed_spectrum spectrum = lsn_fixed_spectrum_of(model, pcm, first);
    if (spectrum.magnitudes == (uint32_t *)first) {
        first = second;
        second = (int32_t *)spectrum.magnitudes;
    }
    bands mel = mel_bands(model, front_end, &spectrum, (uint32_t *)first);
    level_and_log(front_end, level, &mel);
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
