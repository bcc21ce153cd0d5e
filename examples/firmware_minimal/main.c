/* A whole firmware, but for the microphone: self-test, one utterance, its emotion.
 *
 * Made from a folder that `lightsernet-edge export --format c --out DIR` wrote;
 * see the Makefile beside this file. next_samples stands for the driver of the
 * microphone: here it makes up a second of a voice-like buzz. */
#include <stdio.h>

#include "lightsernet.h"
#include "model.h"

#define CHUNK 160u     /* 10 ms, as a driver would hand them over */
#define SAMPLES 16000u /* then the speaker stops */

static uint8_t ram[MODEL_RAM_BYTES] __attribute__((aligned(LSN_ALIGNMENT)));

static size_t next_samples(int16_t *pcm)
{
    static uint32_t time;
    size_t count = 0;
    while (count < CHUNK && time < SAMPLES) {
        pcm[count++] = (int16_t)(4000 - (int32_t)(time++ % 133u) * 60);
    }
    return count;
}

int main(void)
{
    lsn_model model;
    lsn_stream *stream;
    lsn_emotion emotion;
    int16_t pcm[CHUNK];
    size_t count;

    if (lsn_model_open(&model, model_blob, MODEL_BLOB_BYTES) != LSN_OK ||
        lsn_stream_open(&stream, &model, ram, sizeof ram) != LSN_OK) {
        return 1;
    }
    if (model_self_test(stream) != 0) {
        return 2;
    }
    while ((count = next_samples(pcm)) > 0) {
        if (lsn_push(stream, pcm, count) != LSN_OK) {
            return 3;
        }
    }
    if (lsn_finish(stream) != LSN_OK || lsn_result(stream, &emotion) != LSN_OK) {
        return 4;
    }
    printf("%s %d/256\n", emotion.name, emotion.posteriors[emotion.label] + 128);
    return 0;
}
