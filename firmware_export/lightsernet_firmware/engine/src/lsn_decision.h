#ifndef LSN_DECISION_H
#define LSN_DECISION_H

#include <stdint.h>

/* Posteriors at a temperature, one label after another. */
typedef struct lsn_calibration {
    float temperature;
    float largest; /* logarithm of the largest posterior before */
    float sum;     /* of all weights; that of the largest posterior is 1 */
} lsn_calibration;

/*   posteriors   in: int8 [n_labels]
 *   best         index of the largest
 *   temperature  above 0; at 1 the posteriors stay as they are
 */
lsn_calibration lsn_calibration_of(const int8_t *posteriors, uint32_t n_labels, uint32_t best,
                                   float temperature);

/* One of them, 0 .. 1. */
float lsn_calibrated(const lsn_calibration *calibration, int8_t posterior);

/* The most probable label, if its posterior at a temperature reaches its threshold.
 *
 *   posteriors   in: int8 [n_labels]
 *   best         index of the largest, the first of equal ones
 *   temperature  above 0; at 1 the posteriors are used as they are
 *   threshold    of `best`, 0 .. 1
 *   confidence   out: the posterior of `best`
 *
 * Returns `best` or LSN_UNCERTAIN.
 */
uint32_t lsn_decide(const int8_t *posteriors, uint32_t n_labels, uint32_t best,
                    float temperature, float threshold, float *confidence);

#endif
