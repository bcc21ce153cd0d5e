/* SPDX-License-Identifier: Apache-2.0 */
/* A listener: endpointing finds an utterance in the samples, the stream runs the model on
 * it, the decision makes events of its posteriors. */
#include "lsn_decision.h"
#include "lsn_listener_layout.h"
#include "lsn_listener_settings.h"
#include "lsn_profile.h"
#include "lsn_stream.h"

static lsn_listener_layout layout_in(const lsn_listener *listener)
{
    return lsn_listener_layout_of(listener->stream->model, &listener->settings);
}

static int16_t *hop_at(const lsn_listener *listener, uint32_t hop)
{
    const lsn_model *model = listener->stream->model;
    int16_t *hops = lsn_listener_ram_at(listener, layout_in(listener).hops);
    uint32_t slot = hop % lsn_hops_kept(lsn_endpointing_of(model));
    return hops + (size_t)slot * model->hop_length;
}

/* Run a hop through the front end. A row that it completes is held back. */
static void run_front_end(lsn_listener *listener, uint32_t hop)
{
    const lsn_model *model = listener->stream->model;
    const int16_t *pcm = hop_at(listener, hop);
    int8_t *rows = lsn_listener_ram_at(listener, layout_in(listener).rows);
    size_t samples = model->hop_length;
    while (samples > 0) {
        listener->n_held += (uint32_t)lsn_stream_compute_row(
            listener->stream, &pcm, &samples,
            rows + (size_t)listener->n_held * model->n_coefficients);
    }
}

/* Push the rows held back: they are part of the utterance. */
static lsn_status push_held_rows(lsn_listener *listener)
{
    const lsn_model *model = listener->stream->model;
    lsn_listener_layout layout = layout_in(listener);
    const int8_t *row = lsn_listener_ram_at(listener, layout.rows);
    lsn_status status = LSN_OK;
    for (uint32_t i = 0; i < listener->n_held && status == LSN_OK; i++) {
        status = lsn_push_features(listener->stream, row);
        row += model->n_coefficients;
    }
    listener->n_held = 0;
    lsn_utterance_statistics_save(listener->stream,
                                  lsn_listener_ram_at(listener, layout.statistics));
    return status;
}

/* Discard held-back rows: they are not part of the utterance. */
static void discard_held_rows(lsn_listener *listener)
{
    listener->n_held = 0;
    lsn_utterance_statistics_restore(
        listener->stream, lsn_listener_ram_at(listener, layout_in(listener).statistics));
}

/* Set label, confidence and smoothed posteriors of an event. */
static void decide(lsn_listener *listener, lsn_event *event)
{
    const lsn_listener_settings *settings = &listener->settings;
    lsn_listener_layout layout = layout_in(listener);
    const uint32_t *thresholds = lsn_listener_ram_at(listener, layout.thresholds);
    lsn_adjusted_posteriors adjusted =
        lsn_adjust_posteriors(event->emotion.posteriors, listener->stream->model->n_labels,
                              settings->temperature, listener->bias);
    event->smoothed = NULL;
    if (event->kind == LSN_CONTINUOUS) {
        float *smoothed = lsn_listener_ram_at(listener, layout.smoothed);
        event->smoothed = smoothed;
        event->label =
            lsn_continuous_decide(&listener->continuous, settings, &adjusted, thresholds,
                                  smoothed, &event->confidence);
    } else {
        event->label = lsn_decide(&adjusted, thresholds, &event->confidence);
    }
}

/* Report the utterance, unless it is too short. Returns 1 if an event was made and is not
 * broken. */
static int report(lsn_listener *listener, lsn_event_kind kind)
{
    const lsn_model *model = listener->stream->model;
    uint64_t start = (uint64_t)listener->endpointer.start * model->hop_length;
    uint64_t end = (uint64_t)listener->endpointer.end * model->hop_length;
    uint64_t window = (uint64_t)listener->settings.window_hops * model->hop_length;
    lsn_event event;
    memset(&event, 0, sizeof event);
    if (kind == LSN_CONTINUOUS && end - start > window) {
        start = end - window;
    }
    if (end - start < listener->settings.min_samples ||
        lsn_result(listener->stream, &event.emotion) != LSN_OK) {
        return 0;
    }
    event.kind = kind;
    decide(listener, &event);
    event.broken = lsn_timeline_is_broken(&listener->timeline, start, end);
    event.start = start + lsn_timeline_lost_before(&listener->timeline, start);
    /* A gap at the end lies after the stretch. */
    event.end = end + lsn_timeline_lost_before(&listener->timeline, end - 1u);
    listener->on_event(listener->context, &event);
    return !event.broken;
}

