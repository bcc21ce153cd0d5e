/* From stdin, 16 kHz mono s16le, to stdout: the rows of features. */
#include <stdio.h>

#include "front_end.h"

static uint8_t ram[FRONT_END_RAM_BYTES] __attribute__((aligned(16)));

int main(void)
{
    lsn_model model;
    lsn_stream *stream;
    int16_t pcm[97];
    uint32_t rows = 0;
    size_t count;
    if (lsn_model_open(&model, front_end_blob, FRONT_END_BLOB_BYTES) != LSN_OK ||
        lsn_ram_size(&model) != sizeof ram || model.n_coefficients != FRONT_END_COEFFICIENTS ||
        lsn_stream_open(&stream, &model, ram, sizeof ram) != LSN_OK) {
        return 1;
    }
    while ((count = fread(pcm, 2, 97, stdin)) > 0) {
        if (lsn_push(stream, pcm, count) != LSN_OK) {
            return 2;
        }
        if (lsn_rows(stream) != rows) {
            rows = lsn_rows(stream);
            fwrite(lsn_last_features(stream), 1, FRONT_END_COEFFICIENTS, stdout);
        }
    }
    return 0;
}
