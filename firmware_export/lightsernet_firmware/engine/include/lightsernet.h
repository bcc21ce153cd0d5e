/* SPDX-License-Identifier: Apache-2.0 */
/* lightsernet.h - speech emotion recognition on a microcontroller.
 *
 *   lsn_model model;
 *   lsn_stream *stream;
 *   lsn_emotion emotion;
 *   lsn_model_open(&model, blob, blob_size);             // checks the whole blob
 *   lsn_stream_open(&stream, &model, ram, sizeof ram);   // lsn_ram_size(&model) bytes
 *   lsn_push(stream, pcm, n);                            // as the audio arrives
 *   lsn_finish(stream);                                  // the speaker stopped
 *   lsn_result(stream, &emotion);                        // label and posteriors
 *   lsn_reset(stream);                                   // next utterance
 *
 * Memory: the engine allocates nothing and keeps no variables of its own. The
 * caller owns the blob, the lsn_model and the RAM. Blob and lsn_model must stay
 * in place and unchanged as long as a stream uses them. A stream needs no
 * closing: it ends when the caller reuses its RAM.
 *
 * Threads and interrupts: calls on different streams may run at the same time,
 * also on one model. Calls on the same stream may not.
 *
 * Every pointer must be valid. Given NULL, a function that returns a status
 * returns LSN_BAD_ARGUMENT. After any status other than LSN_OK, outputs are
 * undefined unless the function says otherwise.
 *
 * A row is the features of one frame: n_coefficients int8 values.
 */
#ifndef LIGHTSERNET_H
#define LIGHTSERNET_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LSN_API_VERSION 4u    /* of the functions below */
#define LSN_BLOB_VERSION 5u   /* of the newest blobs that they read */
#define LSN_OLDEST_BLOB_VERSION 4u
#define LSN_ALIGNMENT 16u     /* of blob and RAM, in bytes */

typedef enum lsn_status {
    LSN_OK = 0,
    LSN_BAD_ARGUMENT,   /* a pointer is NULL, or the model is not open */
    LSN_BAD_ALIGNMENT,  /* blob or RAM is not aligned to LSN_ALIGNMENT */
    LSN_BAD_MAGIC,      /* the bytes are no model blob */
    LSN_BAD_VERSION,    /* the blob's version is not LSN_OLDEST_BLOB_VERSION..LSN_BLOB_VERSION */
    LSN_TRUNCATED,      /* the blob is longer than blob_size */
    LSN_BAD_CRC,        /* a byte of the blob has changed */
    LSN_BAD_MODEL,      /* a number in the blob is out of range */
    LSN_RAM_TOO_SMALL,  /* the RAM is smaller than the function asks for */
    LSN_NO_FRONT_END,   /* the blob has no front end: use lsn_push_features */
    LSN_FINISHED,       /* the utterance has ended: call lsn_reset first */
    LSN_NO_RESULT,      /* too few rows for a first result */
    LSN_TOO_LONG,       /* the utterance lasts for days: the sums of the mean would overflow; or
                         * a listener has run for 2**32 - 1 hops: years, without a reset */
    LSN_NO_PROFILE,     /* the front end does not standardise */
    LSN_BAD_PROFILE,    /* a value is not finite or out of range */
    LSN_NOT_FINISHED,   /* the utterance has not ended: call lsn_finish first */
    LSN_NO_ENDPOINTING, /* the blob has no endpointing constants */
    LSN_BAD_SETTINGS    /* a setting of a listener is out of range */
} lsn_status;

/* Description of a model. lsn_model_open fills it; the caller only reads it. */
typedef struct lsn_model {
    const uint32_t *blob;
    uint32_t blob_size;        /* bytes */
    uint32_t sample_rate;      /* Hz; 0 without a front end */
    uint32_t frame_length;     /* samples per frame; 0 without a front end */
    uint32_t hop_length;       /* samples from frame to frame; 0 without a front end */
    uint32_t n_coefficients;   /* values per row, 1..1024 */
    uint32_t n_labels;         /* 2..256 */
    float input_scale;         /* feature = input_scale * (int8 - input_zero_point) */
    int32_t input_zero_point;  /* -128..127 */
    float temperature;         /* default of a listener; above 0 */
    float min_seconds;         /* default of a listener: shorter utterances give no event */
    size_t ram_size;           /* bytes, as lsn_ram_size */
    const uint8_t *packed;     /* weights as lsn_pack leaves them; NULL before */
} lsn_model;

