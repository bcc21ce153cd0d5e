/* SPDX-License-Identifier: Apache-2.0 */
/* lightsernet_live.h - a microphone's samples in, one emotion an utterance out.
 *
 *   lsn_listener_open(&listener, &model, ram, sizeof ram, NULL, on_event, context);
 *   lsn_listener_process(listener, pcm, n);   // as the audio arrives, without end
 *
 * It finds the utterances in a stream (docs/reference/endpointing.md), runs the model on
 * each and calls on_event when it has ended; or, in continuous mode, every half second while one lasts,
 * on its last three seconds. The events are those of the Python package's
 * EmotionStream with the engine `native`, for any split of the audio.
 *
 * What lightsernet.h says of memory, threads and NULL holds here too. From inside
 * on_event nothing may be called that changes the listener or its stream.
 */
#ifndef LIGHTSERNET_LIVE_H
#define LIGHTSERNET_LIVE_H

#include "lightsernet.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lsn_listener lsn_listener;

/* The label of an emotion that is not sure enough to be said. */
#define LSN_UNCERTAIN UINT32_MAX

/* Bound of a bias, in nats: MAX_BIAS of lightsernet_edge/neutral_bias.py. */
#define LSN_MAX_BIAS 2.0f

typedef enum lsn_event_kind {
    LSN_UTTERANCE,   /* one for each, when it has ended */
    LSN_PROVISIONAL, /* on the utterance in progress */
    LSN_CONTINUOUS   /* on the last seconds of the utterance in progress */
} lsn_event_kind;

typedef struct lsn_event {
    lsn_event_kind kind;
    uint32_t label;      /* index of the most probable label, or LSN_UNCERTAIN */
    float confidence;    /* the largest posterior, 0..1: as label, after the bias and at
                          * the temperature of the settings */
    int32_t broken;      /* 1 if samples were lost inside the stretch or at an edge */
    uint64_t start, end; /* in samples from the start of the stream, lost ones included;
                          * `end` is exclusive */
    lsn_emotion emotion; /* what the network says, with no bias and at temperature 1, its
                          * label too; the arrays last until on_event returns */
    const float *smoothed; /* LSN_CONTINUOUS: the n_labels posteriors behind label and
                            * confidence, 0..1, after the bias, at the temperature of the
                            * settings, smoothed over time; as long. NULL for the other
                            * kinds */
} lsn_event;

typedef void (*lsn_on_event)(void *context, const lsn_event *event);

/* How posteriors become events: defaults from the blob, to be changed before opening. */
typedef struct lsn_listener_settings {
    float temperature;       /* the logits are divided by it; above 0 */
    uint32_t min_samples;    /* nothing is said of less */
    uint32_t step_hops;      /* hops between provisional, or continuous, events */
    int32_t provisional;     /* 0 or 1; default 0: none */
    int32_t adapt;           /* 0 or 1; default 0. 1: lsn_adapt after every unbroken one */
    int32_t continuous;      /* 0 or 1; default 0. 1: continuous events and no others;
                              * provisional and adapt must be 0 */
    uint32_t window_hops;    /* continuous: what an event is on at most, in hops; from one
                              * frame to what takes 16 MiB of RAM */
    float keep;              /* continuous: what smoothing keeps of the posteriors before,
                              * exp(-step / time constant), 0..1 */
    uint32_t hold_steps;     /* continuous: a new label is said once it has been the most
                              * probable in so many events */
    const float *thresholds; /* n_labels posteriors, 0..1, below which a label is not said;
                              * copied. Default: those in the blob */
} lsn_listener_settings;

/* The blob's defaults. LSN_NO_ENDPOINTING if it has none. */
lsn_status lsn_listener_defaults(const lsn_model *model, lsn_listener_settings *settings);

/* RAM of one listener, exactly, in bytes, its stream included. It depends on the settings:
 * continuous mode takes more, by its window. NULL: the blob's defaults. 0 without
 * endpointing, or if continuous mode cannot be had with these settings. */
size_t lsn_listener_ram_size(const lsn_model *model, const lsn_listener_settings *settings);

/* Make a listener in `ram`. `settings` may be NULL: the blob's defaults. */
lsn_status lsn_listener_open(lsn_listener **listener, const lsn_model *model, void *ram,
                             size_t ram_size, const lsn_listener_settings *settings,
                             lsn_on_event on_event, void *context);

/* Take in samples, any number of them, as lsn_push does. on_event is called from here. */
lsn_status lsn_listener_process(lsn_listener *listener, const int16_t *pcm, size_t samples);

/* Note that samples were lost here, as many as are known of: what is in progress gets
 * broken, times move on. As many as the hang-over end the utterance in progress; one that
 * begins at the gap is broken too. */
lsn_status lsn_listener_mark_broken(lsn_listener *listener, uint32_t lost_samples);

/* End of the audio: the utterance in progress is judged. lsn_listener_reset comes next. */
lsn_status lsn_listener_finish(lsn_listener *listener);

/* Forget all audio. The stream's profile and the bias stay. */
void lsn_listener_reset(lsn_listener *listener);

/* 1 while an utterance is in progress. */
int32_t lsn_listener_in_speech(const lsn_listener *listener);

/* The stream inside: for lsn_set_profile, lsn_profile and, before the first sample,
 * model_self_test; nothing else. */
lsn_stream *lsn_listener_stream(lsn_listener *listener);

/* From the next event on, take what the model is off by on a user's voice off the
 * logarithms of the posteriors, before the temperature. `bias`: that of `enrol`'s profile,
 * made with this very model; n_labels values in nats, -LSN_MAX_BIAS..LSN_MAX_BIAS. It is not
 * copied, so that it may lie in flash: it must stay in place and unchanged until another is
 * set or the listener is given up. NULL, or zeros alone: none. LSN_BAD_PROFILE if a value is
 * not finite or out of range; on any other status than LSN_OK nothing changes. */
lsn_status lsn_listener_set_bias(lsn_listener *listener, const float *bias);

#ifdef __cplusplus
}
#endif

#endif
