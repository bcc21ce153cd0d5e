/* SPDX-License-Identifier: Apache-2.0 */
/* A convolution on processors with wide vectors. Lanes are filters: a pixel's operands are
 * loaded into all of them, and every load of weights serves LSN_PIXELS pixels. Sums stay in
 * registers until a pixel's patch is through, and become int8 without leaving their lanes. */
#include "lsn_packed_path.h"

#if LSN_USE_PACKED

#include "lsn_pack.h"

#define BLOCK (LSN_VECTORS * LSN_LANES)

/* The loops over pixels and vectors of filters must be unrolled for sums to stay in
 * registers: their bounds are constants where these functions are called. */
#define ALWAYS_INLINE inline __attribute__((always_inline))

/* A block of filters. */
typedef struct block {
    const int32_t *constants;
    const lsn_packed_operand *weights;
    uint32_t filters; /* those that fill up the last vector included */
    uint32_t used;
} block;

/* How far a block's pool has come, in pixels. */
typedef struct progress {
    uint32_t window; /* size of a window */
    uint32_t count;  /* pixels of this window that have come */
    uint32_t left;   /* pixels of the tile that have not */
} progress;

/* The operands of pixel i: pixels are numbered down a column first. */
static inline const lsn_packed_operand *pixel_at(const lsn_packed_tile *tile, uint32_t i)
{
    if (tile->rows == 2u) {
        return tile->operands + (size_t)(i / 2u) * tile->column_stride + i % 2u * tile->row_stride;
    }
    return tile->operands + (size_t)i * tile->column_stride;
}

/* Sums of products of `n` pixels from `first` on, and of the block's filters: `vectors`
 * vectors of them. */
static ALWAYS_INLINE void multiply(const lsn_packed_tile *tile, uint32_t first, uint32_t n,
                                   uint32_t vectors, const block *filters, int32_t *totals)
{
    lsn_sums sums[LSN_PIXELS][LSN_VECTORS];
    const lsn_packed_operand *pixels[LSN_PIXELS];
    const lsn_packed_operand *weights = filters->weights;
    const int32_t *bias = filters->constants + LSN_BIAS * filters->filters;
    for (uint32_t p = 0; p < n; p++) {
        pixels[p] = pixel_at(tile, first + p);
        for (uint32_t v = 0; v < vectors; v++) {
            sums[p][v] = lsn_sums_begin(lsn_lanes_load(bias + v * LSN_LANES));
        }
    }
    for (uint32_t run = 0; run < tile->runs; run++) {
        size_t i = 0;
#if LSN_UNROLL > 1
        for (; i + LSN_UNROLL * LSN_STEP <= tile->run_length; i += LSN_UNROLL * LSN_STEP) {
            lsn_wide operands[LSN_PIXELS];
            for (uint32_t p = 0; p < n; p++) {
                operands[p] = lsn_wide_load(pixels[p] + i);
            }
            for (uint32_t v = 0; v < vectors; v++) {
                lsn_lanes w[LSN_UNROLL];
                for (uint32_t u = 0; u < LSN_UNROLL; u++) {
                    w[u] = lsn_lanes_load(weights + (u * vectors + v) * LSN_LANES * LSN_STEP);
                }
                for (uint32_t p = 0; p < n; p++) {
                    sums[p][v] = lsn_sums_add_wide(sums[p][v], operands[p], w);
                }
            }
            weights += LSN_UNROLL * vectors * LSN_LANES * LSN_STEP;
        }
#endif
        for (; i < tile->run_length; i += LSN_STEP) {
            lsn_lanes w[LSN_VECTORS];
            for (uint32_t v = 0; v < vectors; v++) {
                w[v] = lsn_lanes_load(weights + v * LSN_LANES * LSN_STEP);
            }
            for (uint32_t p = 0; p < n; p++) {
                lsn_lanes operands = lsn_pixel_load(pixels[p] + i);
                for (uint32_t v = 0; v < vectors; v++) {
                    sums[p][v] = lsn_sums_add(sums[p][v], operands, w[v]);
                }
            }
            weights += vectors * LSN_LANES * LSN_STEP;
        }
        for (uint32_t p = 0; p < n; p++) {
            pixels[p] += tile->run_stride;
        }
    }
    for (uint32_t p = 0; p < n; p++) {
        for (uint32_t v = 0; v < vectors; v++) {
            lsn_lanes total = lsn_sums_total(sums[p][v], lsn_lanes_load(bias + v * LSN_LANES));
            lsn_lanes_store(totals + (p * vectors + v) * LSN_LANES, total);
        }
    }
}

/* Multiply as many pixels as there are, up to LSN_PIXELS; returns how many. */
static ALWAYS_INLINE uint32_t multiply_next(const lsn_packed_tile *tile, uint32_t first,
                                            uint32_t left, uint32_t vectors,
                                            const block *filters, int32_t *totals)
{
    if (left >= LSN_PIXELS) {
        multiply(tile, first, LSN_PIXELS, vectors, filters, totals);
        return LSN_PIXELS;
    }
#if LSN_PIXELS > 5
    if (left >= 5u) {
        multiply(tile, first, 5, vectors, filters, totals);
        return 5;
    }
#endif
    if (left >= 2u) {
        multiply(tile, first, 2, vectors, filters, totals);
        return 2;
    }
    multiply(tile, first, 1, vectors, filters, totals);
    return 1;
}

static uint32_t multiply_block(const lsn_packed_tile *tile, uint32_t first, uint32_t left,
                               const block *filters, int32_t *totals)
{
    return multiply_next(tile, first, left, LSN_VECTORS, filters, totals);
}

static uint32_t multiply_vector(const lsn_packed_tile *tile, uint32_t first, uint32_t left,
                                const block *filters, int32_t *totals)
{
    return multiply_next(tile, first, left, 1, filters, totals);
}

