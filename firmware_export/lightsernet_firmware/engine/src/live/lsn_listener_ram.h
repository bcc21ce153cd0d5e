/* SPDX-License-Identifier: Apache-2.0 */
/* The RAM of a listener: where everything lies in it. */
#ifndef LSN_LISTENER_RAM_H
#define LSN_LISTENER_RAM_H

#include "lightsernet_live.h"
#include "lsn_continuous.h"
#include "lsn_endpointing.h"
#include "lsn_timeline.h"

/* Reserved for struct lsn_listener on every target, pointers of any size. */
#define LSN_LISTENER_BYTES 768u

struct lsn_listener {
    lsn_stream *stream;
    lsn_on_event on_event;
    void *context;
    const float *bias; /* the caller's; NULL for none */
    lsn_timeline timeline;
    lsn_endpointer endpointer;
    lsn_listener_settings settings; /* its thresholds are in the RAM */
    lsn_continuous continuous;
    uint32_t pending; /* samples of the hop that is being filled */
    uint32_t n_held;  /* rows held back */
    uint32_t finished;
};

typedef char lsn_listener_fits[sizeof(struct lsn_listener) <= LSN_LISTENER_BYTES ? 1 : -1];

/* Offsets in the listener's RAM, in bytes. */
typedef struct lsn_listener_places {
    size_t thresholds; /* float [n_labels] */
    size_t heard;      /* statistics of the rows that are not held back */
    size_t rows;       /* int8 [hang_over][n_coefficients]: those held back */
    size_t hops;       /* int16 [hops_kept][hop_length]: hop h in place h % hops_kept */
    size_t smoothed;   /* float [n_labels], in continuous mode only, as the next */
    size_t window;     /* of the stream: int16 [window_rows][output channels] */
    size_t stream;
    size_t size;
} lsn_listener_places;

/* Of a model with endpointing, and settings that are valid. */
lsn_listener_places lsn_listener_places_of(const lsn_model *model,
                                           const lsn_listener_settings *settings);

/* How far an utterance reaches back when it is known to have begun, in hops. */
uint32_t lsn_hops_kept(const lsn_endpoint_constants *constants);

static inline void *lsn_listener_ram_at(const lsn_listener *listener, size_t offset)
{
    /* A listener is the beginning of its own, writable RAM. */
    return (void *)((uintptr_t)listener + offset);
}

#endif
