/* SPDX-License-Identifier: Apache-2.0 */
/* What a listener does with a stream besides the calls of lightsernet.h. */
#ifndef LSN_STREAM_H
#define LSN_STREAM_H

#include "lsn_layout.h"

/**
 * Fill the frame with samples. When it is full, compute its row of features, which is not
 * pushed, and make room for the next hop.
 *
 * @param[in,out] pcm      samples; moves on past those used
 * @param[in,out] samples  how many; falls by those used
 * @param[out]    row      [n_coefficients], written if the frame was full
 *
 * @return  1 if the frame was full, 0 if all samples were used before
 */
int lsn_stream_compute_row(lsn_stream *stream, const int16_t **pcm, size_t *samples, int8_t *row);

/**
 * Rows of the network's output for an utterance of `frames` rows of features.
 */
uint32_t lsn_output_rows(const lsn_model *model, uint32_t frames);

/**
 * Memory for a sliding window of `rows` rows of the network's output, in bytes.
 */
uint64_t lsn_window_bytes(const lsn_model *model, uint32_t rows);

/**
 * Limit the result to the last `rows` rows of the network's output. The stream must be
 * new, or reset; lsn_reset keeps the limit.
 *
 * @param[in] window  lsn_window_bytes(model, rows) bytes, aligned to LSN_ALIGNMENT; the
 *                    caller's, in use as long as the limit
 * @param[in] rows    1 or more; 0: no limit
 */
void lsn_stream_slide(lsn_stream *stream, int16_t *window, uint32_t rows);

#endif