/* Store the average of `count` values in `used` lanes, halves rounded away from zero. */
static inline void store_average(lsn_lanes sum, uint32_t count, int8_t *output, uint32_t used)
{
    int8_t values[LSN_LANES];
    if (count == 2u || count == 4u) {
        int32_t half = (int32_t)count / 2;
        sum = lsn_lanes_subtract(sum, lsn_lanes_logical_right(sum, lsn_lanes_of(31)));
        sum = lsn_lanes_rounding_right(sum, lsn_lanes_of(half), lsn_lanes_of(half));
    } else if (count > 1u) {
        int32_t sums[LSN_LANES];
        int32_t n = (int32_t)count;
        lsn_lanes_store(sums, sum);
        for (uint32_t i = 0; i < LSN_LANES; i++) {
            sums[i] = (sums[i] > 0 ? sums[i] + n / 2 : sums[i] - n / 2) / n;
        }
        sum = lsn_lanes_load(sums);
    }
    if (used == LSN_LANES) {
        lsn_lanes_narrow(output, sum);
    } else {
        lsn_lanes_narrow(values, sum);
        memcpy(output, values, used);
    }
}

/* Bring the totals of the next `n` pixels to int8 and pool them: those of the block's filters
 * from `filter` on, as many as a vector has lanes. `sums` are those of a window that is not
 * complete. */
static void finish_vector(const int32_t *totals, uint32_t n, const block *filters, uint32_t filter,
                          const lsn_path *path, progress at, int32_t *sums, int8_t *output,
                          uint32_t channels)
{
    const int32_t *constants = filters->constants + filter;
    const lsn_lanes multiplier = lsn_lanes_load(constants + LSN_MULTIPLIER * filters->filters);
    const lsn_lanes left = lsn_lanes_load(constants + LSN_LEFT * filters->filters);
    const lsn_lanes right = lsn_lanes_load(constants + LSN_RIGHT * filters->filters);
    const lsn_lanes half = lsn_lanes_load(constants + LSN_HALF * filters->filters);
    const lsn_lanes away = lsn_lanes_load(constants + LSN_AWAY * filters->filters);
    const lsn_lanes zero_point = lsn_lanes_of(path->zero_point);
    const lsn_lanes minimum = lsn_lanes_of(path->minimum);
    const lsn_lanes maximum = lsn_lanes_of(path->maximum);
    uint32_t used = lsn_min(LSN_LANES, filters->used - filter);
    lsn_lanes sum = lsn_lanes_load(sums);
    totals += filter;
    while (n > 0) {
        uint32_t taken = lsn_min(n, lsn_min(at.window - at.count, at.left));
        for (uint32_t p = 0; p < taken; p++) {
            lsn_lanes x = lsn_lanes_left(lsn_lanes_load(totals), left);
            x = lsn_lanes_rounded_high(x, multiplier);
            /* Halves away from zero: one less than a negative value is rounded up. */
            x = lsn_lanes_subtract(x, lsn_lanes_logical_right(x, away));
            x = lsn_lanes_add(lsn_lanes_rounding_right(x, right, half), zero_point);
            sum = lsn_lanes_add(sum, lsn_lanes_clamp(x, minimum, maximum));
            totals += filters->filters;
        }
        n -= taken;
        at.count += taken;
        at.left -= taken;
        if (at.count == at.window || at.left == 0) {
            store_average(sum, at.count, output, used);
            output += channels;
            sum = lsn_lanes_of(0);
            at.count = 0;
        }
    }
    lsn_lanes_store(sums, sum);
}

/* Convolve a tile with a block of filters, and pool it. */
static void run_block(const lsn_packed_tile *tile, const block *filters, const lsn_path *path,
                      uint32_t window, int8_t *output, uint32_t channels)
{
    int32_t totals[LSN_PIXELS * BLOCK];
    int32_t sums[BLOCK];
    uint32_t pixels = tile->rows * tile->columns;
    progress at;
    at.window = window;
    at.count = 0;
    at.left = pixels;
    memset(sums, 0, sizeof sums);
    while (at.left > 0) {
        uint32_t first = pixels - at.left;
        uint32_t n;
        if (filters->filters == BLOCK) {
            n = multiply_block(tile, first, at.left, filters, totals);
        } else {
            n = multiply_vector(tile, first, at.left, filters, totals);
        }
        for (uint32_t f = 0; f < filters->used; f += LSN_LANES) {
            finish_vector(totals, n, filters, f, path, at, sums + f, output + f, channels);
        }
        output += (size_t)((at.count + n) / window) * channels;
        at.count = (at.count + n) % window;
        at.left -= n;
    }
}

void lsn_packed_path(const lsn_stage *stage, const lsn_path *path, const uint8_t *packed,
                     const lsn_ring *input, const lsn_pixels *pixels, int8_t *output,
                     uint32_t channels, lsn_packed_operand *operands)
{
    lsn_packed_tile tile = lsn_packed_gather(stage, path, input, pixels, operands);
    uint32_t length = lsn_packed_length(stage, path);
    uint32_t window = pixels->rows * stage->pool_width;
    uint32_t filter = 0;
    block filters;
    while (filter < path->filters) {
        filters.filters = lsn_block_filters(path->filters - filter);
        filters.used = lsn_min(filters.filters, path->filters - filter);
        filters.constants = (const int32_t *)(const void *)packed;
        filters.weights = (const void *)(filters.constants + LSN_CONSTANTS * filters.filters);
        run_block(&tile, &filters, path, window, output + filter, channels);
        packed += lsn_block_bytes(filters.filters, length);
        filter += filters.filters;
    }
}

#endif
