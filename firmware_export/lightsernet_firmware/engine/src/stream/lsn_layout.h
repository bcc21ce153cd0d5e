/* SPDX-License-Identifier: Apache-2.0 */
/* The layout of a stream's RAM: struct lsn_stream first, then arrays at offsets. */
#ifndef LSN_LAYOUT_H
#define LSN_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#include "lsn_blob.h"
#include "lsn_operand.h"

#define LSN_MAX_STAGES 16u

/* Reserved for struct lsn_stream on every target, pointers of any size. */
#define LSN_STREAM_BYTES 192u

/* Input rows of a stage: how many have come, and how many are convolved. */
typedef struct lsn_progress {
    uint32_t rows_in;
    uint32_t rows_done;
} lsn_progress;

struct lsn_stream {
    const lsn_model *model;
    uint32_t pcm_count; /* samples in the frame that is being filled */
    float level;        /* running peak of the front end */
    uint32_t rows;      /* rows of features pushed */
    uint32_t finished;
    uint32_t mean_rows;      /* output rows in the global average; all since the reset */
    uint32_t utterance_rows; /* rows that the front end made of the utterance */
    float profile_rows;      /* weight of the running statistics, in rows */
    float profile_seconds;   /* speech behind the profile */
    uint32_t window_rows; /* the result is on the last so many output rows; 0: on all */
    int16_t *window;      /* [window_rows][head channels]: sums of their columns */
    lsn_progress progress[LSN_MAX_STAGES];
};

/* Fails to compile if the struct does not fit. */
typedef char lsn_stream_fits[sizeof(struct lsn_stream) <= LSN_STREAM_BYTES ? 1 : -1];

/* Arrays of a profile: float [n_coefficients] each. The running statistics and those of
 * the utterance are in units of the blob's mean and scale. */
enum {
    LSN_MEAN,
    LSN_INVERSE_SCALE,
    LSN_RUNNING_SUM, /* of all utterances adapted to */
    LSN_RUNNING_SQUARES,
    LSN_UTTERANCE_SUM, /* of this utterance */
    LSN_UTTERANCE_SQUARES,
    LSN_PROFILE_ARRAYS
};

/* Offsets in the stream's RAM, in bytes, multiples of LSN_ALIGNMENT. */
typedef struct lsn_layout {
    size_t sums;       /* int32 [head channels] */
    size_t logits;     /* int8 [n_labels] */
    size_t posteriors; /* int8 [n_labels] */
    size_t rings;      /* int8, one ring of input rows per stage: see lsn_stage_run */
    size_t pcm;        /* int16 [frame_length] */
    size_t profile;    /* float [LSN_PROFILE_ARRAYS][n_coefficients] */
    size_t utterance_mean; /* float [n_coefficients]; only with LSN_UTTERANCE_MEAN */
    size_t scratch;    /* front end, stages and head take turns */
} lsn_layout;

/* Offsets in the scratch while a stage runs, in bytes, multiples of LSN_ALIGNMENT. */
typedef struct lsn_scratch_layout {
    size_t operands;     /* lsn_operand, from lsn_gather */
    size_t weights;      /* lsn_operand: scratch of lsn_convolve */
    size_t accumulators; /* int32 [2][pixels] */
    size_t outputs;      /* int8 [2][pixels] */
    size_t size;
} lsn_scratch_layout;

/* `size` rounded up to a multiple of LSN_ALIGNMENT. */
static inline size_t lsn_aligned(size_t size)
{
    return (size + LSN_ALIGNMENT - 1u) / LSN_ALIGNMENT * LSN_ALIGNMENT;
}

/* Rows of 'same' padding before the first row, for the tallest kernel of a stage. */
uint32_t lsn_rows_before(const lsn_model *model, const lsn_stage *stage);

/* Rows of 'same' padding after the last row, for the tallest kernel of a stage. */
uint32_t lsn_rows_after(const lsn_model *model, const lsn_stage *stage);

/* Rows that a stage's ring keeps: those that one pooled row of output depends on. */
uint32_t lsn_rows_kept(const lsn_model *model, const lsn_stage *stage);

/* Bytes of a stage's ring, rounded up to LSN_ALIGNMENT. */
size_t lsn_ring_bytes(const lsn_model *model, const lsn_stage *stage);

/* Layout of the scratch for one stage. */
lsn_scratch_layout lsn_scratch_layout_of(const lsn_model *model, const lsn_stage *stage);

/* Layout of a stream's RAM. */
lsn_layout lsn_layout_of(const lsn_model *model);

/* Bytes of a stream's RAM, scratch included: once the model is open, its ram_size. */
size_t lsn_layout_bytes(const lsn_model *model);

/* Address of an offset in a stream's RAM, which begins with the stream. */
static inline void *lsn_ram_at(const lsn_stream *stream, size_t offset)
{
    return (void *)((uintptr_t)stream + offset);
}

#endif