typedef struct lsn_stream lsn_stream;

/* Output of the network, without temperature, thresholds or bias. A listener
 * (lightsernet_live.h) applies them, as Python does, so its confidences are other numbers.
 *
 * The arrays hold n_labels values each, in the order of the model's labels. They lie
 * in the stream's RAM: the next call on the stream changes them. */
typedef struct lsn_emotion {
    uint32_t label;            /* index of the largest posterior, the first of equal ones */
    const char *name;          /* name of that label: UTF-8, in the blob */
    const int8_t *posteriors;  /* posterior = (value + 128) / 256, 0..1 */
    const int8_t *logits;      /* input of the softmax, in the model's quantisation */
} lsn_emotion;

/**
 * Version of the linked library.
 *
 * @return  LSN_API_VERSION << 16 | LSN_BLOB_VERSION
 */
uint32_t lsn_version(void);

/**
 * Check a whole blob and describe it. No blob that passes, however hostile, makes the
 * engine read or write outside of blob and RAM.
 *
 * @param[out] model      description; all 0 on any other status than LSN_OK
 * @param[in]  blob       aligned to LSN_ALIGNMENT; owned by the caller, must outlive all streams
 * @param[in]  blob_size  bytes that can be read at `blob`
 *
 * @return  LSN_OK, LSN_BAD_ARGUMENT, LSN_BAD_ALIGNMENT, LSN_TRUNCATED, LSN_BAD_MAGIC,
 *          LSN_BAD_VERSION, LSN_BAD_CRC or LSN_BAD_MODEL
 */
lsn_status lsn_model_open(lsn_model *model, const void *blob, size_t blob_size);

/**
 * Name of a label.
 *
 * @param[in] model  an open model
 * @param[in] label  index, 0..n_labels - 1
 *
 * @return  UTF-8 with a NUL behind it, in the blob; NULL if the index is out of range
 */
const char *lsn_label(const lsn_model *model, uint32_t label);

/**
 * RAM of one stream. It does not depend on the length of an utterance.
 *
 * @return  bytes, exactly; 0 if the model is not open
 */
size_t lsn_ram_size(const lsn_model *model);

/**
 * Name of the kernels that were compiled in.
 *
 * @return  "plain", "dsp", "mve", "avx2", "avx-vnni", "avx512-vnni", "neon" or "sdot"
 */
const char *lsn_kernels(void);

/**
 * Memory for lsn_pack.
 *
 * @return  bytes; 0 if there is nothing to gain: on microcontrollers, on processors without
 *          vector kernels, with LSN_PLAIN_KERNELS, with "neon" if a weight is -128, and if the
 *          model is not open
 */
size_t lsn_pack_size(const lsn_model *model);

/**
 * Copy the weights in the order that this processor's vector kernels read. Streams of the
 * model are then several times faster, and give the same integers; without it they run plain
 * C. Call it once, before the first stream.
 *
 * @param[in,out] model   an open model
 * @param[out]    memory  aligned to LSN_ALIGNMENT; owned by the caller, must outlive all streams;
 *                        any, or NULL, if lsn_pack_size(model) is 0: then nothing is packed
 * @param[in]     size    bytes, at least lsn_pack_size(model)
 *
 * @return  LSN_OK, LSN_BAD_ARGUMENT, LSN_BAD_ALIGNMENT or LSN_RAM_TOO_SMALL
 */
lsn_status lsn_pack(lsn_model *model, void *memory, size_t size);

/**
 * Make a stream.
 *
 * @param[out] stream    the stream, which lies in `ram`; NULL on failure
 * @param[in]  model     an open model; owned by the caller, must outlive the stream
 * @param[in]  ram       aligned to LSN_ALIGNMENT; owned by the caller, for this stream alone
 * @param[in]  ram_size  bytes, at least lsn_ram_size(model)
 *
 * @return  LSN_OK, LSN_BAD_ARGUMENT, LSN_BAD_ALIGNMENT or LSN_RAM_TOO_SMALL
 */
