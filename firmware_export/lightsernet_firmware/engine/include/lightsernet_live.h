/* SPDX-License-Identifier: Apache-2.0 */
/* lightsernet_live.h - events from a microphone: one emotion per utterance.
 *
 *   lsn_listener *listener;
 *   lsn_listener_open(&listener, &model, ram, sizeof ram, NULL, on_event, context);
 *   lsn_listener_process(listener, pcm, n);   // as the audio arrives, without end
 *
 * A listener finds the utterances in a stream of samples: docs/reference/endpointing.md
 * says how. When an utterance has ended, the listener runs the model on it and calls on_event.
 * In continuous mode it calls on_event at fixed steps while an utterance lasts, each time with
 * a result for its last seconds. The events are those of the Python package's EmotionStream
 * with the engine `native`, however the audio is split into calls.
 *
 * What lightsernet.h says of memory, threads and NULL applies here too. on_event must not
 * call a function that changes the listener or its stream.
 */
#ifndef LIGHTSERNET_LIVE_H
#define LIGHTSERNET_LIVE_H

#include "lightsernet.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lsn_listener lsn_listener;

/* Label of an event whose confidence is below the threshold of its most probable label. */
#define LSN_UNCERTAIN UINT32_MAX

/* Bound of a bias in nats: MAX_BIAS of the Python package's profiles. */
#define LSN_MAX_BIAS 2.0f

typedef enum lsn_event_kind {
    LSN_UTTERANCE,   /* an utterance has ended; one event per utterance */
    LSN_PROVISIONAL, /* the utterance in progress */
    LSN_CONTINUOUS   /* the last seconds of the utterance in progress */
} lsn_event_kind;

typedef struct lsn_event {
    lsn_event_kind kind;
    uint32_t label;      /* index of the most probable label, or LSN_UNCERTAIN */
    float confidence;    /* largest posterior of a label that can be said, 0..1, after bias
                          * and temperature */
    int32_t broken;      /* 1 if samples were lost inside the stretch or at an edge */
    uint64_t start, end; /* samples from the start of the stream, lost ones included;
                          * `end` is exclusive */
    lsn_emotion emotion; /* output of the network, without bias and temperature; the
                          * arrays last until on_event returns */
    const float *smoothed; /* LSN_CONTINUOUS: n_labels posteriors, 0..1, after bias,
                            * temperature and smoothing, from which label and confidence
                            * are taken; they last until on_event returns. Otherwise NULL */
} lsn_event;

/* Called for every event. `context` is that of lsn_listener_open. */
typedef void (*lsn_on_event)(void *context, const lsn_event *event);

/* How posteriors become events. lsn_listener_defaults fills it from the blob. */
typedef struct lsn_listener_settings {
    float temperature;       /* divides the logits; finite, above 0 */
    uint32_t min_samples;    /* shorter stretches give no event */
    uint32_t step_hops;      /* hops between provisional or continuous events, 1 or more */
    int32_t provisional;     /* 1: provisional events too; default 0 */
    int32_t adapt;           /* 1: lsn_adapt after every unbroken utterance; default 0 */
    int32_t continuous;      /* 1: continuous events and no others; provisional and adapt
                              * must then be 0; default 0 */
    uint32_t window_hops;    /* continuous: longest stretch that an event covers, in hops; at
                              * least one frame, and at most what 16 MiB of RAM hold. Below
                              * min_samples no event comes */
    float keep;              /* continuous: weight of the previous smoothed posteriors, 0..1:
                              * exp(-step / time constant) */
    uint32_t hold_steps;     /* continuous: number of consecutive events in which a new label
                              * must be the most probable before it is reported */
    const float *thresholds; /* n_labels posteriors, 0..2: below its threshold a label is
                              * reported as LSN_UNCERTAIN, above 1 always; copied by
                              * lsn_listener_open */
} lsn_listener_settings;

/**
 * Read the blob's defaults.
 *
 * @param[in]  model     an open model
 * @param[out] settings  the defaults; `thresholds` points into the blob
 *
 * @return  LSN_OK, LSN_BAD_ARGUMENT or LSN_NO_ENDPOINTING
 */
lsn_status lsn_listener_defaults(const lsn_model *model, lsn_listener_settings *settings);

