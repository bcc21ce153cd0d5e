/* SPDX-License-Identifier: Apache-2.0 */
/* Compares every integer of a made-up utterance with what it should be. */
#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>

#include "lightsernet.h"
#include "model.h"
#include "model_metadata.h"

static uint8_t ram[MODEL_RAM_BYTES] __aligned(16);

int main(void)
{
    lsn_model model;
    lsn_stream *stream;

    if (lsn_model_open(&model, model_blob, MODEL_BLOB_BYTES) != LSN_OK ||
        lsn_stream_open(&stream, &model, ram, sizeof ram) != LSN_OK) {
        printk("self-test: the model does not open\n");
    } else if (model_self_test(stream) != 0) {
        printk("self-test: an integer differs\n");
    } else {
        printk("self-test ok: " MODEL_SHA256 "\n");
    }
    return 0;
}