/* Finish the utterance, report it, and adapt to it. */
static lsn_status judge(lsn_listener *listener)
{
    discard_held_rows(listener);
    if (listener->settings.continuous) {
        return LSN_OK;
    }
    lsn_status status = lsn_finish(listener->stream);
    if (status == LSN_OK && report(listener, LSN_UTTERANCE) && listener->settings.adapt) {
        status = lsn_adapt(listener->stream);
    }
    return status;
}

/* The window begins with the first utterance: a self-test before runs on all of its rows. */
static void begin_utterance(lsn_listener *listener)
{
    lsn_reset(listener->stream);
    memset(&listener->continuous, 0, sizeof listener->continuous);
    if (listener->settings.continuous) {
        lsn_stream_slide(
            listener->stream, lsn_listener_ram_at(listener, layout_in(listener).window),
            lsn_settings_window_rows(listener->stream->model, &listener->settings));
    }
}

/* Process the hop that has been filled. With it
 *   - nothing happens: nobody has spoken, and nobody is known to speak yet;
 *   - an utterance begins, as is known only some hops later: all of its hops are run;
 *   - the utterance goes on. If its end moves to the hop, the hop belongs to it, as do all rows
 *     held back; else the hop's row is held back too;
 *   - the utterance ends. If its end lies before the hop, the rows held back are no part of it.
 * The longest utterance may end with the hop that begins it, or with one that belongs to it. */
static lsn_status process_hop(lsn_listener *listener)
{
    const lsn_endpoint_constants *constants = lsn_endpointing_of(listener->stream->model);
    const lsn_listener_settings *settings = &listener->settings;
    lsn_endpointer *endpointer = &listener->endpointer;
    uint32_t hop = endpointer->hops;
    int spoke = endpointer->in_speech != 0;
    int32_t level = lsn_hop_level(constants, endpointer, hop_at(listener, hop));
    int ended = lsn_endpointer_step(constants, endpointer, level);
    int begins = !spoke && (endpointer->in_speech || ended);
    int belongs = endpointer->end == endpointer->hops;
    lsn_status status = LSN_OK;
    if (!spoke && !begins) {
        return LSN_OK;
    }
    if (begins) {
        begin_utterance(listener);
        for (hop = endpointer->start; hop < endpointer->hops; hop++) {
            run_front_end(listener, hop);
            status = push_held_rows(listener);
        }
    } else if (!ended || belongs) {
        run_front_end(listener, hop);
        if (belongs) {
            status = push_held_rows(listener);
        }
    }
    if (status != LSN_OK) {
        return status;
    }
    if (ended) {
        return judge(listener);
    }
    if ((settings->provisional || settings->continuous) &&
        (endpointer->hops - endpointer->start) % settings->step_hops == 0) {
        (void)report(listener, settings->continuous ? LSN_CONTINUOUS : LSN_PROVISIONAL);
    }
    return LSN_OK;
}

lsn_status lsn_listener_open(lsn_listener **listener, const lsn_model *model, void *ram,
                             size_t ram_size, const lsn_listener_settings *settings,
                             lsn_on_event on_event, void *context)
{
    lsn_listener_settings defaults;
    if (listener == NULL) {
        return LSN_BAD_ARGUMENT;
    }
    *listener = NULL;
    if (ram == NULL || on_event == NULL) {
        return LSN_BAD_ARGUMENT;
    }
    lsn_status status = lsn_listener_defaults(model, &defaults);
    if (status != LSN_OK) {
        return status;
    }
    if (settings == NULL) {
        settings = &defaults;
    }
    if (settings->thresholds == NULL) {
        return LSN_BAD_ARGUMENT;
    }
    if (!lsn_settings_are_valid(model, settings)) {
        return LSN_BAD_SETTINGS;
    }
    if (settings->adapt && !lsn_standardizes(model)) {
        return LSN_NO_PROFILE;
    }
    if ((uintptr_t)ram % LSN_ALIGNMENT != 0) {
        return LSN_BAD_ALIGNMENT;
    }
    lsn_listener_layout layout = lsn_listener_layout_of(model, settings);
    if (ram_size < layout.size) {
        return LSN_RAM_TOO_SMALL;
    }
    lsn_listener *made = ram;
    memset(ram, 0, layout.stream);
    status = lsn_stream_open(&made->stream, model, (uint8_t *)ram + layout.stream, model->ram_size);
    if (status != LSN_OK) {
        return status;
    }
    made->on_event = on_event;
    made->context = context;
    made->settings = *settings;
    memcpy(lsn_listener_ram_at(made, layout.thresholds), settings->thresholds,
           model->n_labels * sizeof(float));
    made->settings.thresholds = NULL;
    *listener = made;
    return LSN_OK;
}

