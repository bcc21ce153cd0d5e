/* SPDX-License-Identifier: Apache-2.0 */
#include "lsn_pack.h"

#include "lsn_operand.h"

#if LSN_USE_PACKED

/* Vectors are loaded from whole cache lines. */
#define LINE 64u

size_t lsn_packed_bytes(const lsn_stage *stage, const lsn_path *path)
{
    uint32_t length = lsn_stepped_length(stage, path);
    uint32_t filter = 0;
    size_t bytes = 0;
    while (filter < path->filters) {
        uint32_t block = lsn_block_filters(path->filters - filter);
        bytes += lsn_block_bytes(block, length);
        filter += block;
    }
    return bytes;
}

static size_t stage_bytes(const lsn_model *model, const lsn_stage *stage)
{
    const lsn_path *paths = lsn_paths_of(model, stage);
    size_t bytes = 0;
    for (uint32_t p = 0; p < stage->n_paths; p++) {
        bytes += lsn_packed_bytes(stage, &paths[p]);
    }
    return bytes;
}

const uint8_t *lsn_packed_stage(const lsn_model *model, const lsn_stage *stage)
{
    const uint8_t *packed = model->packed;
    if (packed == NULL) {
        return NULL;
    }
    for (const lsn_stage *before = lsn_stages_of(model); before != stage; before++) {
        packed += stage_bytes(model, before);
    }
    return packed;
}

/* Constants of one filter; `sum` is that of its weights. */
static void pack_constants(int32_t *constants, uint32_t block, int32_t bias, int32_t multiplier,
                           int32_t shift, int32_t sum)
{
    int32_t right = shift < 0 ? -shift : 0;
    /* The sum that follows may wrap around on the way, but ends in its range. */
    constants[LSN_BIAS * block] =
        (int32_t)((uint32_t)bias + (uint32_t)sum * (uint32_t)LSN_TURNED_BIT);
    constants[LSN_MULTIPLIER * block] = multiplier;
    constants[LSN_LEFT * block] = (shift > 0 ? shift : 0) + LSN_DOUBLED;
    constants[LSN_RIGHT * block] = right;
    constants[LSN_HALF * block] = right > 0 ? (int32_t)1 << (right - 1) : 0;
    constants[LSN_AWAY * block] = right > 0 ? 31 : 32;
}

/* Pack one filter of a block: its weights, LSN_STEP at a time; returns their sum. */
static int32_t pack_weights(const int8_t *weights, uint32_t length, uint32_t run,
                            lsn_packed_operand *to, uint32_t block)
{
    int32_t sum = 0;
    for (uint32_t i = 0; i < length; i++) {
        uint32_t at = i / run * lsn_round_up(run, LSN_STEP) + i % run;
        to[at / LSN_STEP * block * LSN_STEP + at % LSN_STEP] = weights[i];
        sum += weights[i];
    }
    return sum;
}

/* The same where rows share products: `run` weights of each combined row. */
static void pack_shared_rows(const int8_t *weights, uint32_t run, lsn_packed_operand *to,
                             uint32_t block)
{
    for (uint32_t i = 0; i < run; i++) {
        int32_t combined[LSN_SHARED_ROWS];
        lsn_combine_weights(weights[i], weights[run + i], weights[2u * run + i], combined);
        for (uint32_t row = 0; row < LSN_SHARED_ROWS; row++) {
            uint32_t at = row * lsn_round_up(run, LSN_STEP) + i;
            to[at / LSN_STEP * block * LSN_STEP + at % LSN_STEP] =
                (lsn_packed_operand)combined[row];
        }
    }
}

