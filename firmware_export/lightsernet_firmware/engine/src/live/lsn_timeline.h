/* SPDX-License-Identifier: Apache-2.0 */
/* Where in time a sample lies when others were lost before it. */
#ifndef LSN_TIMELINE_H
#define LSN_TIMELINE_H

#include <stdint.h>

/* Older gaps are put together. */
#define LSN_MAX_GAPS 16u

typedef struct lsn_gap {
    uint64_t index; /* of the first sample after it, among those that are there */
    uint64_t lost;  /* samples lost up to and with it */
} lsn_gap;

/* All 0 at the start of a stream. */
typedef struct lsn_timeline {
    lsn_gap gaps[LSN_MAX_GAPS]; /* in order of time */
    uint32_t n_gaps;
    uint64_t lost_earlier;
} lsn_timeline;

/* Note a gap before the sample `index`. */
void lsn_timeline_add(lsn_timeline *timeline, uint64_t index, uint64_t lost);

/* Samples that are missing before the sample `index`. */
uint64_t lsn_timeline_lost_before(const lsn_timeline *timeline, uint64_t index);

/* Whether a gap lies inside or at an edge of the samples start .. end, `end` exclusive:
 * what begins or ends at a gap may have been cut there. */
int lsn_timeline_is_broken(const lsn_timeline *timeline, uint64_t start, uint64_t end);

#endif
