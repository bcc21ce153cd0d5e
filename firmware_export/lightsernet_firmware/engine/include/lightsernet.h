/* SPDX-License-Identifier: Apache-2.0 */
/* lightsernet.h - speech emotion recognition, row by row, on a microcontroller.
 *
 *   lsn_model model;
 *   lsn_model_open(&model, blob, blob_size);             // checks everything
 *   lsn_stream_open(&stream, &model, ram, sizeof ram);   // lsn_ram_size(&model) bytes
 *   lsn_push(stream, pcm, n);                            // as the audio arrives
 *   lsn_finish(stream);                                  // the speaker stopped
 *   lsn_result(stream, &emotion);                        // label and posteriors
 *   lsn_reset(stream);                                   // next utterance
 *
 * Memory: the engine allocates nothing and has no variables of its own. The
 * blob, the lsn_model and the RAM belong to the caller. Blob and lsn_model
 * must stay in place and unchanged until the last stream on them is given up;
 * a stream ends when its RAM is used for something else.
 *
 * Threads and interrupts: calls on different streams may run at the same time,
 * also on one model. Calls on one stream may not.
 *
 * Every pointer must be valid; NULL is answered with LSN_BAD_ARGUMENT.
 */
#ifndef LIGHTSERNET_H
#define LIGHTSERNET_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LSN_API_VERSION 3u    /* of the functions below */
#define LSN_BLOB_VERSION 4u   /* of the blobs they read */
#define LSN_ALIGNMENT 16u     /* of blob and RAM, in bytes */

typedef enum lsn_status {
    LSN_OK = 0,
    LSN_BAD_ARGUMENT,  /* a pointer is NULL */
    LSN_BAD_ALIGNMENT, /* blob or RAM is not aligned to LSN_ALIGNMENT */
    LSN_BAD_MAGIC,     /* not a model blob */
    LSN_BAD_VERSION,   /* a blob for another LSN_BLOB_VERSION */
    LSN_TRUNCATED,     /* the blob is longer than blob_size says */
    LSN_BAD_CRC,       /* a byte changed on the way */
    LSN_BAD_MODEL,     /* a record, a size or an offset makes no sense */
    LSN_RAM_TOO_SMALL, /* less than lsn_ram_size */
    LSN_NO_FRONT_END,  /* the blob takes features only: use lsn_push_features */
    LSN_FINISHED,      /* lsn_finish was called: lsn_reset comes next */
    LSN_NO_RESULT,     /* too few rows so far for a first result */
    LSN_TOO_LONG,      /* days without lsn_reset: the running mean is full */
    LSN_NO_PROFILE,    /* the front end does not standardise */
    LSN_BAD_PROFILE,   /* a value is not finite, a scale not above 0, or a bias too large */
    LSN_NOT_FINISHED,  /* lsn_finish comes first */
    LSN_NO_ENDPOINTING, /* the blob has no front end, or no endpointing that fits it */
    LSN_BAD_SETTINGS   /* a setting of a listener is out of range */
} lsn_status;

/* What lsn_model_open found. Read it; only lsn_model_open writes it. */
typedef struct lsn_model {
    const uint32_t *blob;
    uint32_t blob_size;        /* bytes */
    uint32_t sample_rate;      /* Hz; 0 without a front end */
    uint32_t frame_length;     /* samples in a frame; 0 without a front end */
    uint32_t hop_length;       /* samples from frame to frame */
    uint32_t n_coefficients;   /* int8 values in a row of features */
    uint32_t n_labels;
    float input_scale;         /* feature = input_scale * (int8 - input_zero_point) */
    int32_t input_zero_point;
    float temperature;         /* decision default: divide the logits by it */
    float min_seconds;         /* decision default: shorter utterances are not to be judged;
                                * a listener's settings have the thresholds */
    size_t ram_size;           /* lsn_ram_size */
} lsn_model;

typedef struct lsn_stream lsn_stream;

/* A result, as the network gives it. Neither temperature nor thresholds nor a bias are in
 * it, nor is a short utterance refused: those decisions are a listener's
 * (lightsernet_live.h), whose events, and Python's, so differ from it in confidence. At
 * temperature T a posterior p becomes p^(1/T), 0 counting as 1/512, and all are divided by
 * their sum. The arrays hold n_labels values each in the order of the model's
 * labels. They lie in the stream's RAM: the next call on the stream changes them. */
typedef struct lsn_emotion {
    uint32_t label;            /* index of the largest posterior, the first of equal ones */
    const char *name;          /* its name, UTF-8, in the blob */
    const int8_t *posteriors;  /* -128..127: (value + 128) / 256 is the posterior in 0..1 */
    const int8_t *logits;      /* input of the softmax, in the model's own quantisation */
} lsn_emotion;

/* LSN_API_VERSION << 16 | LSN_BLOB_VERSION of the library that is linked. */
uint32_t lsn_version(void);

/* Check a blob, all of it, and describe it. A damaged or hostile one gets its
 * status; what is opened here can be run without leaving its memory. */
lsn_status lsn_model_open(lsn_model *model, const void *blob, size_t blob_size);

/* Name of a label, or NULL for an index that there is not. */
const char *lsn_label(const lsn_model *model, uint32_t label);

/* RAM of one stream, exactly, in bytes. It does not depend on the length of an
 * utterance. 0 for a model that is not open. */
size_t lsn_ram_size(const lsn_model *model);

/* Make a stream in `ram`. */
lsn_status lsn_stream_open(lsn_stream **stream, const lsn_model *model, void *ram, size_t ram_size);

/* Take in samples: mono int16, full scale +-32768, at model->sample_rate. Any
 * number of them; any split of the audio gives the same results. */
lsn_status lsn_push(lsn_stream *stream, const int16_t *pcm, size_t samples);

/* Take in one row of features, n_coefficients values: for front ends of one's own. */
lsn_status lsn_push_features(lsn_stream *stream, const int8_t *row);

/* End the utterance: run the rows that 'same' padding still owes. An unfinished
 * frame is dropped. */
lsn_status lsn_finish(lsn_stream *stream);

/* After lsn_finish: the integers that TFLite's reference kernels give for all
 * the rows. Before: the same for the rows that have come through so far. */
lsn_status lsn_result(const lsn_stream *stream, lsn_emotion *emotion);

/* Rows of features taken in since the stream was opened or reset. */
uint32_t lsn_rows(const lsn_stream *stream);

/* The row taken in last, n_coefficients values: to log what the front end hears.
 * NULL if there is none. The next call on the stream may change it. */
const int8_t *lsn_last_features(const lsn_stream *stream);

/* Standardise with a user's mean and scale, n_coefficients values each, instead of
 * the model's: from the next row on, as long as the stream lives; lsn_reset keeps
 * them. `seconds` of speech they were made of: what they weigh in lsn_adapt. On
 * any other status than LSN_OK nothing changes. */
lsn_status lsn_set_profile(lsn_stream *stream, const float *mean, const float *scale,
                           float seconds);

/* The mean, scale and seconds in use: to keep what lsn_adapt learned. */
lsn_status lsn_profile(const lsn_stream *stream, float *mean, float *scale, float *seconds);

/* After lsn_finish: let the profile follow the samples of this utterance. Bounded,
 * and with the last minute weighing most: docs/reference/profiles.md. Once an utterance. */
lsn_status lsn_adapt(lsn_stream *stream);

/* Forget the utterance: from here the stream behaves as a new one, with its profile. */
void lsn_reset(lsn_stream *stream);

#ifdef __cplusplus
}
#endif

#endif
