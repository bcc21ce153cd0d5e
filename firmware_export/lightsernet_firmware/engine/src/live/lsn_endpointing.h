/* SPDX-License-Identifier: Apache-2.0 */
/* Endpointing: where in a stream of samples somebody speaks. All arithmetic is exact
 * integers, as docs/reference/endpointing.md defines. It knows of no model. */
#ifndef LSN_ENDPOINTING_H
#define LSN_ENDPOINTING_H

#include <stdint.h>

#include "lsn_blob.h"

/* All 0 at the start of a stream. Times are in hops, unless stated otherwise. */
typedef struct lsn_endpointer {
    uint32_t hops; /* hops so far */
    uint32_t in_speech;
    uint32_t start; /* of the utterance in progress, or of the last one */
    uint32_t end;   /* of the same, exclusive; never falls while the utterance lasts */
    uint32_t last_heard; /* last hop of the utterance that counts as speech */
    uint32_t free_from;  /* end of the utterance before: the next may not begin earlier */
    uint32_t begun;      /* one bit per hop, the last one lowest: loud enough to begin */
    int32_t peak16;      /* tracked peak, in 1/16 of a level's unit */
    int32_t before[2];   /* levels of the last two hops */
    int32_t block_minimum;
    uint32_t block_hops;
    uint32_t n_minima;
    uint32_t oldest; /* index of the oldest minimum once the ring is full */
    int32_t minima[LSN_MAX_FLOOR_BLOCKS];
    uint32_t has_past;
    int32_t wavelet;        /* output of the wavelet at the last sample */
    uint32_t oldest_sample; /* index of the oldest sample in `past` */
    int16_t past[2u * LSN_MAX_HALF_WAVELET]; /* the last 2 * half_wavelet samples */
} lsn_endpointer;

/**
 * Level of the next hop: 256 log2 of its energy through a Haar wavelet.
 *
 * @param[in] hop  [hop_length]
 *
 * @return  0..16384
 */
int32_t lsn_hop_level(const lsn_endpoint_constants *constants, lsn_endpointer *endpointer,
                      const int16_t *hop);

/**
 * Level of an energy.
 *
 * @return  256 log2 of it, rounded down; 0 for 0
 */
int32_t lsn_level_of_energy(uint64_t energy);

/**
 * Advance by one hop.
 *
 * @param[in] level  of the hop, from lsn_hop_level
 *
 * @return  1 if an utterance, start .. end, ended with it; else 0
 */
int lsn_endpointer_step(const lsn_endpoint_constants *constants, lsn_endpointer *endpointer,
                        int32_t level);

/**
 * End the utterance in progress, at the end of the audio or at a gap.
 *
 * @return  1 if there was one, start .. end; else 0
 */
int lsn_endpointer_finish(lsn_endpointer *endpointer);

#endif
