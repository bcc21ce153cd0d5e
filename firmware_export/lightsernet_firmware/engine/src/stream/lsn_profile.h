/* SPDX-License-Identifier: Apache-2.0 */
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

/* Keep them in `kept`, lsn_heard_bytes of them, and go back to what was kept. */
size_t lsn_heard_bytes(const lsn_model *model);
void lsn_heard_keep(const lsn_stream *stream, void *kept);
void lsn_heard_restore(lsn_stream *stream, const void *kept);

#endif
