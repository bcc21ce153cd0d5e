/* SPDX-License-Identifier: Apache-2.0 */
#include "lsn_decision.h"

#include "lsn_blob.h"
#include "lsn_natural_log.h"

/* exp of less is below the resolution of a float beside 1. */
#define SMALLEST_EXPONENT (-80.0f)
#define LOG2_E 1.44269504f

/* exp(x) for x in SMALLEST_EXPONENT .. 0, to about one unit in the last place. */
static float exponential(float x)
{
    /* x = k ln 2 + r. As |r| is at most ln(2) / 2, a short series suffices. */
    int32_t k = (int32_t)(x * LOG2_E - 0.5f);
    float r = (x - (float)k * LSN_LN2_HIGH) - (float)k * LSN_LN2_LOW;
    float series = 1.0f / 120.0f + r * (1.0f / 720.0f + r * (1.0f / 5040.0f));
    series = 1.0f + r * (1.0f + r * (0.5f + r * (1.0f / 6.0f + r * (1.0f / 24.0f + r * series))));
    uint32_t bits = (uint32_t)(k + 127) << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    return series * power;
}

/* Logarithm of an int8 posterior. 0 counts as 1/512, half of the smallest other value. */
static float log_of(int8_t posterior)
{
    return lsn_natural_log(posterior == -128 ? 1.0f / 512.0f : (float)(posterior + 128) / 256.0f);
}

static float logit_of(const lsn_adjusted_posteriors *adjusted, uint32_t label)
{
    float logit = log_of(adjusted->posteriors[label]);
    return adjusted->bias == NULL ? logit : logit - adjusted->bias[label];
}

/* Unnormalised posterior of a label, relative to the largest. */
static float weight_of(const lsn_adjusted_posteriors *adjusted, uint32_t label)
{
    float x = (logit_of(adjusted, label) - adjusted->largest) / adjusted->temperature;
    if (x > 0.0f) {
        /* A register wider than a float holds a logit that is above the largest, as stored. */
        x = 0.0f;
    }
    return exponential(x > SMALLEST_EXPONENT ? x : SMALLEST_EXPONENT);
}

static int changes_nothing(const lsn_adjusted_posteriors *adjusted)
{
    return adjusted->temperature == 1.0f && adjusted->bias == NULL;
}

int lsn_is_bias(float x)
{
    /* Test the bits: with fast-math options a compiler takes every float for finite. */
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (bits & 0x7F800000u) != 0x7F800000u && x >= -LSN_MAX_BIAS && x <= LSN_MAX_BIAS;
}

lsn_adjusted_posteriors lsn_adjust_posteriors(const int8_t *posteriors, uint32_t n_labels,
                                              float temperature, const float *bias)
{
    lsn_adjusted_posteriors adjusted = {posteriors, bias, n_labels, temperature, 0, 0.0f, 0.0f};
    adjusted.largest = logit_of(&adjusted, 0);
    for (uint32_t i = 1; i < n_labels; i++) {
        float logit = logit_of(&adjusted, i);
        if (logit > adjusted.largest) {
            adjusted.largest = logit;
            adjusted.best = i;
        }
    }
    if (!changes_nothing(&adjusted)) {
        for (uint32_t i = 0; i < n_labels; i++) {
            adjusted.sum += weight_of(&adjusted, i);
        }
    }
    return adjusted;
}

float lsn_adjusted_posterior(const lsn_adjusted_posteriors *adjusted, uint32_t label)
{
    if (changes_nothing(adjusted)) {
        return (float)(adjusted->posteriors[label] + 128) / 256.0f;
    }
    return weight_of(adjusted, label) / adjusted->sum;
}

int lsn_is_never_said(const uint32_t *thresholds, uint32_t label)
{
    return lsn_float(&thresholds[label]) > 1.0f;
}

uint32_t lsn_decide(const lsn_adjusted_posteriors *adjusted, const uint32_t *thresholds,
                    float *confidence)
{
    uint32_t best = adjusted->best;
    if (!lsn_is_never_said(thresholds, best)) {
        *confidence = lsn_adjusted_posterior(adjusted, best);
        return *confidence >= lsn_float(&thresholds[best]) ? best : LSN_UNCERTAIN;
    }
    *confidence = 0.0f;
    for (uint32_t i = 0; i < adjusted->n_labels; i++) {
        float posterior = lsn_adjusted_posterior(adjusted, i);
        if (!lsn_is_never_said(thresholds, i) && posterior > *confidence) {
            *confidence = posterior;
        }
    }
    return LSN_UNCERTAIN;
}
