/* A stream of samples to events: endpointing, the stream, the decision. */
#include <float.h>

#include "lightsernet_live.h"
#include "lsn_decision.h"
#include "lsn_endpointing.h"
#include "lsn_profile.h"
#include "lsn_stream.h"
#include "lsn_timeline.h"

/* Reserved for struct lsn_listener on every target, pointers of any size. */
#define LISTENER_BYTES 768u

struct lsn_listener {
    lsn_stream *stream;
    lsn_on_event on_event;
    void *context;
    lsn_timeline timeline;
    lsn_endpointer endpointer;
    lsn_listener_settings settings; /* its thresholds are in the RAM */
    uint32_t pending;               /* samples of the hop that is being filled */
    uint32_t n_held;                /* rows held back */
    uint32_t finished;
};

typedef char lsn_listener_fits[sizeof(struct lsn_listener) <= LISTENER_BYTES ? 1 : -1];

/* Offsets in the listener's RAM, in bytes. */
typedef struct lsn_listener_places {
    size_t thresholds; /* float [n_labels] */
    size_t heard;      /* statistics of the rows that are not held back */
    size_t rows;       /* int8 [hang_over][n_coefficients]: those held back */
    size_t hops;       /* int16 [hops_kept][hop_length]: hop h in place h % hops_kept */
    size_t stream;
    size_t size;
} places;

static size_t aligned(size_t size)
{
    return (size + LSN_ALIGNMENT - 1u) / LSN_ALIGNMENT * LSN_ALIGNMENT;
}

/* How far an utterance reaches back when it is known to have begun. */
static uint32_t hops_kept(const lsn_endpoint_constants *constants)
{
    return constants->before + constants->speech_window;
}

static places places_of(const lsn_model *model)
{
    const lsn_endpoint_constants *constants = lsn_endpointing_of(model);
    places at;
    at.thresholds = LISTENER_BYTES;
    at.heard = at.thresholds + aligned(sizeof(float) * (size_t)model->n_labels);
    at.rows = at.heard + aligned(lsn_heard_bytes(model));
    at.hops = at.rows + aligned((size_t)constants->hang_over * model->n_coefficients);
    at.stream =
        at.hops + aligned(sizeof(int16_t) * (size_t)hops_kept(constants) * model->hop_length);
    at.size = at.stream + model->ram_size;
    return at;
}

static void *ram_at(const lsn_listener *listener, size_t offset)
{
    return (void *)((uintptr_t)listener + offset);
}

static int16_t *hop_at(const lsn_listener *listener, uint32_t hop)
{
    const lsn_model *model = listener->stream->model;
    int16_t *hops = ram_at(listener, places_of(model).hops);
    uint32_t place = hop % hops_kept(lsn_endpointing_of(model));
    return hops + (size_t)place * model->hop_length;
}

/* Run a hop through the front end; its row, if it completes one, is held back. */
static void hear(lsn_listener *listener, uint32_t hop)
{
    const lsn_model *model = listener->stream->model;
    const int16_t *pcm = hop_at(listener, hop);
    int8_t *rows = ram_at(listener, places_of(model).rows);
    size_t samples = model->hop_length;
    while (samples > 0) {
        listener->n_held += (uint32_t)lsn_stream_hear(
            listener->stream, &pcm, &samples,
            rows + (size_t)listener->n_held * model->n_coefficients);
    }
}

/* The rows held back belong to the utterance. */
static lsn_status release(lsn_listener *listener)
{
    const lsn_model *model = listener->stream->model;
    places at = places_of(model);
    const int8_t *row = ram_at(listener, at.rows);
    lsn_status status = LSN_OK;
    for (uint32_t i = 0; i < listener->n_held && status == LSN_OK; i++) {
        status = lsn_push_features(listener->stream, row);
        row += model->n_coefficients;
    }
    listener->n_held = 0;
    lsn_heard_keep(listener->stream, ram_at(listener, at.heard));
    return status;
}

/* They do not. */
static void drop(lsn_listener *listener)
{
    listener->n_held = 0;
    lsn_heard_restore(listener->stream, ram_at(listener, places_of(listener->stream->model).heard));
}

/* Tell of the utterance; 1 if there was something to tell of, and nothing lost in it. */
static int tell(lsn_listener *listener, lsn_event_kind kind)
{
    const lsn_model *model = listener->stream->model;
    const uint32_t *thresholds = ram_at(listener, places_of(model).thresholds);
    uint64_t start = (uint64_t)listener->endpointer.start * model->hop_length;
    uint64_t end = (uint64_t)listener->endpointer.end * model->hop_length;
    lsn_event event;
    if (end - start < listener->settings.min_samples ||
        lsn_result(listener->stream, &event.emotion) != LSN_OK) {
        return 0;
    }
    event.kind = kind;
    event.label = lsn_decide(event.emotion.posteriors, model->n_labels, event.emotion.label,
                             listener->settings.temperature,
                             lsn_float(&thresholds[event.emotion.label]), &event.confidence);
    event.broken = lsn_timeline_is_broken(&listener->timeline, start, end);
    event.start = start + lsn_timeline_lost_before(&listener->timeline, start);
    event.end = end + lsn_timeline_lost_before(&listener->timeline, end);
    listener->on_event(listener->context, &event);
    return !event.broken;
}

