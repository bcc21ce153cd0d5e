/* SPDX-License-Identifier: Apache-2.0 */
/* The model blob as it lies in memory; docs/reference/blob-format.md describes it.
 *
 * All fields are 32 bits, little-endian. Offsets are in bytes from the start of
 * the blob. Floats are kept as their bits, read with lsn_float.
 */
#ifndef LSN_BLOB_H
#define LSN_BLOB_H

#include <stdint.h>
#include <string.h>

#include "lightsernet.h"

#define LSN_MAGIC 0x314E534Cu /* "LSN1" */
#define LSN_CRC_START 16u     /* the CRC covers all bytes from here */

#define LSN_POWER_SPECTRUM 1u
#define LSN_RUNNING_PEAK 2u
#define LSN_REPLACE_ZERO 4u
#define LSN_REMOVE_OFFSET 8u
#define LSN_STANDARDIZES 16u

/* Kernels read weights and operands, and bands their bins, in groups of this many. */
#define LSN_GROUP 4u

typedef struct lsn_header {
    uint32_t magic;
    uint32_t version;
    uint32_t size;
    uint32_t crc;
    uint32_t n_stages;
    uint32_t stages;    /* offset of n_stages lsn_stage */
    uint32_t head;      /* offset of lsn_head */
    uint32_t front_end; /* offset of lsn_front_end, or 0 */
    uint32_t labels;    /* offset of the names, each with a NUL behind it */
    uint32_t label_bytes;
    uint32_t n_labels;
    uint32_t n_coefficients;
    uint32_t input_scale; /* float */
    int32_t input_zero_point;
    uint32_t temperature; /* float */
    uint32_t min_seconds; /* float */
    uint32_t model_hash[4];
    uint32_t endpointing; /* offset of lsn_endpoint_constants, or 0 */
    uint32_t decision;    /* offset of lsn_decision; 0 where there is no endpointing */
    uint32_t reserved[2]; /* 0 */
} lsn_header;

typedef struct lsn_stage {
    uint32_t width;    /* of an input row, columns */
    uint32_t channels; /* of an input row */
    int32_t zero_point;
    uint32_t pool_height;
    uint32_t pool_width;
    uint32_t tile_width;
    uint32_t n_paths;
    uint32_t paths; /* offset of n_paths lsn_path */
} lsn_stage;

typedef struct lsn_path {
    uint32_t kernel_height;
    uint32_t kernel_width;
    uint32_t filters;
    uint32_t weights;        /* offset of int8 [filters][packed length] */
    uint32_t requantization; /* offset of int32 bias, multiplier, shift, [filters] each */
    int32_t zero_point;
    int32_t minimum;
    int32_t maximum;
    int32_t rescale_multiplier; /* 0: the paths have one scale */
    int32_t rescale_shift;
    int32_t rescale_input_zero_point;
    int32_t rescale_output_zero_point;
} lsn_path;

typedef struct lsn_head {
    uint32_t width;
    uint32_t channels;
    int32_t input_zero_point;
    int32_t mean_zero_point;
    int32_t mean_multiplier;
    int32_t mean_shift;
    uint32_t weights;        /* offset of int8 [n_labels][channels, padded to LSN_GROUP] */
    uint32_t requantization; /* as in lsn_path */
    int32_t zero_point;      /* of the logits */
    int32_t minimum;
    int32_t maximum;
    int32_t softmax_multiplier;
    int32_t softmax_shift;
    int32_t softmax_smallest_difference;
} lsn_head;

typedef struct lsn_front_end {
    uint32_t sample_rate;
    uint32_t frame_length;
    uint32_t hop_length;
    uint32_t fft_length;
    uint32_t n_mels;
    uint32_t flags;
    uint32_t level_decay; /* float, as all that follow up to input_steps */
    uint32_t level_floor;
    uint32_t log_floor;
    uint32_t clip_value;
    uint32_t input_steps;  /* 1 / input_scale */
    uint32_t window;       /* offset of float [frame_length], with half the sample scale */
    uint32_t twiddles;     /* offset of float [14][points / 8], points = fft_length / 2 */
    uint32_t split;        /* offset of float [2][points / 2]: cos, -sin of pi k / points */
    uint32_t bands;        /* offset of uint32 [n_mels][2]: first bin, number of bins */
    uint32_t band_weights; /* offset of float, the bands' weights one after another */
    uint32_t n_band_weights;
    uint32_t dct;  /* offset of float [n_mels][n_coefficients], or 0 for log-mel */
    uint32_t mean; /* offset of float [n_coefficients] */
    uint32_t inverse_scale; /* offset of float [n_coefficients] */
    uint32_t prior_mean_rows; /* float, as all that follow: see lsn_profile.c */
    uint32_t prior_scale_rows;
    uint32_t memory_rows;
    uint32_t max_shift;
    uint32_t max_stretch;
} lsn_front_end;

