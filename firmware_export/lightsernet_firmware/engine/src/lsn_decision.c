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

uint32_t lsn_decide(const int8_t *posteriors, uint32_t n_labels, uint32_t best,
                    float temperature, float threshold, float *confidence)
{
    *confidence = (float)(posteriors[best] + 128) / 256.0f;
    if (temperature != 1.0f) {
        float largest = log_of(posteriors[best]);
        float sum = 0.0f;
        for (uint32_t i = 0; i < n_labels; i++) {
            float x = (log_of(posteriors[i]) - largest) / temperature;
            sum += exponential(x > SMALLEST_EXPONENT ? x : SMALLEST_EXPONENT);
        }
        *confidence = 1.0f / sum;
    }
    return *confidence >= threshold ? best : LSN_UNCERTAIN;
}
