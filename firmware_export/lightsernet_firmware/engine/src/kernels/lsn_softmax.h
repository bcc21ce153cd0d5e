/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LSN_SOFTMAX_H
#define LSN_SOFTMAX_H

#include <stdint.h>

#include "lsn_blob.h"

/**
 * Softmax with the integers of TFLite's reference kernel.
 *
 * @param[in]  head        multiplier, shift and smallest difference of the softmax
 * @param[in]  logits      [count]
 * @param[in]  count       2..256
 * @param[out] posteriors  [count], scale 1/256, zero point -128
 */
void lsn_softmax(const lsn_head *head, const int8_t *logits, uint32_t count, int8_t *posteriors);

#endif
