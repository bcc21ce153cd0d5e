/* SPDX-License-Identifier: Apache-2.0 */
/* A convolution on processors with wide vectors. Lanes are filters: a pixel's operands are
 * loaded into all of them, and every load of weights serves LSN_PIXELS pixels. Sums stay in
 * registers until a pixel's patch is through, and become int8 without leaving their lanes. */
#include "lsn_packed_path.h"

#if LSN_USE_PACKED

#include "lsn_pack.h"

#define BLOCK (LSN_VECTORS * LSN_LANES)

/* Sums taken at a time: a window of the pool has at most 64 columns of two pixels, or of
 * LSN_SHARED_ROWS. */
#define MOST_SUMS (LSN_SHARES_ROWS ? 256u : 160u)

/* A block of filters. */
typedef struct block {
    const int32_t *constants;
    const int32_t *bias;
    const lsn_packed_operand *weights;
    uint32_t filters; /* those that fill up the last vector included */
    uint32_t used;
} block;

/* The operands of pixel i: pixels are numbered down a column first. */
static inline const lsn_packed_operand *pixel_at(const lsn_packed_tile *tile, uint32_t i)
{
    if (tile->rows == 2u) {
        return tile->operands + (size_t)(i / 2u) * tile->column_stride + i % 2u * tile->row_stride;
    }
    return tile->operands + (size_t)i * tile->column_stride;
}

/* Sums of products of `n` pixels from `first` on, and of the block's filters: `vectors`
 * vectors of them. Those of a pixel lie `stride` behind those of the one before. */
static LSN_ALWAYS_INLINE void multiply(const lsn_packed_tile *tile, uint32_t first, uint32_t n,
                                       uint32_t vectors, const block *filters, int32_t *totals,
                                       uint32_t stride)
{
    lsn_sums sums[LSN_PIXELS][LSN_VECTORS];
    const lsn_packed_operand *pixels[LSN_PIXELS];
    const lsn_packed_operand *weights = filters->weights;
    const int32_t *bias = filters->bias;
    for (uint32_t p = 0; p < n; p++) {
        pixels[p] = pixel_at(tile, first + p);
        for (uint32_t v = 0; v < vectors; v++) {
            sums[p][v] = lsn_sums_begin(lsn_lanes_load(bias + v * LSN_LANES));
        }
    }
    for (uint32_t run = 0; run < tile->runs; run++) {
        size_t i = (size_t)run * tile->run_stride;
        const size_t end = i + tile->run_length;
#if LSN_UNROLL > 1
        for (; i + LSN_UNROLL * LSN_STEP <= end; i += LSN_UNROLL * LSN_STEP) {
            lsn_wide_multiply(sums, pixels, i, n, vectors, weights);
            weights += LSN_UNROLL * vectors * LSN_LANES * LSN_STEP;
        }
#endif
        for (; i < end; i += LSN_STEP) {
            lsn_weights w[LSN_VECTORS];
            for (uint32_t v = 0; v < vectors; v++) {
                w[v] = lsn_weights_load(weights + v * LSN_LANES * LSN_STEP);
            }
            for (uint32_t p = 0; p < n; p++) {
                lsn_pixel operands = lsn_pixel_load(pixels[p] + i);
                for (uint32_t v = 0; v < vectors; v++) {
                    sums[p][v] = lsn_sums_add(sums[p][v], operands, w[v]);
                }
            }
            weights += vectors * LSN_LANES * LSN_STEP;
        }
    }
    for (uint32_t p = 0; p < n; p++) {
        for (uint32_t v = 0; v < vectors; v++) {
            lsn_lanes total = lsn_sums_total(sums[p][v], lsn_lanes_load(bias + v * LSN_LANES));
            lsn_lanes_store(totals + (size_t)p * stride + v * LSN_LANES, total);
        }
    }
}

/* Multiply as many pixels as there are, up to LSN_PIXELS; returns how many. */
static LSN_ALWAYS_INLINE uint32_t multiply_next(const lsn_packed_tile *tile, uint32_t first,
                                                uint32_t left, uint32_t vectors,
                                                const block *filters, int32_t *totals,
                                                uint32_t stride)
{
    if (left >= LSN_PIXELS) {
        multiply(tile, first, LSN_PIXELS, vectors, filters, totals, stride);
        return LSN_PIXELS;
    }
#if LSN_PIXELS > 5
    if (left >= 5u) {
        multiply(tile, first, 5, vectors, filters, totals, stride);
        return 5;
    }
#endif
    if (left >= 2u) {
        multiply(tile, first, 2, vectors, filters, totals, stride);
        return 2;
    }
    multiply(tile, first, 1, vectors, filters, totals, stride);
    return 1;
}

static uint32_t multiply_block(const lsn_packed_tile *tile, uint32_t first, uint32_t left,
                               const block *filters, int32_t *totals, uint32_t stride)
{
    return multiply_next(tile, first, left, LSN_VECTORS, filters, totals, stride);
}