static lsn_status check_open(const lsn_listener *listener, const void *input)
{
    if (listener == NULL || input == NULL) {
        return LSN_BAD_ARGUMENT;
    }
    return listener->finished ? LSN_FINISHED : LSN_OK;
}

lsn_status lsn_listener_process(lsn_listener *listener, const int16_t *pcm, size_t samples)
{
    lsn_status status = check_open(listener, pcm);
    while (status == LSN_OK && samples > 0) {
        size_t room = listener->stream->model->hop_length - listener->pending;
        size_t count = samples < room ? samples : room;
        if (listener->endpointer.hops == UINT32_MAX) {
            return LSN_TOO_LONG;
        }
        memcpy(hop_at(listener, listener->endpointer.hops) + listener->pending, pcm,
               count * sizeof *pcm);
        listener->pending += (uint32_t)count;
        pcm += count;
        samples -= count;
        if (count == room) {
            listener->pending = 0;
            status = process_hop(listener);
        }
    }
    return status;
}

/* End the utterance in progress: what follows is no part of it. */
static lsn_status cut(lsn_listener *listener)
{
    listener->pending = 0;
    return lsn_endpointer_finish(&listener->endpointer) ? judge(listener) : LSN_OK;
}

lsn_status lsn_listener_mark_broken(lsn_listener *listener, uint32_t lost_samples)
{
    lsn_status status = check_open(listener, listener);
    if (status != LSN_OK) {
        return status;
    }
    const lsn_endpoint_constants *constants = lsn_endpointing_of(listener->stream->model);
    uint64_t lost = lost_samples;
    int ends = lost >= (uint64_t)constants->hang_over * constants->hop_length;
    if (ends) {
        /* Drop the hop in progress: none may span the gap. */
        lost += listener->pending;
        listener->pending = 0;
    }
    uint64_t index = (uint64_t)listener->endpointer.hops * constants->hop_length;
    lsn_timeline_add(&listener->timeline, index + listener->pending, lost);
    return ends ? cut(listener) : LSN_OK;
}

lsn_status lsn_listener_finish(lsn_listener *listener)
{
    lsn_status status = check_open(listener, listener);
    if (status != LSN_OK) {
        return status;
    }
    listener->finished = 1;
    return cut(listener);
}

void lsn_listener_reset(lsn_listener *listener)
{
    if (listener == NULL) {
        return;
    }
    lsn_listener_layout layout = layout_in(listener);
    memset(&listener->timeline, 0, sizeof listener->timeline);
    memset(&listener->endpointer, 0, sizeof listener->endpointer);
    memset(&listener->continuous, 0, sizeof listener->continuous);
    memset(lsn_listener_ram_at(listener, layout.statistics), 0, layout.stream - layout.statistics);
    listener->pending = 0;
    listener->n_held = 0;
    listener->finished = 0;
    lsn_stream_slide(listener->stream, NULL, 0);
    lsn_reset(listener->stream);
}

int32_t lsn_listener_in_speech(const lsn_listener *listener)
{
    return listener == NULL ? 0 : (int32_t)listener->endpointer.in_speech;
}

lsn_stream *lsn_listener_stream(lsn_listener *listener)
{
    return listener == NULL ? NULL : listener->stream;
}

lsn_status lsn_listener_set_bias(lsn_listener *listener, const float *bias)
{
    if (listener == NULL) {
        return LSN_BAD_ARGUMENT;
    }
    uint32_t count = bias == NULL ? 0 : listener->stream->model->n_labels;
    int shifts = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!lsn_is_bias(bias[i])) {
            return LSN_BAD_PROFILE;
        }
        shifts |= bias[i] != 0.0f;
    }
    /* A bias of zeros leaves the posteriors as they are, to the last bit. */
    listener->bias = shifts ? bias : NULL;
    return LSN_OK;
}