/**
 * RAM of one listener, its stream included. Continuous mode takes more: its window.
 *
 * @param[in] model     an open model
 * @param[in] settings  those the listener will be opened with; NULL: the blob's defaults
 *
 * @return  bytes, exactly; 0 if the model is not open or has no endpointing constants, or if
 *          the window of continuous mode is out of range
 */
size_t lsn_listener_ram_size(const lsn_model *model, const lsn_listener_settings *settings);

/**
 * Make a listener.
 *
 * @param[out] listener  the listener, which lies in `ram`; NULL on failure
 * @param[in]  model     an open model; owned by the caller, must outlive the listener
 * @param[in]  ram       aligned to LSN_ALIGNMENT; owned by the caller, for this listener alone
 * @param[in]  ram_size  bytes, at least lsn_listener_ram_size(model, settings)
 * @param[in]  settings  copied; NULL: the blob's defaults
 * @param[in]  on_event  called by process, mark_broken and finish
 * @param[in]  context   passed to on_event; may be NULL
 *
 * @return  LSN_OK, LSN_BAD_ARGUMENT, LSN_NO_ENDPOINTING, LSN_BAD_SETTINGS, LSN_NO_PROFILE
 *          (adapt with a front end that does not standardise), LSN_BAD_ALIGNMENT or
 *          LSN_RAM_TOO_SMALL
 */
lsn_status lsn_listener_open(lsn_listener **listener, const lsn_model *model, void *ram,
                             size_t ram_size, const lsn_listener_settings *settings,
                             lsn_on_event on_event, void *context);

/**
 * Process samples. Events do not depend on how the audio is split into calls. After
 * LSN_TOO_LONG the rest of the samples is not processed: call lsn_listener_finish or
 * lsn_listener_reset.
 *
 * @param[in] pcm      mono, at model->sample_rate, full scale +-32768; copied
 * @param[in] samples  any number
 *
 * @return  LSN_OK, LSN_BAD_ARGUMENT, LSN_FINISHED or LSN_TOO_LONG
 */
lsn_status lsn_listener_process(lsn_listener *listener, const int16_t *pcm, size_t samples);

/**
 * Report that samples were lost between the last samples and the next. Times of later events
 * include them. The utterance in progress is marked broken, and so is one that begins at the
 * gap. A gap at least as long as the hang-over ends the utterance in progress.
 *
 * @param[in] lost_samples  how many; 0 if unknown
 *
 * @return  LSN_OK, LSN_BAD_ARGUMENT or LSN_FINISHED
 */
lsn_status lsn_listener_mark_broken(lsn_listener *listener, uint32_t lost_samples);

/**
 * End the audio: give the event of the utterance in progress. Samples that do not fill a hop
 * are dropped. Only lsn_listener_reset may follow.
 *
 * @return  LSN_OK, LSN_BAD_ARGUMENT or LSN_FINISHED
 */
lsn_status lsn_listener_finish(lsn_listener *listener);

/**
 * Forget all audio. The listener keeps its settings, its profile and its bias.
 */
void lsn_listener_reset(lsn_listener *listener);

/**
 * Whether an utterance is in progress.
 *
 * @return  1 or 0
 */
int32_t lsn_listener_in_speech(const lsn_listener *listener);

/**
 * The listener's stream. Use it only for lsn_set_profile, lsn_profile and, before the
 * first sample, model_self_test.
 *
 * @return  the stream, which the listener owns; NULL for NULL
 */
lsn_stream *lsn_listener_stream(lsn_listener *listener);

/**
 * From the next event on, subtract `bias` from the log posteriors, before the
 * temperature. On any other status than LSN_OK the bias stays as it was.
 *
 * @param[in] bias  n_labels values in nats, -LSN_MAX_BIAS..LSN_MAX_BIAS, of a profile that
 *                  `enrol` made with this model. Not copied, so that it may lie in flash.
 *                  The caller owns it, and keeps it in place and unchanged until another
 *                  bias is set or the listener ends. NULL, or zeros alone: no bias
 *
 * @return  LSN_OK, LSN_BAD_ARGUMENT or LSN_BAD_PROFILE
 */
lsn_status lsn_listener_set_bias(lsn_listener *listener, const float *bias);

#ifdef __cplusplus
}
#endif

#endif
