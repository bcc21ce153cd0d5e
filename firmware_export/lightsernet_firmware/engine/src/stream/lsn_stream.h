/* SPDX-License-Identifier: Apache-2.0 */
/* What a listener does with a stream besides the calls of lightsernet.h. */
#ifndef LSN_STREAM_H
#define LSN_STREAM_H

#include "lsn_ram.h"

/* Take samples into the frame until it is full or they are used up: `pcm` and
 * `samples` move on. 1 if it was full: its row of features is in `row`, and has
 * not been taken in. */
int lsn_stream_hear(lsn_stream *stream, const int16_t **pcm, size_t *samples, int8_t *row);

/* Rows of the network's output that `frames` rows of features make. */
uint32_t lsn_output_rows(const lsn_model *model, uint32_t frames);

/* Memory for a window of so many rows of output, in bytes. */
uint64_t lsn_window_bytes(const lsn_model *model, uint32_t rows);

/* The result of a new stream, or one that was reset, will be on the last `rows` rows of
 * output, 1 or more, and so after every lsn_reset.
 *
 *   window  lsn_window_bytes of memory, as aligned as the RAM; it must last as long
 */
void lsn_stream_slide(lsn_stream *stream, int16_t *window, uint32_t rows);

#endif
