#ifndef LSN_PROFILE_H
#define LSN_PROFILE_H

#include "lsn_front_end.h"
#include "lsn_ram.h"

/* Of streams whose model has a front end. */

/* Use the blob's mean and scale, as a new stream does. */
void lsn_profile_begin(lsn_stream *stream);

/* What the front end standardises with, and where it notes its rows. */
lsn_standardization lsn_profile_in_use(const lsn_stream *stream);

/* Begin the statistics of the next utterance. */
void lsn_profile_forget_utterance(lsn_stream *stream);

#endif