/* See lsn_endpointing.h: times in hops, levels in 1/256 of an octave of energy. */
typedef struct lsn_endpoint_constants {
    uint32_t hop_length;    /* samples */
    uint32_t half_wavelet;  /* samples */
    int32_t begin;
    int32_t last;
    int32_t range;
    int32_t begin_drop;
    int32_t last_drop;
    int32_t silence;
    int32_t first_floor;
    int32_t begin_share; /* in 1/256 */
    int32_t last_share;
    int32_t release; /* a hop, in 1/16 of a step of a level */
    uint32_t speech;
    uint32_t speech_window;
    uint32_t hang_over;
    uint32_t maximum;
    uint32_t before;
    uint32_t after;
    uint32_t floor_block;
    uint32_t floor_blocks;
} lsn_endpoint_constants;

/* How a listener decides, besides temperature. */
typedef struct lsn_decision {
    uint32_t step_hops;   /* between provisional, or continuous, events */
    uint32_t min_samples; /* nothing is said of less */
    uint32_t thresholds;  /* offset of float [n_labels], in 0 .. 1 */
    uint32_t window_hops; /* of continuous mode, as all that follow */
    uint32_t keep;        /* float, 0 .. 1: what smoothing keeps in a step */
    uint32_t hold_steps;  /* that a new label must last */
    uint32_t reserved[2]; /* 0 */
} lsn_decision;

/* Rows and columns of a kernel. */
#define LSN_MAX_KERNEL 32u
/* Columns of the network's output: their sum fits an int16. */
#define LSN_MAX_OUTPUT_WIDTH 256u
/* 30 seconds at 48 kHz, hop by hop of a sample: the longest time. */
#define LSN_MAX_HOPS 0x200000u

/* What the arrays of the state of endpointing have room for. */
#define LSN_MAX_HALF_WAVELET 32u
#define LSN_MAX_FLOOR_BLOCKS 8u
/* A window is kept as the bits of a word. */
#define LSN_MAX_SPEECH_WINDOW 31u

static inline const void *lsn_at(const lsn_model *model, uint32_t offset)
{
    return model->blob + offset / 4u;
}

static inline const lsn_header *lsn_header_of(const lsn_model *model)
{
    return (const lsn_header *)lsn_at(model, 0);
}

static inline const lsn_front_end *lsn_front_end_of(const lsn_model *model)
{
    return (const lsn_front_end *)lsn_at(model, lsn_header_of(model)->front_end);
}

/* NULL if there are none. */
static inline const lsn_endpoint_constants *lsn_endpointing_of(const lsn_model *model)
{
    uint32_t offset = lsn_header_of(model)->endpointing;
    return offset == 0 ? NULL : (const lsn_endpoint_constants *)lsn_at(model, offset);
}

/* NULL if there is none. */
static inline const lsn_decision *lsn_decision_of(const lsn_model *model)
{
    uint32_t offset = lsn_header_of(model)->decision;
    return offset == 0 ? NULL : (const lsn_decision *)lsn_at(model, offset);
}

static inline const lsn_stage *lsn_stages_of(const lsn_model *model)
{
    return (const lsn_stage *)lsn_at(model, lsn_header_of(model)->stages);
}

static inline const lsn_path *lsn_paths_of(const lsn_model *model, const lsn_stage *stage)
{
    return (const lsn_path *)lsn_at(model, stage->paths);
}

static inline const lsn_head *lsn_head_of(const lsn_model *model)
{
    return (const lsn_head *)lsn_at(model, lsn_header_of(model)->head);
}

/* The blob is an array of uint32_t: floats in it are read by their bytes. */
static inline float lsn_float(const uint32_t *bits)
{
    float value;
    memcpy(&value, bits, sizeof value);
    return value;
}

static inline uint32_t lsn_round_up(uint32_t value, uint32_t to)
{
    return (value + to - 1u) / to * to;
}

static inline uint32_t lsn_min(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static inline uint32_t lsn_max(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* 'same' padding of a stride-1 convolution: half of the kernel, the smaller
 * half in front. */
static inline uint32_t lsn_before(uint32_t kernel)
{
    return (kernel - 1u) / 2u;
}

static inline uint32_t lsn_output_width(const lsn_stage *stage)
{
    return (stage->width + stage->pool_width - 1u) / stage->pool_width;
}

/* With few channels the patch of every pixel is gathered whole; otherwise the
 * runs of kernel_width * channels are long enough to be used where they lie. */
static inline int lsn_gathers_patches(const lsn_stage *stage)
{
    return stage->channels < LSN_GROUP;
}

/* int8 weights of one filter, with padding. */
static inline uint32_t lsn_packed_length(const lsn_stage *stage, const lsn_path *path)
{
    uint32_t area = path->kernel_height * path->kernel_width;
    if (lsn_gathers_patches(stage)) {
        return lsn_round_up(area * stage->channels, LSN_GROUP);
    }
    return area * lsn_round_up(stage->channels, LSN_GROUP);
}

#endif
