/* SPDX-License-Identifier: Apache-2.0 */
#include "lsn_packed_gather.h"

#include "lsn_shared_rows.h"

#if LSN_USE_PACKED

/* Columns of a group gathered at a time. */
#define CHUNK 64u

/* Where a step takes a group, or less, neighbouring columns of a group are side by side. */
#define GROUP_IS_RUN (LSN_STEP <= LSN_GROUP)

static void copy_values(const int8_t *from, size_t count, lsn_packed_operand *restrict to)
{
    for (size_t i = 0; i < count; i++) {
        to[i] = (lsn_packed_operand)(from[i] ^ LSN_TURNED_BIT);
    }
}

static void fill(int32_t value, size_t count, lsn_packed_operand *to)
{
    for (size_t i = 0; i < count; i++) {
        to[i] = (lsn_packed_operand)(value ^ LSN_TURNED_BIT);
    }
}

/* Copy columns of a row, `padded` operands each: those that follow the channels meet weights
 * of zero. Columns outside of the row are padding, as all are if `row` is NULL; a column
 * before the row wraps around. */
static void copy_columns(const lsn_stage *stage, const int8_t *row, uint32_t column,
                         uint32_t columns, uint32_t padded, lsn_packed_operand *to)
{
    uint32_t channels = stage->channels;
    uint32_t c = 0;
    while (c < columns) {
        uint32_t at = column + c;
        uint32_t run = 1;
        if (row == NULL || at >= stage->width) {
            fill(stage->zero_point, padded, to);
        } else {
            if (padded == channels) {
                run = lsn_min(columns - c, stage->width - at);
            }
            copy_values(row + (size_t)at * channels, (size_t)run * channels, to);
            fill(0, padded - channels, to + channels);
        }
        to += (size_t)run * padded;
        c += run;
    }
}

/* One run per row of the kernel: the copy is the input with its padding. */
static lsn_packed_tile gather_runs(const lsn_stage *stage, const lsn_path *path,
                                   const lsn_ring *input, const lsn_pixels *pixels,
                                   lsn_packed_operand *operands)
{
    uint32_t padded = lsn_round_up(stage->channels, LSN_GROUP);
    uint32_t columns = pixels->columns + path->kernel_width - 1u;
    uint32_t first = pixels->row - lsn_padding_before(path->kernel_height);
    uint32_t rows = pixels->rows + path->kernel_height - 1u;
    lsn_packed_tile tile;
    tile.shared = lsn_shares_rows(stage, path);
    if (tile.shared) {
        rows = LSN_SHARED_ROWS;
    }
    tile.operands = operands;
    tile.rows = pixels->rows;
    tile.columns = pixels->columns;
    tile.row_stride = columns * padded;
    tile.column_stride = padded;
    tile.runs = path->kernel_height;
    tile.run_length = path->kernel_width * padded;
    tile.run_stride = columns * padded;
    for (uint32_t r = 0; r < rows; r++) {
        copy_columns(stage, lsn_ring_row(stage, input, first + r),
                     pixels->column - lsn_padding_before(path->kernel_width), columns, padded,
                     operands + (size_t)r * tile.row_stride);
    }
    if (tile.shared) {
        lsn_combine_rows(operands, tile.row_stride);
    }
    return tile;
}

/* Copy one channel of `count` columns; as copy_columns. */
static void copy_channel(const lsn_stage *stage, const int8_t *row, uint32_t column,
                         uint32_t channel, uint32_t count, int8_t *to)
{
    uint32_t c = 0;
    if (row == NULL) {
        memset(to, stage->zero_point, count);
        return;
    }
    for (; c < count && column + c >= stage->width; c++) {
        to[c] = (int8_t)stage->zero_point;
    }
    uint32_t end = c < count ? c + lsn_min(count - c, stage->width - (column + c)) : c;
    if (stage->channels == 1u) {
        memcpy(to + c, row + (column + c) % stage->width, end - c);
    } else {
        for (uint32_t i = c; i < end; i++) {
            to[i] = row[(column + i) * stage->channels + channel];
        }
    }
    memset(to + end, stage->zero_point, count - end);
}

/* A group of operands of the patches of `count` columns, from operand `first` of the patch
 * on. Those that fill up the last group meet weights of zero. */
static void gather_group(const lsn_stage *stage, const lsn_path *path, const lsn_ring *input,
                         uint32_t row, uint32_t column, uint32_t count, uint32_t first,
                         lsn_packed_operand *restrict to, size_t stride)
{
    int8_t values[LSN_GROUP][CHUNK];
    for (uint32_t j = 0; j < LSN_GROUP; j++) {
        uint32_t position = (first + j) / stage->channels;
        uint32_t k = position / path->kernel_width;
        uint32_t l = position % path->kernel_width;
        if (k >= path->kernel_height) {
            memset(values[j], 0, count);
            continue;
        }
        copy_channel(
            stage, lsn_ring_row(stage, input, row + k - lsn_padding_before(path->kernel_height)),
            column + l - lsn_padding_before(path->kernel_width), (first + j) % stage->channels,
            count, values[j]);
    }
    for (uint32_t c = 0; c < count; c++) {
        to[stride * c] = (lsn_packed_operand)(values[0][c] ^ LSN_TURNED_BIT);
        to[stride * c + 1u] = (lsn_packed_operand)(values[1][c] ^ LSN_TURNED_BIT);
        to[stride * c + 2u] = (lsn_packed_operand)(values[2][c] ^ LSN_TURNED_BIT);
        to[stride * c + 3u] = (lsn_packed_operand)(values[3][c] ^ LSN_TURNED_BIT);
    }
}

/* Patches as a whole: one run, or one for each group. */
static lsn_packed_tile gather_patches(const lsn_stage *stage, const lsn_path *path,
                                      const lsn_ring *input, const lsn_pixels *pixels,
                                      lsn_packed_operand *operands)
{
    uint32_t length = lsn_packed_length(stage, path);
    uint32_t run = GROUP_IS_RUN ? LSN_GROUP : length;
    uint32_t group_stride = GROUP_IS_RUN ? pixels->columns * LSN_GROUP : LSN_GROUP;
    lsn_packed_tile tile;
    tile.shared = 0;
    tile.operands = operands;
    tile.rows = pixels->rows;
    tile.columns = pixels->columns;
    tile.row_stride = pixels->columns * length;
    tile.column_stride = run;
    tile.runs = length / run;
    tile.run_length = run;
    tile.run_stride = group_stride;
    for (uint32_t r = 0; r < pixels->rows; r++) {
        for (uint32_t first = 0; first < length; first += LSN_GROUP) {
            lsn_packed_operand *to = operands + (size_t)r * tile.row_stride +
                                     (size_t)(first / LSN_GROUP) * group_stride;
            for (uint32_t c = 0; c < pixels->columns; c += CHUNK) {
                gather_group(stage, path, input, pixels->row + r, pixels->column + c,
                             lsn_min(CHUNK, pixels->columns - c), first, to + (size_t)c * run,
                             GROUP_IS_RUN ? LSN_GROUP : run);
            }
        }
    }
    return tile;
}

lsn_packed_tile lsn_packed_gather(const lsn_stage *stage, const lsn_path *path,
                                  const lsn_ring *input, const lsn_pixels *pixels,
                                  lsn_packed_operand *operands)
{
    if (lsn_gathers_patches(stage)) {
        return gather_patches(stage, path, input, pixels, operands);
    }
    return gather_runs(stage, path, input, pixels, operands);
}

#endif
