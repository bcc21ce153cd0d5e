/* A microphone that is always on: one line for each utterance, when it has ended.
 *
 * Made from a folder that `lightsernet-edge export --format c --out DIR` wrote;
 * see the Makefile beside this file. next_samples stands for the driver of the
 * microphone: here it reads stdin, 16 kHz mono s16le, as `listen --input -` does:
 *
 *     sox clip.wav -t raw -r 16000 -c 1 -e signed -b 16 - pad 0 1 | ./firmware */
#include <inttypes.h>
#include <stdio.h>

#include "lightsernet_live.h"
#include "model.h"

#define CHUNK 160u /* 10 ms, as a driver would hand them over */

static uint8_t ram[MODEL_LISTENER_RAM_BYTES] __attribute__((aligned(LSN_ALIGNMENT)));

static size_t next_samples(int16_t *pcm)
{
    uint8_t bytes[2 * CHUNK];
    size_t count = fread(bytes, 2, CHUNK, stdin);
    for (size_t i = 0; i < count; i++) {
        pcm[i] = (int16_t)(uint16_t)(bytes[2 * i] | bytes[2 * i + 1] << 8);
    }
    return count;
}

static void on_event(void *context, const lsn_event *event)
{
    const lsn_model *model = context;
    const char *name =
        event->label == LSN_UNCERTAIN ? "uncertain" : lsn_label(model, event->label);
    printf("%" PRIu64 " %" PRIu64 " %s %.3f\n", event->start, event->end, name,
           (double)event->confidence);
}

int main(void)
{
    lsn_model model;
    lsn_listener *listener;
    int16_t pcm[CHUNK];
    size_t count;

    if (lsn_model_open(&model, model_blob, MODEL_BLOB_BYTES) != LSN_OK ||
        lsn_listener_open(&listener, &model, ram, sizeof ram, NULL, on_event, &model) != LSN_OK) {
        return 1;
    }
    if (model_self_test(lsn_listener_stream(listener)) != 0) {
        return 2;
    }
    while ((count = next_samples(pcm)) > 0) {
        if (lsn_listener_process(listener, pcm, count) != LSN_OK) {
            return 3;
        }
    }
    return lsn_listener_finish(listener) == LSN_OK ? 0 : 4;
}
