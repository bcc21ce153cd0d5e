/* What a listener does with a stream besides the calls of lightsernet.h. */
#ifndef LSN_STREAM_H
#define LSN_STREAM_H

#include "lsn_ram.h"

/* Take samples into the frame until it is full or they are used up: `pcm` and
 * `samples` move on. 1 if it was full: its row of features is in `row`, and has
 * not been taken in. */
int lsn_stream_hear(lsn_stream *stream, const int16_t **pcm, size_t *samples, int8_t *row);

#endif
