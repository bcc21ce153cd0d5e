/* SPDX-License-Identifier: Apache-2.0 */
/* The model's front end: the engine of this folder, with a blob that has no network in it.
 *
 *   lsn_model_open(&model, front_end_blob, FRONT_END_BLOB_BYTES);
 *   lsn_stream_open(&stream, &model, ram, sizeof ram);      // FRONT_END_RAM_BYTES, aligned to 16
 *   lsn_push(stream, pcm, n);        // at most model.hop_length samples at a time
 *   lsn_rows(stream), lsn_last_features(stream)             // a row more: copy it
 *   lsn_reset(stream);                                      // next utterance
 *
 * A row has FRONT_END_COEFFICIENTS values, quantised as the network's input. lsn_result means
 * nothing here. */
#ifndef LIGHTSERNET_FRONT_END_H
#define LIGHTSERNET_FRONT_END_H

#include <stdint.h>

#include "lightsernet.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FRONT_END_BLOB_BYTES @FRONT_END_BYTES@u
#define FRONT_END_COEFFICIENTS @COEFFICIENTS@u
#if defined(__ARM_FEATURE_MVE) && !defined(LSN_PLAIN_KERNELS)
#define FRONT_END_RAM_BYTES @FRONT_END_RAM_MVE@u
#else
#define FRONT_END_RAM_BYTES @FRONT_END_RAM@u
#endif

extern const uint32_t front_end_blob[FRONT_END_BLOB_BYTES / 4u];

#ifdef __cplusplus
}
#endif

#endif
