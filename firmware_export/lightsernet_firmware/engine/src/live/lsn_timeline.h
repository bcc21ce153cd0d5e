/* SPDX-License-Identifier: Apache-2.0 */
/* Times in a stream of samples some of which were lost. */
#ifndef LSN_TIMELINE_H
#define LSN_TIMELINE_H

#include <stdint.h>

/* Gaps that are kept apart; older ones are merged. */
#define LSN_MAX_GAPS 16u

typedef struct lsn_gap {
    uint64_t index; /* of the first sample after the gap, lost ones not counted */
    uint64_t lost;  /* samples lost in this gap and all before */
} lsn_gap;

/* All 0 at the start of a stream. */
typedef struct lsn_timeline {
    lsn_gap gaps[LSN_MAX_GAPS]; /* in order of time */
    uint32_t n_gaps;
    uint64_t lost_earlier; /* samples lost in the gaps that were merged */
} lsn_timeline;

/**
 * Add a gap of `lost` samples before the sample `index`. No later gap may be known, other
 * than in samples that were dropped since. A second gap at the same sample is one with the
 * first.
 */
void lsn_timeline_add(lsn_timeline *timeline, uint64_t index, uint64_t lost);

/**
 * Samples lost before the sample `index`.
 */
uint64_t lsn_timeline_lost_before(const lsn_timeline *timeline, uint64_t index);

/**
 * Whether a gap lies inside of the samples start .. end, or at an edge: speech that begins
 * or ends at a gap may have been cut there.
 *
 * @param[in] end  exclusive
 */
int lsn_timeline_is_broken(const lsn_timeline *timeline, uint64_t start, uint64_t end);

#endif
