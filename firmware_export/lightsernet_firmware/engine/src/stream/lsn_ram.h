/* SPDX-License-Identifier: Apache-2.0 */
/* The RAM of a stream: where everything lies in it. */
#ifndef LSN_RAM_H
#define LSN_RAM_H

#include <stddef.h>
#include <stdint.h>

#include "lsn_blob.h"
#include "lsn_operand.h"

#define LSN_MAX_STAGES 16u

/* Reserved for struct lsn_stream on every target, pointers of any size. */
#define LSN_STREAM_BYTES 192u

/* Rows of input that a stage has taken in and convolved. */
typedef struct lsn_progress {
    uint32_t rows_in;
    uint32_t rows_done;
} lsn_progress;

struct lsn_stream {
    const lsn_model *model;
    uint32_t pcm_count; /* samples in the frame that is being filled */
    float level;        /* running peak of the front end */
    uint32_t rows;      /* rows of features taken in */
    uint32_t finished;
    uint32_t mean_rows; /* rows summed for the mean */
    uint32_t heard_rows; /* rows that the front end made of this utterance */
    float profile_rows;  /* what the running statistics weigh */
    float profile_seconds;
    uint32_t window_rows; /* the result is on so many rows of output at most; 0: on all */
    int16_t *window;      /* [window_rows][head channels]: their columns summed up */
    lsn_progress progress[LSN_MAX_STAGES];
};

/* The struct must fit the bytes that are reserved for it. */
typedef char lsn_stream_fits[sizeof(struct lsn_stream) <= LSN_STREAM_BYTES ? 1 : -1];

/* What a front end needs for profiles: float [n_coefficients] each. */
enum {
    LSN_MEAN,
    LSN_INVERSE_SCALE,
    LSN_SUM, /* of the running statistics */
    LSN_SQUARES,
    LSN_HEARD_SUM, /* of this utterance */
    LSN_HEARD_SQUARES,
    LSN_PROFILE_ARRAYS
};

/* Offsets in the stream's RAM, in bytes. */
typedef struct lsn_layout {
    size_t sums;       /* int32 [head channels] */
    size_t logits;     /* int8 [n_labels] */
    size_t posteriors; /* int8 [n_labels] */
    size_t rings;      /* int8, the stages' rings one after another */
    size_t pcm;        /* int16 [frame_length] */
    size_t profile;    /* float [LSN_PROFILE_ARRAYS][n_coefficients] */
    size_t scratch;    /* shared by front end, stages and head */
    size_t size;
} lsn_layout;

/* Offsets in the scratch while a stage runs. */
typedef struct lsn_stage_scratch {
    size_t operands;
    size_t weights;      /* of two filters, as the kernel wants them */
    size_t accumulators; /* int32 [2][pixels] */
    size_t outputs;      /* int8 [2][pixels] */
    size_t size;
} lsn_stage_scratch;

/* Bytes that leave what comes behind them aligned. */
static inline size_t lsn_aligned(size_t size)
{
    return (size + LSN_ALIGNMENT - 1u) / LSN_ALIGNMENT * LSN_ALIGNMENT;
}

uint32_t lsn_rows_before(const lsn_model *model, const lsn_stage *stage);
uint32_t lsn_rows_after(const lsn_model *model, const lsn_stage *stage);
uint32_t lsn_rows_kept(const lsn_model *model, const lsn_stage *stage);
size_t lsn_ring_bytes(const lsn_model *model, const lsn_stage *stage);
lsn_stage_scratch lsn_stage_scratch_of(const lsn_model *model, const lsn_stage *stage);
lsn_layout lsn_layout_of(const lsn_model *model);

static inline void *lsn_ram_at(const lsn_stream *stream, size_t offset)
{
    /* A stream is the beginning of its own, writable RAM. */
    return (void *)((uintptr_t)stream + offset);
}

#endif
