/* SPDX-License-Identifier: Apache-2.0 */
#include "lsn_endpointing.h"

#define PEAK_BITS 4
#define SHARE_BITS 8
#define LEVEL_BITS 8

static int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

int32_t lsn_level_of_energy(uint64_t energy)
{
    int32_t level = 0;
    if (energy == 0) {
        return 0;
    }
    while ((energy >> 1) >> level != 0) {
        level++;
    }
    /* mantissa / 2**31 in 1 .. 2 */
    uint64_t mantissa = level <= 31 ? energy << (31 - level) : energy >> (level - 31);
    for (int bit = 0; bit < LEVEL_BITS; bit++) {
        mantissa = (mantissa * mantissa) >> 31;
        int32_t octave = (int32_t)(mantissa >> 32);
        mantissa >>= octave;
        level = 2 * level + octave;
    }
    return level;
}

/* y[n] - y[n-1] = x[n] - 2 x[n-h] + x[n-2h], where h is half the wavelet. */
int32_t lsn_hop_level(const lsn_endpoint_constants *constants, lsn_endpointer *endpointer,
                      const int16_t *hop)
{
    uint32_t half = constants->half_wavelet;
    int16_t *past = endpointer->past;
    int32_t wavelet = endpointer->wavelet;
    uint32_t place = endpointer->oldest_sample;
    uint64_t energy = 0;
    if (!endpointer->has_past) {
        /* A constant signal at the value of the first sample precedes the stream. */
        endpointer->has_past = 1;
        for (uint32_t i = 0; i < 2u * half; i++) {
            past[i] = hop[0];
        }
    }
    for (uint32_t n = 0; n < constants->hop_length; n++) {
        uint32_t middle = place < half ? place + half : place - half;
        wavelet += hop[n] - 2 * past[middle] + past[place];
        past[place] = hop[n];
        place = place + 1u == 2u * half ? 0 : place + 1u;
        energy += (uint64_t)((int64_t)wavelet * wavelet);
    }
    endpointer->oldest_sample = place;
    endpointer->wavelet = wavelet;
    return lsn_level_of_energy(energy);
}

static void put_minimum(const lsn_endpoint_constants *constants, lsn_endpointer *endpointer,
                        int32_t minimum)
{
    if (endpointer->n_minima < constants->floor_blocks) {
        endpointer->minima[endpointer->n_minima++] = minimum;
    } else {
        endpointer->minima[endpointer->oldest] = minimum;
        endpointer->oldest = (endpointer->oldest + 1u) % constants->floor_blocks;
    }
}

/* Update the peak and the noise floor, both of the mean level of three hops. Returns the
 * noise floor. */
static int32_t track(const lsn_endpoint_constants *constants, lsn_endpointer *endpointer,
                     int32_t level)
{
    int32_t *before = endpointer->before;
    if (endpointer->n_minima == 0) {
        before[0] = level;
        before[1] = level;
        put_minimum(constants, endpointer, smaller(level, constants->first_floor));
        endpointer->block_minimum = level;
    }
    int32_t smooth = (level + before[0] + before[1]) / 3;
    before[1] = before[0];
    before[0] = level;
    endpointer->block_minimum = smaller(endpointer->block_minimum, smooth);
    int32_t noise_floor = endpointer->block_minimum;
    for (uint32_t i = 0; i < endpointer->n_minima; i++) {
        noise_floor = smaller(noise_floor, endpointer->minima[i]);
    }
    if (++endpointer->block_hops == constants->floor_block) {
        put_minimum(constants, endpointer, endpointer->block_minimum);
        endpointer->block_hops = 0;
        endpointer->block_minimum = smooth;
    }
    endpointer->peak16 =
        larger(smooth * (1 << PEAK_BITS), endpointer->peak16 - constants->release);
    return larger(noise_floor, constants->silence);
}

/* End the utterance in progress; returns 1. */
static int stop(lsn_endpointer *endpointer)
{
    endpointer->in_speech = 0;
    endpointer->begun = 0;
    endpointer->free_from = endpointer->end;
    return 1;
}

static uint32_t count_bits(uint32_t bits)
{
    uint32_t count = 0;
    for (; bits != 0; bits &= bits - 1u) {
        count++;
    }
    return count;
}

/* Whether an utterance is known to have begun with this hop. If so, `start` is set. */
static int begins(const lsn_endpoint_constants *constants, lsn_endpointer *endpointer, int loud)
{
    uint32_t window = ((uint32_t)1 << constants->speech_window) - 1u;
    uint32_t length = 0;
    endpointer->begun = ((endpointer->begun << 1) | (uint32_t)loud) & window;
    if (count_bits(endpointer->begun) < constants->speech) {
        return 0;
    }
    while (endpointer->begun >> length != 0) {
        length++;
    }
    uint32_t first = endpointer->hops - length;
    first = first > constants->before ? first - constants->before : 0;
    endpointer->start = lsn_max(first, endpointer->free_from);
    return 1;
}

int lsn_endpointer_step(const lsn_endpoint_constants *constants, lsn_endpointer *endpointer,
                        int32_t level)
{
    int32_t noise_floor = track(constants, endpointer, level);
    int32_t peak = endpointer->peak16 >> PEAK_BITS;
    int32_t distance = smaller(larger(peak - noise_floor, 0), constants->range);
    uint32_t now = endpointer->hops++;
    if (endpointer->in_speech) {
        int32_t above = larger(constants->last, (distance * constants->last_share) >> SHARE_BITS);
        if (level > larger(noise_floor + above, peak - constants->last_drop)) {
            endpointer->last_heard = now;
        }
        if (now - endpointer->last_heard >= constants->hang_over) {
            return stop(endpointer);
        }
    } else {
        int32_t above =
            larger(constants->begin, (distance * constants->begin_share) >> SHARE_BITS);
        int loud = level > larger(noise_floor + above, peak - constants->begin_drop);
        if (!begins(constants, endpointer, loud)) {
            return 0;
        }
        endpointer->in_speech = 1;
        endpointer->last_heard = now;
    }
    uint32_t heard = endpointer->last_heard + 1u;
    endpointer->end = heard + lsn_min(constants->after, endpointer->hops - heard);
    return endpointer->hops - endpointer->start >= constants->maximum ? stop(endpointer) : 0;
}

int lsn_endpointer_finish(lsn_endpointer *endpointer)
{
    int ended = endpointer->in_speech ? stop(endpointer) : 0;
    endpointer->begun = 0;
    endpointer->free_from = endpointer->hops;
    return ended;
}
