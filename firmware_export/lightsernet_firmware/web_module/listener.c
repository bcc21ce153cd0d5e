/* SPDX-License-Identifier: Apache-2.0 */
/* A listener for JavaScript: one model and one listener in the memory of a WebAssembly module.
 *
 * The module imports nothing. JavaScript writes the model to lse_room_for_model and samples to
 * lse_samples, and reads an event, after each call that may give one, at the addresses below.
 * A call completes at most one hop of samples, so it gives at most one event.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lightsernet_live.h"
#include "lsn_blob.h"
#include "lsn_decision.h"

#define EXPORT(name) __attribute__((export_name(#name)))

#define PAGE_BYTES 65536u
#define MAX_LABELS 256u
#define MAX_SAMPLES 4096u

/* Where the module's own data end: placed there by the linker. */
extern uint8_t __heap_base;

static lsn_model model;
static lsn_listener *listener;
static lsn_listener_settings settings;
static int16_t samples[MAX_SAMPLES];

/* The last event. Numbers as double, which is JavaScript's own. */
static double event_numbers[6]; /* kind, label, confidence, broken, start, end */
static float event_posteriors[MAX_LABELS]; /* after bias, temperature and smoothing */
static int8_t event_outputs[2][MAX_LABELS]; /* the network's posteriors and logits */
static int32_t n_events;

size_t strlen(const char *text)
{
    size_t length = 0;
    while (text[length] != '\0') {
        length++;
    }
    return length;
}

static uintptr_t aligned(uintptr_t address)
{
    return (address + LSN_ALIGNMENT - 1u) / LSN_ALIGNMENT * LSN_ALIGNMENT;
}

/* Make the memory reach to an address. 0 if the browser has no more. */
static int reach(uint64_t end)
{
    uint64_t have = (uint64_t)__builtin_wasm_memory_size(0) * PAGE_BYTES;
    if (end <= have) {
        return 1;
    }
    uint64_t pages = (end - have + PAGE_BYTES - 1u) / PAGE_BYTES;
    return pages <= UINT16_MAX && __builtin_wasm_memory_grow(0, (size_t)pages) != SIZE_MAX;
}

static void keep(void *context, const lsn_event *event)
{
    (void)context;
    const double numbers[] = {event->kind,   event->label == LSN_UNCERTAIN ? -1.0 : event->label,
                              event->confidence, event->broken,
                              (double)event->start,  (double)event->end};
    memcpy(event_numbers, numbers, sizeof numbers);
    lsn_adjusted_posteriors adjusted = lsn_adjust_posteriors(
        event->emotion.posteriors, model.n_labels, settings.temperature, NULL);
    for (uint32_t i = 0; i < model.n_labels; i++) {
        event_posteriors[i] = event->smoothed != NULL ? event->smoothed[i]
                                                      : lsn_adjusted_posterior(&adjusted, i);
        event_outputs[0][i] = event->emotion.posteriors[i];
        event_outputs[1][i] = event->emotion.logits[i];
    }
    n_events++;
}

/* Address for a model of so many bytes; 0 without memory. What was opened before is gone. */
EXPORT(lse_room_for_model) uintptr_t lse_room_for_model(uint32_t bytes)
{
    listener = NULL;
    memset(&model, 0, sizeof model);
    uintptr_t place = aligned((uintptr_t)&__heap_base);
    return reach((uint64_t)place + bytes) ? place : 0u;
}

/* Open the model that lies there, and a listener: an lsn_status. */
EXPORT(lse_open) int32_t lse_open(uint32_t bytes, int32_t provisional, int32_t continuous)
{
    uintptr_t place = aligned((uintptr_t)&__heap_base);
    lsn_status status = lsn_model_open(&model, (const void *)place, bytes);
    if (status == LSN_OK) {
        status = lsn_listener_defaults(&model, &settings);
    }
    if (status != LSN_OK) {
        return status;
    }
    settings.provisional = provisional;
    settings.continuous = continuous;
    size_t size = lsn_listener_ram_size(&model, &settings);
    uintptr_t ram = aligned(place + bytes);
    if (!reach((uint64_t)ram + size)) {
        return LSN_RAM_TOO_SMALL;
    }
    return lsn_listener_open(&listener, &model, (void *)ram, size, &settings, keep, NULL);
}

/* Where JavaScript writes samples, and how many may be processed in a call. */
EXPORT(lse_samples) int16_t *lse_samples(void)
{
    return samples;
}

EXPORT(lse_max_samples) uint32_t lse_max_samples(void)
{
    return lsn_min(MAX_SAMPLES, model.hop_length);
}

/* Each an lsn_status, and at most one event. */
EXPORT(lse_process) int32_t lse_process(uint32_t count)
{
    return count > lse_max_samples() ? LSN_BAD_ARGUMENT
                                     : lsn_listener_process(listener, samples, count);
}

EXPORT(lse_mark_broken) int32_t lse_mark_broken(uint32_t lost_samples)
{
    return lsn_listener_mark_broken(listener, lost_samples);
}

EXPORT(lse_finish) int32_t lse_finish(void)
{
    return lsn_listener_finish(listener);
}

EXPORT(lse_reset) void lse_reset(void)
{
    lsn_listener_reset(listener);
}

EXPORT(lse_in_speech) int32_t lse_in_speech(void)
{
    return lsn_listener_in_speech(listener);
}

/* Events since the module was made, and the last of them. */
EXPORT(lse_events) int32_t lse_events(void)
{
    return n_events;
}

EXPORT(lse_event_numbers) const double *lse_event_numbers(void)
{
    return event_numbers;
}

EXPORT(lse_event_posteriors) const float *lse_event_posteriors(void)
{
    return event_posteriors;
}

EXPORT(lse_event_outputs) const int8_t *lse_event_outputs(int32_t logits)
{
    return event_outputs[logits != 0];
}

/* Of the model. */
EXPORT(lse_sample_rate) uint32_t lse_sample_rate(void)
{
    return model.sample_rate;
}

EXPORT(lse_n_labels) uint32_t lse_n_labels(void)
{
    return model.n_labels;
}

EXPORT(lse_label) const char *lse_label(uint32_t label)
{
    return lsn_label(&model, label);
}

/* Below it a label is reported as uncertain; above 1 the label is never said. */
EXPORT(lse_threshold) double lse_threshold(uint32_t label)
{
    float threshold;
    memcpy(&threshold, &settings.thresholds[label], sizeof threshold);
    return threshold;
}

/* The first 16 bytes of the SHA-256 of the `.tflite` that the model was made from. */
EXPORT(lse_model_hash) const uint32_t *lse_model_hash(void)
{
    return lsn_header_of(&model)->model_hash;
}
