/* SPDX-License-Identifier: Apache-2.0 */
#include "lsn_timeline.h"

#include <string.h>

void lsn_timeline_add(lsn_timeline *timeline, uint64_t index, uint64_t lost)
{
    lsn_gap *gaps = timeline->gaps;
    uint64_t before = timeline->lost_earlier;
    if (timeline->n_gaps > 0) {
        before = gaps[timeline->n_gaps - 1u].lost;
    }
    /* A gap inside of samples that were dropped since lies at the new gap. */
    for (uint32_t i = timeline->n_gaps; i > 0 && gaps[i - 1u].index > index; i--) {
        gaps[i - 1u].index = index;
    }
    if (timeline->n_gaps > 0 && gaps[timeline->n_gaps - 1u].index == index) {
        gaps[timeline->n_gaps - 1u].lost += lost;
        return;
    }
    if (timeline->n_gaps == LSN_MAX_GAPS) {
        timeline->lost_earlier = gaps[0].lost;
        timeline->n_gaps--;
        memmove(gaps, gaps + 1, timeline->n_gaps * sizeof *gaps);
    }
    gaps[timeline->n_gaps].index = index;
    gaps[timeline->n_gaps].lost = before + lost;
    timeline->n_gaps++;
}

uint64_t lsn_timeline_lost_before(const lsn_timeline *timeline, uint64_t index)
{
    uint64_t lost = timeline->lost_earlier;
    for (uint32_t i = 0; i < timeline->n_gaps && timeline->gaps[i].index <= index; i++) {
        lost = timeline->gaps[i].lost;
    }
    return lost;
}

int lsn_timeline_is_broken(const lsn_timeline *timeline, uint64_t start, uint64_t end)
{
    for (uint32_t i = 0; i < timeline->n_gaps; i++) {
        if (timeline->gaps[i].index >= start && timeline->gaps[i].index <= end) {
            return 1;
        }
    }
    return 0;
}
