/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LSN_HEAD_H
#define LSN_HEAD_H

#include <stdint.h>

#include "lsn_blob.h"

/* Mean of the rows summed so far, dense layer, softmax.
 *
 *   sums        in: int32 [channels], of raw int8 values
 *   values      how many were summed for each channel, 1 .. LSN_MAX_MEAN_VALUES
 *   mean        scratch: int8 [channels]
 *   logits      out: int8 [n_labels]
 *   posteriors  out: int8 [n_labels]
 */
void lsn_head_run(const lsn_model *model, const int32_t *sums, uint32_t values, int8_t *mean,
                  int8_t *logits, int8_t *posteriors);

/* More would overflow the sums. */
#define LSN_MAX_MEAN_VALUES 0x800000u

/* Posteriors of `count` logits, as TFLite's integer softmax rounds them. */
void lsn_softmax(const lsn_head *head, const int8_t *logits, uint32_t count, int8_t *posteriors);

#endif
