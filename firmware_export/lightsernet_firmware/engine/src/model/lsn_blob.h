/* SPDX-License-Identifier: Apache-2.0 */
/* The model blob in memory; docs/reference/blob-format.md describes it, with all ranges.
 *
 * All fields are 32 bits, little-endian. Offsets are in bytes from the start of the blob.
 * Fields marked "float" hold the bits of a float; lsn_float reads them.
 */
#ifndef LSN_BLOB_H
#define LSN_BLOB_H

#include <stdint.h>
#include <string.h>

#include "lightsernet.h"

#if defined(__ARM_BIG_ENDIAN) || defined(__BIG_ENDIAN__) ||                                     \
    (defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
#error "lightsernet: the engine reads models in place, which are little-endian"
#endif

#define LSN_MAGIC 0x314E534Cu /* "LSN1" */
#define LSN_CRC_START 16u     /* the CRC covers all bytes from here on */

/* Flags of lsn_front_end. */
#define LSN_POWER_SPECTRUM 1u /* |X|**2 / fft_length; otherwise |X| */
#define LSN_RUNNING_PEAK 2u   /* divide the bands by their running peak */
#define LSN_REPLACE_ZERO 4u   /* the log floor replaces zeros; otherwise it is added */
#define LSN_REMOVE_OFFSET 8u  /* subtract the frame's mean, which reaches no band */
#define LSN_STANDARDIZES 16u  /* mean and scale are a training set's: profiles apply */
#define LSN_UTTERANCE_MEAN 32u  /* subtract a running mean of the utterance; version 5 */

/* Convolutions read weights and operands, and bands read bins, in groups of so many. */
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
    uint32_t labels;    /* offset of n_labels names, each with a NUL behind it */
    uint32_t label_bytes;
    uint32_t n_labels;
    uint32_t n_coefficients;
    uint32_t input_scale; /* float */
    int32_t input_zero_point;
    uint32_t temperature; /* float */
    uint32_t min_seconds; /* float */
    uint32_t model_hash[4];
    uint32_t endpointing; /* offset of lsn_endpoint_constants, or 0 */
    uint32_t decision;    /* offset of lsn_decision, or 0 without endpointing */
    uint32_t reserved[2]; /* 0 */
} lsn_header;

/* Parallel convolutions of one input, an average pool, concatenation. */
typedef struct lsn_stage {
    uint32_t width;     /* columns of an input row */
    uint32_t channels;  /* of the input */
    int32_t zero_point; /* of the input: what 'same' padding is filled with */
    uint32_t pool_height;
    uint32_t pool_width;
    uint32_t tile_width; /* columns computed at a time */
    uint32_t n_paths;
    uint32_t paths; /* offset of n_paths lsn_path */
} lsn_stage;

/* One convolution of a stage. */
typedef struct lsn_path {
    uint32_t kernel_height;
    uint32_t kernel_width;
    uint32_t filters;
    uint32_t weights;        /* offset of int8 [filters][lsn_packed_length] */
    uint32_t requantization; /* offset of int32 bias, multiplier, shift, [filters] each */
    int32_t zero_point;      /* of the output */
    int32_t minimum;         /* of the output: the fused activation */
    int32_t maximum;
    int32_t rescale_multiplier; /* to the scale of the concatenation; 0: no rescaling */
    int32_t rescale_shift;
    int32_t rescale_input_zero_point;
    int32_t rescale_output_zero_point;
} lsn_path;

/* Global average, dense layer, softmax. */
typedef struct lsn_head {
    uint32_t width;    /* columns of the last stage's output */
    uint32_t channels; /* of the same */
    int32_t input_zero_point;
    int32_t mean_zero_point;
    int32_t mean_multiplier;
    int32_t mean_shift;
    uint32_t weights;        /* offset of int8 [n_labels][channels, padded to LSN_GROUP] */
    uint32_t requantization; /* as in lsn_path */
    int32_t zero_point;      /* of the logits */
    int32_t minimum;         /* of the logits */
    int32_t maximum;
    int32_t softmax_multiplier;
    int32_t softmax_shift;
    int32_t softmax_smallest_difference;
} lsn_head;

