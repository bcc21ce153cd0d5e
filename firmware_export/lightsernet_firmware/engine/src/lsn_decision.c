#include "lsn_decision.h"

#include "lightsernet_live.h"
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

/* Relative to the largest. */
static float weight_of(const lsn_calibration *calibration, int8_t posterior)
{
    float x = (log_of(posterior) - calibration->largest) / calibration->temperature;
    return exponential(x > SMALLEST_EXPONENT ? x : SMALLEST_EXPONENT);
}

lsn_calibration lsn_calibration_of(const int8_t *posteriors, uint32_t n_labels, uint32_t best,
                                   float temperature)
{
    lsn_calibration calibration = {temperature, 0.0f, 0.0f};
    if (temperature != 1.0f) {
        calibration.largest = log_of(posteriors[best]);
        for (uint32_t i = 0; i < n_labels; i++) {
            calibration.sum += weight_of(&calibration, posteriors[i]);
        }
    }
    return calibration;
}

float lsn_calibrated(const lsn_calibration *calibration, int8_t posterior)
{
    if (calibration->temperature == 1.0f) {
        return (float)(posterior + 128) / 256.0f;
    }
    return weight_of(calibration, posterior) / calibration->sum;
}

uint32_t lsn_decide(const int8_t *posteriors, uint32_t n_labels, uint32_t best,
                    float temperature, float threshold, float *confidence)
{
    lsn_calibration calibration = lsn_calibration_of(posteriors, n_labels, best, temperature);
    *confidence = lsn_calibrated(&calibration, posteriors[best]);
    return *confidence >= threshold ? best : LSN_UNCERTAIN;
}
