/* Mutates a blob, seals it, opens it and runs what opens.
 *
 *   mutate BLOB COUNT SEED
 *
 * Prints how many opened. Each blob and its RAM lie in blocks of exactly their
 * size, so that a sanitizer sees every step beyond them. With -DLIBFUZZER it is a
 * fuzz target instead: the fuzzer's bytes are the blob behind its first 16. */
#define _POSIX_C_SOURCE 200112L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lightsernet_live.h"
#include "lsn_blob.h"
#include "lsn_crc32.h"
#include "lsn_endpointing.h"

#define MAX_RAM (1u << 22)
#define PUSHED_SAMPLES 1600u
#define PUSHED_ROWS 9u

static uint32_t random_state;

static uint32_t next_random(void)
{
    /* xorshift32 (Marsaglia 2003) */
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

static void seal(uint8_t *blob, size_t size)
{
    /* Both versions, by a bit of the blob. */
    uint32_t version = blob[4] % 2u == 0 ? LSN_OLDEST_BLOB_VERSION : LSN_BLOB_VERSION;
    uint32_t head[4] = {LSN_MAGIC, version, (uint32_t)size, 0};
    head[3] = lsn_crc32(blob + LSN_CRC_START, size - LSN_CRC_START);
    memcpy(blob, head, sizeof head);
}

/* Endpointing on the samples, and on levels up and down. */
static void find_utterances(const lsn_model *model, const int16_t *pcm, uint32_t samples)
{
    const lsn_endpoint_constants *constants = lsn_endpointing_of(model);
    lsn_endpointer endpointer;
    memset(&endpointer, 0, sizeof endpointer);
    if (constants == NULL) {
        return;
    }
    for (uint32_t i = 0; i + constants->hop_length <= samples && i < 64u * constants->hop_length;
         i += constants->hop_length) {
        (void)lsn_endpointer_step(constants, &endpointer,
                                  lsn_hop_level(constants, &endpointer, pcm + i));
    }
    for (uint32_t i = 0; i < 64u; i++) {
        (void)lsn_endpointer_step(constants, &endpointer, (int32_t)(next_random() % 13824u));
    }
    (void)lsn_endpointer_finish(&endpointer);
}

static void on_event(void *context, const lsn_event *event)
{
    *(uint32_t *)context += event->emotion.label;
    if (event->smoothed != NULL && event->smoothed[0] > 1.0f) {
        puts("unlikely");
    }
}

/* A listener on the samples, as loud and as still as a voice, in RAM of its own. */
static void listen(const lsn_model *model, const int16_t *pcm, uint32_t samples, int continuous)
{
    size_t size;
    lsn_listener_settings settings;
    lsn_listener *listener;
    uint32_t heard = 0;
    void *ram = NULL;
    static const int16_t STILL[PUSHED_SAMPLES];
    if (lsn_listener_defaults(model, &settings) != LSN_OK) {
        return;
    }
    settings.provisional = !continuous;
    settings.adapt = !continuous;
    settings.continuous = continuous;
    size = lsn_listener_ram_size(model, &settings);
    if (size == 0 || size > MAX_RAM || posix_memalign(&ram, LSN_ALIGNMENT, size) != 0) {
        return;
    }
    lsn_status status = lsn_listener_open(&listener, model, ram, size, &settings, on_event, &heard);
    if (status == LSN_NO_PROFILE) {
        free(ram); /* the mutation took the standardisation away */
        return;
    }
    if (status != LSN_OK) {
        abort();
    }
    for (int i = 0; i < 4; i++) {
        (void)lsn_listener_process(listener, STILL, PUSHED_SAMPLES);
        (void)lsn_listener_process(listener, pcm, samples);
        (void)lsn_listener_mark_broken(listener, next_random() % 20000u);
    }
    (void)lsn_listener_finish(listener);
    free(ram);
}

/* Bring the weights into the order of the processor's kernels; returns their memory. */
static void *pack(lsn_model *model)
{
    size_t size = lsn_pack_size(model);
    void *memory = NULL;
    if (size > MAX_RAM || posix_memalign(&memory, LSN_ALIGNMENT, size + 1u) != 0) {
        return NULL;
    }
    if (lsn_pack(model, memory, size) != LSN_OK) {
        abort();
    }
    return memory;
}

static void run(const lsn_model *model, int rows)
{
    size_t size = lsn_ram_size(model);
    void *ram = NULL;
    lsn_stream *stream;
    lsn_emotion emotion;
    int16_t pcm[PUSHED_SAMPLES];
    int8_t *row = malloc(model->n_coefficients);
    if (size > MAX_RAM || posix_memalign(&ram, LSN_ALIGNMENT, size) != 0 || row == NULL) {
        free(row);
        return;
    }
    for (unsigned i = 0; i < PUSHED_SAMPLES; i++) {
        pcm[i] = (int16_t)next_random();
    }
    if (lsn_stream_open(&stream, model, ram, size) != LSN_OK) {
        abort();
    }
    find_utterances(model, pcm, PUSHED_SAMPLES);
    if (rows > 0) {
        listen(model, pcm, PUSHED_SAMPLES, 0);
        listen(model, pcm, PUSHED_SAMPLES, 1);
    }
    (void)lsn_push(stream, pcm, PUSHED_SAMPLES);
    for (int r = 0; r < rows; r++) {
        for (unsigned c = 0; c < model->n_coefficients; c++) {
            row[c] = (int8_t)next_random();
        }
        (void)lsn_push_features(stream, row);
    }
    (void)lsn_finish(stream);
    (void)lsn_adapt(stream);
    if (lsn_result(stream, &emotion) == LSN_OK && emotion.name[0] == '\1') {
        puts("unlikely");
    }
    free(ram);
    free(row);
}

/* 1 if the blob opened. */
static int try_blob(const uint8_t *bytes, size_t size, int rows)
{
    void *blob = NULL;
    lsn_model model;
    int opened;
    if (posix_memalign(&blob, LSN_ALIGNMENT, size) != 0) {
        exit(3);
    }
    memcpy(blob, bytes, size);
    opened = lsn_model_open(&model, blob, size) == LSN_OK;
    if (opened) {
        void *memory = pack(&model);
        run(&model, rows);
        free(memory);
    }
    free(blob);
    return opened;
}

#ifdef LIBFUZZER

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *bytes = calloc(1, size + LSN_CRC_START);
    random_state = 1;
    if (bytes != NULL && size > 0) {
        memcpy(bytes + LSN_CRC_START, data, size);
        seal(bytes, size + LSN_CRC_START);
        (void)try_blob(bytes, size + LSN_CRC_START, (int)PUSHED_ROWS);
    }
    free(bytes);
    return 0;
}

