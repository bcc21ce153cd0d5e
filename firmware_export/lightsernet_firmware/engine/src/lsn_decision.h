#ifndef LSN_DECISION_H
#define LSN_DECISION_H

#include <stdint.h>

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
