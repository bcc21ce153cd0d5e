/* SPDX-License-Identifier: Apache-2.0 */
/* The network as a .tflite, aligned to 16 bytes: tflite::GetModel(network_blob). */
#ifndef LIGHTSERNET_NETWORK_H
#define LIGHTSERNET_NETWORK_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NETWORK_BLOB_BYTES @NETWORK_BYTES@u
/* Its input: rows of features, of one utterance, cut or repeated to this many. */
#define NETWORK_ROWS @FRAMES@u
#define NETWORK_COEFFICIENTS @COEFFICIENTS@u

extern const uint32_t network_blob[NETWORK_BLOB_BYTES / 4u];

#ifdef __cplusplus
}
#endif

#endif
