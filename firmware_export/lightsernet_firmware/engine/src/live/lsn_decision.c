/* SPDX-License-Identifier: Apache-2.0 */
#include "lsn_decision.h"

#include "lsn_blob.h"
#include "lsn_natural_log.h"

/* Below, a weight beside 1 is nothing. */
#define SMALLEST_EXPONENT (-80.0f)
#define LOG2_E 1.44269504f

/* exp(x) for x in SMALLEST_EXPONENT .. 0, to about one unit in the last place. */
static float exponential(float x)
{
    /* x = k ln 2 + r, |r| at most ln(2) / 2, the series then being short. */
    int32_t k = (int32_t)(x * LOG2_E - 0.5f);
    float r = (x - (float)k * LSN_LN2_HIGH) - (float)k * LSN_LN2_LOW;
    float series = 1.0f / 120.0f + r * (1.0f / 720.0f + r * (1.0f / 5040.0f));
    series = 1.0f + r * (1.0f + r * (0.5f + r * (1.0f / 6.0f + r * (1.0f / 24.0f + r * series))));
    uint32_t bits = (uint32_t)(k + 127) << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    return series * power;
}

/* Of an int8 posterior; half a step stands for 0. */
static float log_of(int8_t posterior)
{
    return lsn_natural_log(posterior == -128 ? 1.0f / 512.0f : (float)(posterior + 128) / 256.0f);
}

static float logit_of(const lsn_calibration *calibration, uint32_t label)
{
    float logit = log_of(calibration->posteriors[label]);
    return calibration->bias == NULL ? logit : logit - calibration->bias[label];
}

/* Relative to the largest. */
static float weight_of(const lsn_calibration *calibration, uint32_t label)
{
    float x = (logit_of(calibration, label) - calibration->largest) / calibration->temperature;
    return exponential(x > SMALLEST_EXPONENT ? x : SMALLEST_EXPONENT);
}

static int changes_nothing(const lsn_calibration *calibration)
{
    return calibration->temperature == 1.0f && calibration->bias == NULL;
}

int lsn_is_bias(float x)
{
    /* By its bits: compilers may take every float for finite. */
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (bits & 0x7F800000u) != 0x7F800000u && x >= -LSN_MAX_BIAS && x <= LSN_MAX_BIAS;
}

lsn_calibration lsn_calibration_of(const int8_t *posteriors, uint32_t n_labels,
                                   float temperature, const float *bias)
{
    lsn_calibration calibration = {posteriors, bias, n_labels, temperature, 0, 0.0f, 0.0f};
    calibration.largest = logit_of(&calibration, 0);
    for (uint32_t i = 1; i < n_labels; i++) {
        float logit = logit_of(&calibration, i);
        if (logit > calibration.largest) {
            calibration.largest = logit;
            calibration.best = i;
        }
    }
    if (!changes_nothing(&calibration)) {
        for (uint32_t i = 0; i < n_labels; i++) {
            calibration.sum += weight_of(&calibration, i);
        }
    }
    return calibration;
}

float lsn_calibrated(const lsn_calibration *calibration, uint32_t label)
{
    if (changes_nothing(calibration)) {
        return (float)(calibration->posteriors[label] + 128) / 256.0f;
    }
    return weight_of(calibration, label) / calibration->sum;
}

uint32_t lsn_decide(const lsn_calibration *calibration, const uint32_t *thresholds,
                    float *confidence)
{
    uint32_t best = calibration->best;
    *confidence = lsn_calibrated(calibration, best);
    return *confidence >= lsn_float(&thresholds[best]) ? best : LSN_UNCERTAIN;
}
