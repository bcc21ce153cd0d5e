/* Runs the self-test of the model that is linked in and says how it went, once a second: who
 * listens may come late. */
#include "console.h"
#include "lightsernet.h"
#include "model.h"
#include "model_metadata.h"
#include "tick.h"

#define TICKS_BETWEEN 16000000u

static uint8_t ram[MODEL_RAM_BYTES] __attribute__((aligned(16)));

static const char *verdict(void)
{
    lsn_model model;
    lsn_stream *stream;
    if (lsn_model_open(&model, model_blob, MODEL_BLOB_BYTES) != LSN_OK ||
        lsn_stream_open(&stream, &model, ram, sizeof ram) != LSN_OK) {
        return "self-test: the model does not open\r\n";
    }
    if (model_self_test(stream) != 0) {
        return "self-test: an integer differs\r\n";
    }
    return "self-test ok: " MODEL_SHA256 "\r\n";
}

int main(void)
{
    tick_start();
    console_print("self-test begins\r\n");
    const char *text = verdict();
    for (;;) {
        uint32_t begun = tick_read();
        console_print(text);
        while (tick_difference(begun, tick_read()) < TICKS_BETWEEN) {
        }
    }
}
