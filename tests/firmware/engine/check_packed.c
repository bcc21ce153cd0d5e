/* Runs random stages with packed weights and without, and prints a line of JSON: the kernels,
 * how many stages, how many were packed, how many paths shared products between rows, how many
 * stages differ. What is allocated has the exact size that the engine asks
 * for, so that a sanitizer sees any step beyond. */
#define _POSIX_C_SOURCE 200112L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lsn_layout.h"
#include "lsn_packed_gather.h"
#include "lsn_stage_run.h"

#define CASES 600
#define MAX_PATHS 3u
#define ROOM 0x200000u

static uint32_t state = 1u;

static uint32_t next_random(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state % below;
}

static int32_t between(int32_t low, int32_t high)
{
    return low + (int32_t)next_random((uint32_t)(high - low) + 1u);
}

/* Extremes often. Weights of a converter are at least -127; now and then a model has others. */
static int8_t next_value(int32_t lowest)
{
    uint32_t kind = next_random(4);
    return (int8_t)(kind == 0 ? lowest : kind == 1 ? 127 : between(lowest, 127));
}

static void *aligned(size_t size)
{
    void *memory = NULL;
    if (posix_memalign(&memory, LSN_ALIGNMENT, size) != 0) {
        exit(3);
    }
    return memory;
}

static void fill(int8_t *to, size_t count, int32_t lowest)
{
    for (size_t i = 0; i < count; i++) {
        to[i] = next_value(lowest);
    }
}

/* Fill in the weights and constants of a path behind `at`; returns the end. */
static uint32_t make_path(uint8_t *blob, const lsn_stage *stage, lsn_path *path, uint32_t at,
                          int32_t lowest)
{
    uint32_t length;
    memset(path, 0, sizeof *path);
    path->kernel_height = 1u + next_random(5);
    path->kernel_width = 1u + next_random(5);
    path->filters = 1u + next_random(70);
    path->zero_point = between(-128, 127);
    path->minimum = next_random(2) ? -128 : between(-128, 0);
    path->maximum = next_random(2) ? 127 : between(0, 127);
    if (next_random(4) == 0) {
        path->rescale_multiplier = between(0x40000000, INT32_MAX);
        path->rescale_shift = between(-3, 3);
        path->rescale_input_zero_point = between(-128, 127);
        path->rescale_output_zero_point = between(-128, 127);
    }
    length = lsn_packed_length(stage, path);
    path->weights = at;
    fill((int8_t *)blob + at, (size_t)path->filters * length, lowest);
    at += lsn_round_up(path->filters * length, 4);
    path->requantization = at;
    int32_t *constants = (int32_t *)(void *)(blob + at);
    for (uint32_t f = 0; f < path->filters; f++) {
        int32_t shift = next_random(3) ? between(-14, -4) : between(-31, 3);
        int32_t largest = (0x3FFFFFFF >> (shift > 0 ? shift : 0)) - (int32_t)length * 128 * 128;
        /* With such a bias the rounding meets halves of both signs. */
        constants[f] = between(-(largest >> next_random(30)), largest >> next_random(30));
        constants[path->filters + f] =
            next_random(4) ? between(0x40000000, INT32_MAX) : 0x40000000 >> next_random(31);
        constants[2u * path->filters + f] = shift;
    }
    return at + 12u * path->filters;
}

/* A blob of one stage, as far as lsn_stage_run reads it. */
static void make_model(lsn_model *model, uint8_t *blob)
{
    lsn_header *header = (lsn_header *)(void *)blob;
    lsn_stage *stage = (lsn_stage *)(void *)(blob + sizeof *header);
    lsn_path *paths = (lsn_path *)(void *)(stage + 1);
    uint32_t at = (uint32_t)(sizeof *header + sizeof *stage + MAX_PATHS * sizeof *paths);
    int32_t lowest = next_random(8) ? -127 : -128;
    memset(blob, 0, at);
    header->n_stages = 1;
    header->stages = (uint32_t)sizeof *header;
    stage->width = 1u + next_random(next_random(8) ? 30 : 200);
    stage->channels = 1u + next_random(next_random(2) ? 4 : 40);
    stage->zero_point = between(-128, 127);
    stage->pool_height = 1u + next_random(2);
    stage->pool_width = 1u + next_random(next_random(4) ? 2 : next_random(4) ? 6 : 64);
    stage->pool_width = lsn_min(stage->pool_width, stage->width);
    stage->tile_width = stage->width;
    if (next_random(2)) {
        stage->tile_width = stage->pool_width * (1u + next_random(stage->width / stage->pool_width));
    }
    stage->n_paths = 1u + next_random(MAX_PATHS);
    stage->paths = (uint32_t)(sizeof *header + sizeof *stage);
    for (uint32_t p = 0; p < stage->n_paths; p++) {
        at = make_path(blob, stage, &paths[p], at, lowest);
    }
    memset(model, 0, sizeof *model);
    model->blob = (const uint32_t *)(const void *)blob;
    model->blob_size = at;
    model->ram_size = 1; /* open */
}

/* 1 if the outputs differ. Counts the stages that were packed, and paths of shared rows. */
static int check_stage(uint8_t *blob, int *packed, int *shared)
{
    lsn_model model;
    make_model(&model, blob);
    const lsn_stage *stage = lsn_stages_of(&model);
    const lsn_path *paths = lsn_paths_of(&model, stage);
    uint32_t kept = lsn_rows_kept(&model, stage);
    uint32_t rows = 1u + next_random(stage->pool_height);
    uint32_t row = next_random(9);
    uint32_t rows_in = row + rows + next_random(lsn_rows_after(&model, stage) + 1u);
    uint32_t channels = 0;
    for (uint32_t p = 0; p < stage->n_paths; p++) {
        channels += paths[p].filters;
        *shared += lsn_shares_rows(stage, &paths[p]);
    }
    size_t ring_size = (size_t)kept * stage->width * stage->channels;
    size_t out_size = (size_t)lsn_output_width(stage) * channels;
    size_t memory_size = lsn_pack_size(&model);
    int8_t *ring = aligned(ring_size);
    int8_t *outputs[2] = {aligned(out_size), aligned(out_size)};
    uint8_t *scratch = aligned(lsn_scratch_layout_of(&model, stage).size);
    void *memory = aligned(memory_size + 1u);
    fill(ring, ring_size, -128);
    memset(outputs[0], 1, out_size);
    memset(outputs[1], 2, out_size);
    lsn_stage_run(&model, stage, ring, rows_in, row, rows, outputs[0], scratch);
    if (lsn_pack(&model, memory, memory_size) != LSN_OK) {
        exit(4);
    }
    *packed += model.packed != NULL;
    lsn_stage_run(&model, stage, ring, rows_in, row, rows, outputs[1], scratch);
    int differ = memcmp(outputs[0], outputs[1], out_size) != 0;
    free(ring);
    free(outputs[0]);
    free(outputs[1]);
    free(scratch);
    free(memory);
    return differ;
}

int main(void)
{
    uint8_t *blob = aligned(ROOM);
    int wrong = 0;
    int packed = 0;
    int shared = 0;
    for (int i = 0; i < CASES; i++) {
        wrong += check_stage(blob, &packed, &shared);
    }
    free(blob);
    printf("{\"kernels\": \"%s\", \"stages\": %d, \"packed\": %d, \"shared\": %d, "
           "\"wrong\": %d}\n",
           lsn_kernels(), CASES, packed, shared, wrong);
    return 0;
}