static uint32_t multiply_vector(const lsn_packed_tile *tile, uint32_t first, uint32_t left,
                                const block *filters, int32_t *totals, uint32_t stride)
{
    return multiply_next(tile, first, left, 1, filters, totals, stride);
}

/* Multiply `count` pixels from `first` on. */
static void multiply_all(const lsn_packed_tile *tile, uint32_t first, uint32_t count,
                         const block *filters, int32_t *totals, uint32_t stride)
{
    uint32_t done = 0;
    while (done < count) {
        int32_t *to = totals + (size_t)done * stride;
        if (filters->filters == BLOCK) {
            done += multiply_block(tile, first + done, count - done, filters, to, stride);
        } else {
            done += multiply_vector(tile, first + done, count - done, filters, to, stride);
        }
    }
}

/* The totals of a column's pixels, from the four sums at the same place or behind. */
static void combine_sums(const int32_t *sums, uint32_t rows, const block *filters, int32_t *to)
{
    const lsn_lanes none = lsn_lanes_of(0);
    const lsn_lanes one = lsn_lanes_of(1);
    uint32_t n = filters->filters;
    for (uint32_t f = 0; f < n; f += LSN_LANES) {
        lsn_lanes bias = lsn_lanes_load(filters->bias + f);
        lsn_lanes upper = lsn_lanes_load(sums + f);
        lsn_lanes p = lsn_lanes_load(sums + n + f);
        lsn_lanes q = lsn_lanes_load(sums + 2u * n + f);
        lsn_lanes lower = lsn_lanes_load(sums + 3u * n + f);
        upper = lsn_lanes_add(upper, lsn_lanes_add(p, q));
        lower = lsn_lanes_add(lower, lsn_lanes_subtract(p, q));
        lsn_lanes_store(to + f, lsn_lanes_add(lsn_lanes_rounding_right(upper, one, none), bias));
        if (rows == 2u) {
            lower = lsn_lanes_rounding_right(lower, one, none);
            lsn_lanes_store(to + n + f, lsn_lanes_add(lower, bias));
        }
    }
}

/* Multiply `columns` columns whose rows share products. */
static void multiply_shared(const lsn_packed_tile *tile, uint32_t column, uint32_t columns,
                            const block *filters, int32_t *totals)
{
    static const int32_t no_bias[BLOCK];
    uint32_t stride = LSN_SHARED_ROWS * filters->filters;
    lsn_packed_tile row = *tile;
    block weights = *filters;
    row.rows = 1;
    row.runs = 1;
    weights.bias = no_bias;
    for (uint32_t r = 0; r < LSN_SHARED_ROWS; r++) {
        multiply_all(&row, column, columns, &weights, totals + r * filters->filters, stride);
        row.operands += tile->row_stride;
        weights.weights += (size_t)tile->run_length * filters->filters;
    }
    for (uint32_t c = 0; c < columns; c++) {
        combine_sums(totals + (size_t)c * stride, tile->rows, filters,
                     totals + (size_t)c * tile->rows * filters->filters);
    }
}

/* The constants of one vector of filters. */
typedef struct finish {
    lsn_lanes multiplier;
    lsn_lanes left;
    lsn_lanes right;
    lsn_lanes half;
    lsn_lanes away;
    lsn_lanes zero_point;
    lsn_lanes minimum;
    lsn_lanes maximum;
} finish;

static inline finish finish_of(const block *filters, uint32_t filter, const lsn_path *path)
{
    const int32_t *constants = filters->constants + filter;
    finish to;
    to.multiplier = lsn_lanes_load(constants + LSN_MULTIPLIER * filters->filters);
    to.left = lsn_lanes_load(constants + LSN_LEFT * filters->filters);
    to.right = lsn_lanes_load(constants + LSN_RIGHT * filters->filters);
    to.half = lsn_lanes_load(constants + LSN_HALF * filters->filters);
    to.away = lsn_lanes_load(constants + LSN_AWAY * filters->filters);
    to.zero_point = lsn_lanes_of(path->zero_point);
    to.minimum = lsn_lanes_of(path->minimum);
    to.maximum = lsn_lanes_of(path->maximum);
    return to;
}

/* Sum over a window of `count` pixels, `stride` apart, brought to int8. */
static LSN_ALWAYS_INLINE lsn_lanes sum_of_window(const finish *to, const int32_t *totals,
                                                 uint32_t stride, uint32_t count)
{
    lsn_lanes sum = lsn_lanes_of(0);
    for (uint32_t p = 0; p < count; p++) {
        lsn_lanes x = lsn_lanes_left(lsn_lanes_load(totals + p * stride), to->left);
        x = lsn_lanes_rounded_high(x, to->multiplier);
        /* Halves away from zero: one less than a negative value is rounded up. */
        x = lsn_lanes_subtract(x, lsn_lanes_logical_right(x, to->away));
        x = lsn_lanes_add(lsn_lanes_rounding_right(x, to->right, to->half), to->zero_point);
        x = lsn_lanes_clamp(x, to->minimum, to->maximum);
        sum = p == 0 ? x : lsn_lanes_add(sum, x);
    }
    return sum;
}