typedef struct lsn_front_end {
    uint32_t sample_rate;  /* Hz */
    uint32_t frame_length; /* samples */
    uint32_t hop_length;   /* samples */
    uint32_t fft_length;   /* samples, a power of two */
    uint32_t n_mels;
    uint32_t flags;
    uint32_t level_decay; /* float, as all that follow up to input_steps */
    uint32_t level_floor;
    uint32_t log_floor;
    uint32_t clip_value;
    uint32_t input_steps;  /* 1 / input_scale */
    uint32_t window;       /* offset of float [frame_length], times 2**-16 */
    uint32_t twiddles;     /* offset of float [14][points / 8], points = fft_length / 2 */
    uint32_t split;        /* offset of float [2][points / 2]: cos, -sin of pi k / points */
    uint32_t bands;        /* offset of uint32 [n_mels][2]: first bin, number of bins */
    uint32_t band_weights; /* offset of float [n_band_weights], band after band */
    uint32_t n_band_weights;
    uint32_t dct;  /* offset of float [n_mels][n_coefficients], or 0 for log-mel */
    uint32_t mean; /* offset of float [n_coefficients] */
    uint32_t inverse_scale; /* offset of float [n_coefficients] */
    uint32_t prior_mean_rows; /* float, as all that follow; lsn_profile.c uses them */
    uint32_t prior_scale_rows;
    uint32_t memory_rows;
    uint32_t max_shift;
    uint32_t max_stretch;
    /* From version 5 on; a blob of version 4 ends before. */
    uint32_t utterance_prior_rows;  /* float: weight of the mean in a running mean */
    uint32_t utterance_memory_rows; /* most rows that count for a running mean */
} lsn_front_end;

/* Bytes of lsn_front_end in a blob of version 4. */
#define LSN_FRONT_END_BYTES_4 100u

/* Constants of lsn_endpointing.c, which docs/reference/endpointing.md defines. Times are in
 * hops, levels in 1/256 of an octave of energy, unless stated otherwise. */
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
    int32_t release; /* fall of the peak per hop, in 1/16 of a level's unit */
    uint32_t speech;
    uint32_t speech_window;
    uint32_t hang_over;
    uint32_t maximum;
    uint32_t before;
    uint32_t after;
    uint32_t floor_block;
    uint32_t floor_blocks;
} lsn_endpoint_constants;

/* Threshold of a label that is never said: above any posterior. */
#define LSN_NEVER 2.0f

/* Defaults of a listener, besides temperature. */
typedef struct lsn_decision {
    uint32_t step_hops;   /* between provisional, or continuous, events */
    uint32_t min_samples; /* shorter stretches give no event */
    uint32_t thresholds;  /* offset of float [n_labels], in 0 .. LSN_NEVER */
    uint32_t window_hops; /* of continuous mode, as all that follow */
    uint32_t keep;        /* float, 0 .. 1: weight of the posteriors before */
    uint32_t hold_steps;  /* steps that a new label must last */
    uint32_t reserved[2]; /* 0 */
} lsn_decision;

/* Largest height and width of a kernel. */
#define LSN_MAX_KERNEL 32u
/* Most columns of the network's output: their sum fits an int16. */
#define LSN_MAX_OUTPUT_WIDTH 256u
/* Longest time in hops: more than 30 s at 48 kHz in hops of one sample. */
#define LSN_MAX_HOPS 0x200000u

/* Sizes of the arrays of lsn_endpointer. */
#define LSN_MAX_HALF_WAVELET 32u
#define LSN_MAX_FLOOR_BLOCKS 8u
/* Longest speech window in hops: lsn_endpointer keeps one bit per hop. */
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

/* Whether the front end subtracts a running mean of the utterance. */
static inline int lsn_has_utterance_mean(const lsn_model *model)
{
    return (lsn_front_end_of(model)->flags & LSN_UTTERANCE_MEAN) != 0;
}

/* Whether mean and scale are a training set's, so that profiles apply. */
static inline int lsn_standardizes(const lsn_model *model)
{
    return (lsn_front_end_of(model)->flags & LSN_STANDARDIZES) != 0;
}

/* NULL if the blob has none. */
static inline const lsn_endpoint_constants *lsn_endpointing_of(const lsn_model *model)
{
    uint32_t offset = lsn_header_of(model)->endpointing;
    return offset == 0 ? NULL : (const lsn_endpoint_constants *)lsn_at(model, offset);
}

/* NULL if the blob has none. */
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

/* The blob is an array of uint32_t: copying the bytes of a float keeps to C's aliasing
 * rules. */
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

/* Rows or columns of 'same' padding before the input; kernel - 1 in all, the smaller half
 * before. */
static inline uint32_t lsn_padding_before(uint32_t kernel)
{
    return (kernel - 1u) / 2u;
}

static inline uint32_t lsn_output_width(const lsn_stage *stage)
{
    return (stage->width + stage->pool_width - 1u) / stage->pool_width;
}

/* Whether lsn_gather copies a whole patch per pixel, as pays with few channels. Otherwise
 * runs of kernel_width * channels operands are long enough to be shared by the pixels. */
static inline int lsn_gathers_patches(const lsn_stage *stage)
{
    return stage->channels < LSN_GROUP;
}

/* int8 weights of one filter, padding included. */
static inline uint32_t lsn_packed_length(const lsn_stage *stage, const lsn_path *path)
{
    uint32_t area = path->kernel_height * path->kernel_width;
    if (lsn_gathers_patches(stage)) {
        return lsn_round_up(area * stage->channels, LSN_GROUP);
    }
    return area * lsn_round_up(stage->channels, LSN_GROUP);
}

#endif
