/* SPDX-License-Identifier: Apache-2.0 */
/* The layout of a listener's RAM: struct lsn_listener first, then arrays at offsets, then
 * the stream. */
#ifndef LSN_LISTENER_LAYOUT_H
#define LSN_LISTENER_LAYOUT_H

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
    const float *bias; /* the caller's; NULL: none */
    lsn_timeline timeline;
    lsn_endpointer endpointer;
    lsn_listener_settings settings; /* without thresholds, which have their own array */
    lsn_continuous continuous;
    uint32_t pending; /* samples of the hop that is being filled */
    uint32_t n_held;  /* rows held back until they are known to be speech */
    uint32_t finished;
};

/* Fails to compile if the struct does not fit. */
typedef char lsn_listener_fits[sizeof(struct lsn_listener) <= LSN_LISTENER_BYTES ? 1 : -1];

/* Offsets in the listener's RAM, in bytes, multiples of LSN_ALIGNMENT. */
typedef struct lsn_listener_layout {
    size_t thresholds; /* float [n_labels] */
    size_t statistics; /* of the utterance, without the rows that are held back */
    size_t rows;       /* int8 [hang_over][n_coefficients]: the rows held back */
    size_t hops;       /* int16 [hops kept][hop_length]: hop h in slot h % hops kept */
    size_t smoothed;   /* float [n_labels]; in continuous mode only */
    size_t window;     /* of lsn_stream_slide; in continuous mode only */
    size_t stream;
    size_t size;
} lsn_listener_layout;

/**
 * Layout of a listener's RAM.
 *
 * @param[in] model     has endpointing constants
 * @param[in] settings  in range
 */
lsn_listener_layout lsn_listener_layout_of(const lsn_model *model,
                                           const lsn_listener_settings *settings);

/**
 * Hops that an utterance reaches back at most when it is known to have begun.
 */
uint32_t lsn_hops_kept(const lsn_endpoint_constants *constants);

/* Address of an offset in a listener's RAM, which begins with the listener. */
static inline void *lsn_listener_ram_at(const lsn_listener *listener, size_t offset)
{
    return (void *)((uintptr_t)listener + offset);
}

#endif