lsn_status lsn_stream_open(lsn_stream **stream, const lsn_model *model, void *ram, size_t ram_size);

/**
 * Push samples. Results do not depend on how the audio is split into calls.
 *
 * @param[in] pcm      mono, at model->sample_rate, full scale +-32768; copied
 * @param[in] samples  any number
 *
 * @return  LSN_OK, LSN_BAD_ARGUMENT, LSN_FINISHED, LSN_NO_FRONT_END or LSN_TOO_LONG
 */
lsn_status lsn_push(lsn_stream *stream, const int16_t *pcm, size_t samples);

/**
 * Push one row of features that the caller's own front end made.
 *
 * @param[in] row  n_coefficients values, quantised as the model's input; copied
 *
 * @return  LSN_OK, LSN_BAD_ARGUMENT, LSN_FINISHED or LSN_TOO_LONG
 */
lsn_status lsn_push_features(lsn_stream *stream, const int8_t *row);

/**
 * End the utterance: compute the rows that still wait for later rows, with 'same' padding
 * in their place. Samples that do not fill a frame are dropped.
 *
 * @return  LSN_OK, LSN_BAD_ARGUMENT or LSN_FINISHED
 */
lsn_status lsn_finish(lsn_stream *stream);

/**
 * Result of the utterance. After lsn_finish: the integers of TFLite's reference kernels
 * on all rows. Before: a provisional result on the rows that have passed the network.
 *
 * @param[out] emotion  the result; all 0 on any other status than LSN_OK
 *
 * @return  LSN_OK, LSN_BAD_ARGUMENT or LSN_NO_RESULT
 */
lsn_status lsn_result(const lsn_stream *stream, lsn_emotion *emotion);

/**
 * Rows pushed, or computed from samples, since the stream was opened or reset.
 *
 * @return  the number of rows; 0 for NULL
 */
uint32_t lsn_rows(const lsn_stream *stream);

/**
 * The most recent row of features, for logging.
 *
 * @return  n_coefficients values in the stream's RAM, which the next call on the stream
 *          may change; NULL if there is no row
 */
const int8_t *lsn_last_features(const lsn_stream *stream);

/**
 * Standardise with a user's mean and scale instead of the model's, from the next row on.
 * lsn_reset keeps them. Call it between utterances: the running mean of an utterance in
 * progress is not converted to the new mean. On any other status than LSN_OK the stream
 * stays as it was.
 *
 * @param[in] mean     n_coefficients finite values; copied
 * @param[in] scale    n_coefficients values, finite, above 0; copied
 * @param[in] seconds  length of the speech they come from, 0 or more: their weight in lsn_adapt
 *
 * @return  LSN_OK, LSN_BAD_ARGUMENT, LSN_NO_FRONT_END, LSN_NO_PROFILE or LSN_BAD_PROFILE
 */
lsn_status lsn_set_profile(lsn_stream *stream, const float *mean, const float *scale,
                           float seconds);

/**
 * The profile in use: to store what lsn_adapt learned.
 *
 * @param[out] mean     n_coefficients values
 * @param[out] scale    n_coefficients values
 * @param[out] seconds  length of the speech they come from
 *
 * @return  LSN_OK, LSN_BAD_ARGUMENT, LSN_NO_FRONT_END or LSN_NO_PROFILE
 */
lsn_status lsn_profile(const lsn_stream *stream, float *mean, float *scale, float *seconds);

/**
 * Adapt the profile to the utterance, after lsn_finish. It uses only the rows that lsn_push
 * computed, and each row once: a second call changes nothing. The change is bounded, and
 * the last minute of speech weighs most: lsn_profile.c has the formula.
 *
 * @return  LSN_OK, LSN_BAD_ARGUMENT, LSN_NO_FRONT_END, LSN_NO_PROFILE or LSN_NOT_FINISHED
 */
lsn_status lsn_adapt(lsn_stream *stream);

/**
 * Forget the utterance. The stream then behaves as a new one, but keeps its profile.
 */
void lsn_reset(lsn_stream *stream);

#ifdef __cplusplus
}
#endif

#endif