static lsn_status judge(lsn_listener *listener)
{
    drop(listener);
    lsn_status status = lsn_finish(listener->stream);
    if (status == LSN_OK && tell(listener, LSN_UTTERANCE) && listener->settings.adapt) {
        status = lsn_adapt(listener->stream);
    }
    return status;
}

/* Take in the hop that has been filled. The end of an utterance in progress is either
 * the last hop, or where it was before this one: rows are held back all or none. */
static lsn_status take_in(lsn_listener *listener)
{
    const lsn_endpoint_constants *constants = lsn_endpointing_of(listener->stream->model);
    lsn_endpointer *endpointer = &listener->endpointer;
    uint32_t hop = endpointer->hops;
    uint32_t spoke = endpointer->in_speech;
    int32_t level = lsn_hop_level(constants, endpointer, hop_at(listener, hop));
    int ended = lsn_endpointer_step(constants, endpointer, level);
    lsn_status status = LSN_OK;
    if (!spoke && !endpointer->in_speech && !ended) {
        return LSN_OK;
    }
    if (!spoke) {
        lsn_reset(listener->stream);
        for (hop = endpointer->start; hop < endpointer->hops; hop++) {
            hear(listener, hop);
            status = release(listener);
        }
    } else if (!ended || endpointer->end == endpointer->hops) {
        hear(listener, hop);
        if (endpointer->end == endpointer->hops) {
            status = release(listener);
        }
    }
    if (status != LSN_OK) {
        return status;
    }
    if (ended) {
        return judge(listener);
    }
    if (listener->settings.provisional &&
        (endpointer->hops - endpointer->start) % listener->settings.step_hops == 0) {
        (void)tell(listener, LSN_PROVISIONAL);
    }
    return LSN_OK;
}

/* By their bytes: they may be the blob's words. */
static int are_shares(const float *values, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        float value;
        memcpy(&value, &values[i], sizeof value);
        if (!(value >= 0.0f && value <= 1.0f)) {
            return 0;
        }
    }
    return 1;
}

lsn_status lsn_listener_defaults(const lsn_model *model, lsn_listener_settings *settings)
{
    if (settings == NULL) {
        return LSN_BAD_ARGUMENT;
    }
    memset(settings, 0, sizeof *settings);
    if (model == NULL || model->ram_size == 0) {
        return LSN_BAD_ARGUMENT;
    }
    const lsn_decision *decision = lsn_decision_of(model);
    if (decision == NULL) {
        return LSN_NO_ENDPOINTING;
    }
    settings->temperature = model->temperature;
    settings->min_samples = decision->min_samples;
    settings->step_hops = decision->step_hops;
    settings->thresholds = (const float *)lsn_at(model, decision->thresholds);
    return LSN_OK;
}

size_t lsn_listener_ram_size(const lsn_model *model)
{
    if (model == NULL || model->ram_size == 0 || lsn_endpointing_of(model) == NULL) {
        return 0;
    }
    return places_of(model).size;
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
    if (!(settings->temperature > 0.0f && settings->temperature <= FLT_MAX) ||
        settings->step_hops == 0 || !are_shares(settings->thresholds, model->n_labels)) {
        return LSN_BAD_SETTINGS;
    }
    if ((uintptr_t)ram % LSN_ALIGNMENT != 0) {
        return LSN_BAD_ALIGNMENT;
    }
    places at = places_of(model);
    if (ram_size < at.size) {
        return LSN_RAM_TOO_SMALL;
    }
    lsn_listener *made = ram;
    memset(ram, 0, at.stream);
    status = lsn_stream_open(&made->stream, model, (uint8_t *)ram + at.stream, model->ram_size);
    if (status != LSN_OK) {
        return status;
    }
    made->on_event = on_event;
    made->context = context;
    made->settings = *settings;
    memcpy(ram_at(made, at.thresholds), settings->thresholds, model->n_labels * sizeof(float));
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
            status = take_in(listener);
        }
    }
    return status;
}

/* What comes after is no part of any utterance before. */
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
    if (lost >= (uint64_t)constants->hang_over * constants->hop_length) {
        /* A hop must not reach over the gap. */
        lost += listener->pending;
        status = cut(listener);
    }
    uint64_t heard = (uint64_t)listener->endpointer.hops * constants->hop_length;
    lsn_timeline_add(&listener->timeline, heard + listener->pending, lost);
    return status;
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
    places at = places_of(listener->stream->model);
    memset(&listener->timeline, 0, sizeof listener->timeline);
    memset(&listener->endpointer, 0, sizeof listener->endpointer);
    memset(ram_at(listener, at.heard), 0, at.stream - at.heard);
    listener->pending = 0;
    listener->n_held = 0;
    listener->finished = 0;
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
