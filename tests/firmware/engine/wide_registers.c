/* Decisions where a register is wider than a float, as on x87: posteriors stay in 0..1. */
#include <stdio.h>

#include "lsn_decision.h"

int main(void)
{
    static const float temperatures[] = {1e-30f, 1e-38f, 0.7f};
    uint32_t x = 1;
    int bad = 0;
    for (int n = 0; n < 30000; n++) {
        int8_t posteriors[7];
        float bias[7];
        for (int i = 0; i < 7; i++) {
            x = x * 1664525u + 1013904223u;
            posteriors[i] = (int8_t)(x >> 24);
            x = x * 1664525u + 1013904223u;
            bias[i] = ((float)(x >> 8) - 8388608.0f) * 4e-8f;
        }
        lsn_adjusted_posteriors adjusted =
            lsn_adjust_posteriors(posteriors, 7, temperatures[n % 3], bias);
        float sum = 0.0f;
        for (uint32_t i = 0; i < 7; i++) {
            float posterior = lsn_adjusted_posterior(&adjusted, i);
            bad += !(posterior >= 0.0f && posterior <= 1.0f);
            sum += posterior;
        }
        bad += !(sum > 0.999f && sum < 1.001f);
    }
    printf("%d\n", bad);
    return bad != 0;
}
