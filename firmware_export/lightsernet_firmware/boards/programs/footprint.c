/* Calls the functions that an utterance takes, and nothing else. What the linker keeps,
 * parts of the C library included, is the engine's footprint. The vector table and this
 * file add some 150 bytes. */
#include "lightsernet.h"
#include "model.h"

int main(void);
void reset_handler(void);

static uint8_t ram[MODEL_RAM_BYTES] __attribute__((aligned(16)));
static volatile int16_t sample;

int main(void)
{
    lsn_model model;
    lsn_stream *stream;
    lsn_emotion emotion;
    int16_t pcm = sample;
    int8_t row = (int8_t)sample;
    int status = (int)lsn_model_open(&model, model_blob, MODEL_BLOB_BYTES);
    status += (int)lsn_stream_open(&stream, &model, ram, sizeof ram);
    status += (int)lsn_push(stream, &pcm, 1);
    status += (int)lsn_push_features(stream, &row);
    status += (int)lsn_finish(stream);
    status += (int)lsn_result(stream, &emotion);
    lsn_reset(stream);
    return status + (int)lsn_version() + (int)lsn_rows(stream) + *lsn_last_features(stream);
}
