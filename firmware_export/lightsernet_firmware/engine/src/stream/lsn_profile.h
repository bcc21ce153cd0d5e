/* SPDX-License-Identifier: Apache-2.0 */
/* Profile and statistics of a stream whose model has a front end. */
#ifndef LSN_PROFILE_H
#define LSN_PROFILE_H

#include "lsn_front_end.h"
#include "lsn_layout.h"

/**
 * Use the blob's mean and scale, as a new stream does.
 */
void lsn_profile_begin(lsn_stream *stream);

/**
 * What the front end standardises the next row with, and where it sums its rows.
 *
 * @return  pointers into the stream's RAM; no sums if the front end does not standardise
 */
lsn_standardization lsn_profile_in_use(const lsn_stream *stream);

/**
 * Begin the statistics of the next utterance.
 */
void lsn_utterance_statistics_clear(lsn_stream *stream);

/**
 * Size of the saved statistics: two consecutive float arrays and the row count.
 */
size_t lsn_utterance_statistics_bytes(const lsn_model *model);

/**
 * Save the statistics of the utterance.
 *
 * @param[out] saved  lsn_utterance_statistics_bytes bytes
 */
void lsn_utterance_statistics_save(const lsn_stream *stream, void *saved);

/**
 * Return to the statistics that were saved.
 *
 * @param[in] saved  from lsn_utterance_statistics_save, or all 0
 */
void lsn_utterance_statistics_restore(lsn_stream *stream, const void *saved);

#endif