/* Sum / 2**shift, halves away from zero. shift 1 or more. */
static inline lsn_lanes average(lsn_lanes sum, int32_t shift)
{
    sum = lsn_lanes_subtract(sum, lsn_lanes_logical_right(sum, lsn_lanes_of(31)));
    return lsn_lanes_rounding_right(sum, lsn_lanes_of(shift), lsn_lanes_of(1 << (shift - 1)));
}

static lsn_lanes average_of_any(lsn_lanes sum, int32_t count)
{
    int32_t sums[LSN_LANES];
    lsn_lanes_store(sums, sum);
    for (uint32_t i = 0; i < LSN_LANES; i++) {
        sums[i] = (sums[i] > 0 ? sums[i] + count / 2 : sums[i] - count / 2) / count;
    }
    return lsn_lanes_load(sums);
}

/* Pool whole windows of the network's own sizes; `count` is a constant: 1, 2 or 4. */
static LSN_ALWAYS_INLINE void pool_windows(const finish *to, const int32_t *totals,
                                           uint32_t stride, uint32_t count, uint32_t windows,
                                           int8_t *output, uint32_t channels)
{
    for (; windows > 0; windows--) {
        lsn_lanes sum = sum_of_window(to, totals, stride, count);
        if (count > 1u) {
            sum = average(sum, count == 2u ? 1 : 2);
        }
        lsn_lanes_narrow(output, sum);
        totals += count * stride;
        output += channels;
    }
}

/* Bring the totals of `pixels` pixels to int8, for the block's filters from `filter` on, as
 * many as a vector has lanes, and pool them in windows of `window` pixels. */
static void finish_vector(const int32_t *totals, uint32_t pixels, const block *filters,
                          uint32_t filter, const lsn_path *path, uint32_t window, int8_t *output,
                          uint32_t channels)
{
    const finish to = finish_of(filters, filter, path);
    uint32_t stride = filters->filters;
    uint32_t used = lsn_min(LSN_LANES, filters->used - filter);
    if (used == LSN_LANES && pixels % window == 0) {
        if (window == 4u) {
            pool_windows(&to, totals, stride, 4, pixels / 4u, output, channels);
            return;
        }
        if (window == 2u) {
            pool_windows(&to, totals, stride, 2, pixels / 2u, output, channels);
            return;
        }
        if (window == 1u) {
            pool_windows(&to, totals, stride, 1, pixels, output, channels);
            return;
        }
    }
    while (pixels > 0) {
        uint32_t count = lsn_min(pixels, window);
        int8_t values[LSN_LANES];
        lsn_lanes sum = sum_of_window(&to, totals, stride, count);
        lsn_lanes_narrow(values, average_of_any(sum, (int32_t)count));
        memcpy(output, values, used);
        totals += count * stride;
        output += channels;
        pixels -= count;
    }
}

/* Convolve a tile with a block of filters, and pool it: as many whole windows of `pool`
 * columns at a time as there is room for. */
static void run_block(const lsn_packed_tile *tile, const block *filters, const lsn_path *path,
                      uint32_t pool, int8_t *output, uint32_t channels)
{
    int32_t totals[MOST_SUMS * BLOCK];
    uint32_t sums = tile->shared ? LSN_SHARED_ROWS : tile->rows; /* of a column */
    uint32_t most = MOST_SUMS / (sums * pool) * pool;
    for (uint32_t column = 0; column < tile->columns; column += most) {
        uint32_t columns = lsn_min(most, tile->columns - column);
        uint32_t pixels = tile->rows * columns;
        if (LSN_SHARES_ROWS && tile->shared) {
            multiply_shared(tile, column, columns, filters, totals);
        } else {
            multiply_all(tile, tile->rows * column, pixels, filters, totals, filters->filters);
        }
        for (uint32_t f = 0; f < filters->used; f += LSN_LANES) {
            finish_vector(totals + f, pixels, filters, f, path, tile->rows * pool, output + f,
                          channels);
        }
        output += (size_t)(columns / pool) * channels;
    }
}

void lsn_packed_path(const lsn_stage *stage, const lsn_path *path, const uint8_t *packed,
                     const lsn_ring *input, const lsn_pixels *pixels, int8_t *output,
                     uint32_t channels, lsn_packed_operand *operands)
{
    lsn_packed_tile tile = lsn_packed_gather(stage, path, input, pixels, operands);
    uint32_t length = lsn_stepped_length(stage, path);
    uint32_t filter = 0;
    block filters;
    while (filter < path->filters) {
        filters.filters = lsn_block_filters(path->filters - filter);
        filters.used = lsn_min(filters.filters, path->filters - filter);
        filters.constants = (const int32_t *)(const void *)packed;
        filters.bias = filters.constants + LSN_BIAS * filters.filters;
        filters.weights = (const void *)(filters.constants + LSN_CONSTANTS * filters.filters);
        run_block(&tile, &filters, path, stage->pool_width, output + filter, channels);
        packed += lsn_block_bytes(filters.filters, length);
        filter += filters.filters;
    }
}

#endif