#else

/* Mostly in the records, whose words matter; now and then anywhere. */
static void mutate(uint8_t *bytes, size_t size, const uint32_t *records, unsigned n_records)
{
    static const uint32_t VALUES[] = {0,          1,          2,          3,          4,
                                      7,          16,         255,        256,        0x7FFFFFFF,
                                      0x80000000, 0xFFFFFFFF, 0x3F800000, 0x7F800000, 0x40000000};
    unsigned count = 1u + next_random() % 3u;
    while (count-- > 0) {
        size_t word = next_random() % (size / 4u);
        uint32_t value;
        if (next_random() % 4u != 0) {
            word = records[next_random() % n_records] / 4u;
        }
        memcpy(&value, bytes + 4u * word, sizeof value);
        switch (next_random() % 4u) {
        case 0:
            value ^= 1u << next_random() % 32u;
            break;
        case 1:
            value += next_random() % 17u - 8u;
            break;
        case 2:
            value = VALUES[next_random() % (sizeof VALUES / sizeof *VALUES)];
            break;
        default:
            value = next_random() % (uint32_t)size;
        }
        memcpy(bytes + 4u * word, &value, sizeof value);
    }
}

/* Offsets of all words of header and records. */
static unsigned list_records(const uint8_t *bytes, uint32_t *records)
{
    unsigned n = 0;
    lsn_header header;
    memcpy(&header, bytes, sizeof header);
    for (uint32_t i = LSN_CRC_START; i < sizeof header; i += 4u) {
        records[n++] = i;
    }
    for (uint32_t i = 0; i < header.n_stages; i++) {
        uint32_t at = header.stages + i * (uint32_t)sizeof(lsn_stage);
        lsn_stage stage;
        memcpy(&stage, bytes + at, sizeof stage);
        for (uint32_t k = 0; k < sizeof stage; k += 4u) {
            records[n++] = at + k;
        }
        for (uint32_t k = 0; k < stage.n_paths * sizeof(lsn_path); k += 4u) {
            records[n++] = stage.paths + k;
        }
    }
    for (uint32_t k = 0; k < sizeof(lsn_head); k += 4u) {
        records[n++] = header.head + k;
    }
    for (uint32_t k = 0; k < sizeof(lsn_front_end); k += 4u) {
        records[n++] = header.front_end + k;
    }
    for (uint32_t k = 0; k < sizeof(lsn_endpoint_constants); k += 4u) {
        records[n++] = header.endpointing + k;
    }
    for (uint32_t k = 0; k < sizeof(lsn_decision); k += 4u) {
        records[n++] = header.decision + k;
    }
    return n;
}

int main(int argc, char **argv)
{
    static uint8_t original[1u << 20];
    static uint8_t bytes[1u << 20];
    static uint32_t records[1024];
    FILE *file = argc == 4 ? fopen(argv[1], "rb") : NULL;
    size_t size = file == NULL ? 0 : fread(original, 1, sizeof original, file);
    long count = argc == 4 ? atol(argv[2]) : 0;
    long opened = 0;
    unsigned n_records;
    if (size < sizeof(lsn_header)) {
        return 2;
    }
    fclose(file);
    n_records = list_records(original, records);
    random_state = (uint32_t)atol(argv[3]) * 2654435761u + 1u;
    for (long i = 0; i < count; i++) {
        memcpy(bytes, original, size);
        mutate(bytes, size, records, n_records);
        seal(bytes, size);
        opened += try_blob(bytes, size, i % 256 == 0 ? (int)PUSHED_ROWS : 0);
    }
    printf("%ld opened\n", opened);
    return 0;
}

#endif