/* Pack a path; returns the end. */
static uint8_t *pack_path(const lsn_model *model, const lsn_stage *stage, const lsn_path *path,
                          uint8_t *packed)
{
    const int8_t *weights = lsn_at(model, path->weights);
    const int32_t *bias = lsn_at(model, path->requantization);
    const int32_t *multiplier = bias + path->filters;
    const int32_t *shift = multiplier + path->filters;
    uint32_t length = lsn_packed_length(stage, path);
    uint32_t run = lsn_run_weights(stage, path);
    uint32_t filter = 0;
    while (filter < path->filters) {
        uint32_t block = lsn_block_filters(path->filters - filter);
        uint32_t used = lsn_min(block, path->filters - filter);
        int32_t *constants = (int32_t *)(void *)packed;
        lsn_packed_operand *to = (void *)(constants + LSN_CONSTANTS * block);
        size_t bytes = lsn_block_bytes(block, lsn_stepped_length(stage, path));
        memset(packed, 0, bytes);
        for (uint32_t f = 0; f < used; f++) {
            int32_t sum = 0;
            if (lsn_shares_rows(stage, path)) {
                pack_shared_rows(weights, run, to + f * LSN_STEP, block);
            } else {
                sum = pack_weights(weights, length, run, to + f * LSN_STEP, block);
            }
            pack_constants(constants + f, block, bias[filter + f], multiplier[filter + f],
                           shift[filter + f], sum);
            weights += length;
        }
        packed += bytes;
        filter += block;
    }
    return packed;
}

/* Where two products of bytes are added in an int16, the weight -128 could overflow it. */
static int has_room(const lsn_model *model, const lsn_stage *stage)
{
#if LSN_USE_NEON
    const lsn_path *paths = lsn_paths_of(model, stage);
    for (uint32_t p = 0; p < stage->n_paths; p++) {
        const int8_t *weights = lsn_at(model, paths[p].weights);
        uint32_t count = paths[p].filters * lsn_packed_length(stage, &paths[p]);
        for (uint32_t i = 0; i < count; i++) {
            if (weights[i] == -128) {
                return 0;
            }
        }
    }
#else
    (void)model;
    (void)stage;
#endif
    return 1;
}

size_t lsn_pack_size(const lsn_model *model)
{
    if (model == NULL || model->ram_size == 0) {
        return 0;
    }
    const lsn_stage *stages = lsn_stages_of(model);
    size_t bytes = LINE - LSN_ALIGNMENT;
    for (uint32_t s = 0; s < lsn_header_of(model)->n_stages; s++) {
        if (!has_room(model, &stages[s])) {
            return 0;
        }
        bytes += stage_bytes(model, &stages[s]);
    }
    return bytes;
}

static void pack_model(lsn_model *model, uint8_t *memory)
{
    const lsn_stage *stages = lsn_stages_of(model);
    uint8_t *packed = memory + (LINE - (uintptr_t)memory % LINE) % LINE;
    model->packed = packed;
    for (uint32_t s = 0; s < lsn_header_of(model)->n_stages; s++) {
        const lsn_path *paths = lsn_paths_of(model, &stages[s]);
        for (uint32_t p = 0; p < stages[s].n_paths; p++) {
            packed = pack_path(model, &stages[s], &paths[p], packed);
        }
    }
}

#else

size_t lsn_pack_size(const lsn_model *model)
{
    (void)model;
    return 0;
}

static void pack_model(lsn_model *model, uint8_t *memory)
{
    (void)model;
    (void)memory;
}

#endif

lsn_status lsn_pack(lsn_model *model, void *memory, size_t size)
{
    if (model == NULL || model->ram_size == 0) {
        return LSN_BAD_ARGUMENT;
    }
    if (lsn_pack_size(model) == 0) {
        return LSN_OK;
    }
    if (memory == NULL) {
        return LSN_BAD_ARGUMENT;
    }
    if ((uintptr_t)memory % LSN_ALIGNMENT != 0) {
        return LSN_BAD_ALIGNMENT;
    }
    if (size < lsn_pack_size(model)) {
        return LSN_RAM_TOO_SMALL;
    }
    pack_model(model, memory);
    return LSN_OK;
}

const char *lsn_kernels(void)
{
#if LSN_USE_AVX512_VNNI
    return "avx512-vnni";
#elif LSN_USE_AVX_VNNI
    return "avx-vnni";
#elif LSN_USE_AVX2
    return "avx2";
#elif LSN_USE_SDOT
    return "sdot";
#elif LSN_USE_NEON
    return "neon";
#elif LSN_USE_MVE
    return "mve";
#elif LSN_USE_DSP
    return "dsp";
#else
    return "plain";
#endif
}
