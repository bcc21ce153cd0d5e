/* Prints the rows of features that a blob's front end computes of samples.
 *
 *   print_features BLOB SAMPLES
 *
 * SAMPLES holds int16 in this machine's order. */
#define _POSIX_C_SOURCE 200112L
#include <stdio.h>
#include <stdlib.h>

#include "lightsernet.h"

static void *read_file(const char *path, size_t *size)
{
    enum { MOST = 1 << 20 };
    void *bytes = NULL;
    FILE *file = fopen(path, "rb");
    if (file == NULL || posix_memalign(&bytes, LSN_ALIGNMENT, MOST) != 0) {
        exit(2);
    }
    *size = fread(bytes, 1, MOST, file);
    fclose(file);
    return bytes;
}

int main(int argc, char **argv)
{
    size_t blob_size, pcm_size;
    lsn_model model;
    lsn_stream *stream;
    void *ram = NULL;
    if (argc != 3) {
        return 2;
    }
    void *blob = read_file(argv[1], &blob_size);
    int16_t *pcm = read_file(argv[2], &pcm_size);
    if (lsn_model_open(&model, blob, blob_size) != LSN_OK ||
        posix_memalign(&ram, LSN_ALIGNMENT, model.ram_size) != 0 ||
        lsn_stream_open(&stream, &model, ram, model.ram_size) != LSN_OK) {
        return 3;
    }
    uint32_t rows = 0;
    for (size_t i = 0; i < pcm_size / sizeof *pcm; i++) {
        if (lsn_push(stream, pcm + i, 1) != LSN_OK) {
            return 4;
        }
        if (lsn_rows(stream) != rows) {
            rows = lsn_rows(stream);
            for (uint32_t c = 0; c < model.n_coefficients; c++) {
                printf("%d ", lsn_last_features(stream)[c]);
            }
            printf("\n");
        }
    }
    free(ram);
    free(pcm);
    free(blob);
    return 0;
}
