/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the model and compares every integer of a made-up utterance with what it should be. */
#include <stdio.h>

#include "lightsernet.h"
#include "model.h"
#include "model_metadata.h"

#if defined(__GNUC__)
__attribute__((aligned(16)))
#endif
static uint8_t ram[MODEL_RAM_BYTES];

int main(void)
{
    lsn_model model;
    lsn_stream *stream;

    if (lsn_model_open(&model, model_blob, MODEL_BLOB_BYTES) != LSN_OK ||
        lsn_stream_open(&stream, &model, ram, sizeof ram) != LSN_OK) {
        puts("self-test: the model does not open");
        return 1;
    }
    if (model_self_test(stream) != 0) {
        puts("self-test: an integer differs");
        return 2;
    }
    printf("self-test ok: %s, %s\n", MODEL_FILE, MODEL_SHA256);
    return 0;
}
