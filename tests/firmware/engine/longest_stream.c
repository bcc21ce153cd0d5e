/* Runs a blob up to LSN_TOO_LONG, and finishes.
 *
 *   longest_stream BLOB
 *
 * All but the last rows are made up: their outputs count as 127. Prints how many
 * values the mean is of at the end, beside what its sums have room for. */
#define _POSIX_C_SOURCE 200112L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lsn_head.h"
#include "lsn_layout.h"

/* More than the rows that are run before the last. */
#define REAL_ROWS 1024u

int main(int argc, char **argv)
{
    static uint8_t bytes[1u << 20];
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    size_t size = file == NULL ? 0 : fread(bytes, 1, sizeof bytes, file);
    static const int8_t ROW[1024];
    void *blob = NULL;
    void *ram = NULL;
    lsn_model model;
    lsn_stream *stream;
    lsn_status status = LSN_OK;
    if (size == 0 || posix_memalign(&blob, LSN_ALIGNMENT, size) != 0) {
        return 2;
    }
    fclose(file);
    memcpy(blob, bytes, size);
    if (lsn_model_open(&model, blob, size) != LSN_OK ||
        posix_memalign(&ram, LSN_ALIGNMENT, model.ram_size) != 0 ||
        lsn_stream_open(&stream, &model, ram, model.ram_size) != LSN_OK) {
        return 3;
    }
    const lsn_head *head = lsn_head_of(&model);
    int32_t *sums = lsn_ram_at(stream, lsn_layout_of(&model).sums);
    stream->mean_rows = LSN_MAX_MEAN_VALUES / head->width - REAL_ROWS;
    for (uint32_t c = 0; c < head->channels; c++) {
        sums[c] = 127 * (int32_t)(stream->mean_rows * head->width);
    }
    while (status == LSN_OK) {
        status = lsn_push_features(stream, ROW);
    }
    if (status != LSN_TOO_LONG || lsn_finish(stream) != LSN_OK) {
        return 4;
    }
    printf("%u %u\n", stream->mean_rows * head->width, LSN_MAX_MEAN_VALUES);
    free(ram);
    free(blob);
    return 0;
}
