/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LSN_HEAD_H
#define LSN_HEAD_H

#include <stdint.h>

#include "lsn_blob.h"

/* Values per channel that int32 sums of int8 have room for, with a factor of two spare. */
#define LSN_MAX_MEAN_VALUES 0x800000u

/**
 * Global average, dense layer and softmax.
 *
 * @param[in]  sums        [channels of the head], sums of int8 values
 * @param[in]  values      values in each sum, 1..LSN_MAX_MEAN_VALUES
 * @param      mean        scratch, [channels of the head]
 * @param[out] logits      [n_labels]
 * @param[out] posteriors  [n_labels], scale 1/256, zero point -128
 */
void lsn_head_run(const lsn_model *model, const int32_t *sums, uint32_t values, int8_t *mean,
                  int8_t *logits, int8_t *posteriors);

#endif
