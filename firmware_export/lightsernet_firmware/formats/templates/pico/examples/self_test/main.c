/* SPDX-License-Identifier: Apache-2.0 */
/* Compares every integer of a made-up utterance with what it should be, and says so on USB and
 * UART, again and again: whoever listens may come late. */
#include <stdio.h>

#include "pico/stdlib.h"

#include "lightsernet.h"
#include "model.h"
#include "model_metadata.h"

static uint8_t ram[MODEL_RAM_BYTES] __attribute__((aligned(LSN_ALIGNMENT)));

static const char *outcome(void)
{
    static lsn_model model;
    lsn_stream *stream;

    if (lsn_model_open(&model, model_blob, MODEL_BLOB_BYTES) != LSN_OK ||
        lsn_stream_open(&stream, &model, ram, sizeof ram) != LSN_OK) {
        return "self-test: the model does not open";
    }
    return model_self_test(stream) == 0 ? "self-test ok: " MODEL_SHA256
                                        : "self-test: an integer differs";
}

int main(void)
{
    stdio_init_all();
    const char *text = outcome();
    for (;;) {
        puts(text);
        sleep_ms(2000);
    }
}
