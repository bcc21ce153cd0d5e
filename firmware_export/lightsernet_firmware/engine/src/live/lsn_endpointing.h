/* SPDX-License-Identifier: Apache-2.0 */
/* Where in a stream of samples somebody speaks, in exact integers:
 * docs/reference/endpointing.md. Knows nothing of models. */
#ifndef LSN_ENDPOINTING_H
#define LSN_ENDPOINTING_H

#include <stdint.h>

#include "lsn_blob.h"

/* All 0 at the start of a stream. */
typedef struct lsn_endpointer {
    uint32_t hops; /* heard so far */
    uint32_t in_speech;
    uint32_t start; /* of the utterance in progress or ended last, in hops */
    uint32_t end;   /* exclusive; never falls while the utterance lasts */
    uint32_t last_heard;
    uint32_t free_from; /* where the utterance before ended */
    uint32_t begun;     /* a bit a hop: whether it was loud enough to begin */
    int32_t peak16;     /* tracked peak, in 1/16 of a step of a level */
    int32_t before[2];  /* the two levels before */
    int32_t block_minimum;
    uint32_t block_hops;
    uint32_t n_minima;
    uint32_t oldest; /* place of the oldest minimum once the ring is full */
    int32_t minima[LSN_MAX_FLOOR_BLOCKS];
    uint32_t has_past;
    int32_t wavelet;        /* its sum at the last sample */
    uint32_t oldest_sample; /* its place in `past` */
    int16_t past[2u * LSN_MAX_HALF_WAVELET]; /* the last 2 * half_wavelet samples */
} lsn_endpointer;

/* Level of the next hop: 256 log2 of its energy through a Haar wavelet.
 *
 *   hop  in: int16 [hop_length]
 */
int32_t lsn_hop_level(const lsn_endpoint_constants *constants, lsn_endpointer *endpointer,
                      const int16_t *hop);

/* 256 log2 of an energy; 0 for 0. */
int32_t lsn_level_of_energy(uint64_t energy);

/* Take in the level of the next hop. 1 if an utterance ended with it: start .. end. */
int lsn_endpointer_step(const lsn_endpoint_constants *constants, lsn_endpointer *endpointer,
                        int32_t level);

/* End of the audio, or a gap. 1 if an utterance ended with it. */
int lsn_endpointer_finish(lsn_endpointer *endpointer);

#endif
