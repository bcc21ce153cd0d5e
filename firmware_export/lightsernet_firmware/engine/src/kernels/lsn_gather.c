/* SPDX-License-Identifier: Apache-2.0 */
#include "lsn_gather.h"

#include "lsn_convolve.h"
#include "lsn_fixed_point.h"

/* Write `count` times `value`; returns the end. */
static lsn_operand *pad(lsn_operand *to, int32_t value, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        to[i] = (lsn_operand)value;
    }
    return to + count;
}

/* Widen a column whose channels do not fill the last group. The operands that fill it up
 * meet weights of zero. */
static void widen_column(const int8_t *from, uint32_t channels, lsn_operand *to)
{
    uint32_t whole = channels / LSN_GROUP * LSN_GROUP;
    int8_t group[LSN_GROUP] = {0, 0, 0, 0};
    for (uint32_t i = 0; i < whole; i += LSN_GROUP) {
        memcpy(group, from + i, LSN_GROUP);
        lsn_widen(group, LSN_GROUP, to + i);
    }
    memset(group, 0, sizeof group);
    memcpy(group, from + whole, channels - whole);
    lsn_widen(group, LSN_GROUP, to + whole);
}

/* Copy columns `first` .. `first` + `count` - 1 of a row, `padded` operands each; returns
 * the end. Columns outside of the row are padding, as all are if `from` is NULL. */
static lsn_operand *copy_columns(lsn_operand *to, const int8_t *from, const lsn_stage *stage,
                                 uint32_t first, uint32_t count, uint32_t padded)
{
    uint32_t channels = stage->channels;
    uint32_t column = first;
    uint32_t end = first + count;
    if (from == NULL) {
        return pad(to, stage->zero_point, count * padded);
    }
    while (column != end) {
        if (column >= stage->width) {
            to = pad(to, stage->zero_point, padded);
            column++;
        } else if (padded == channels) {
            uint32_t run = lsn_min(stage->width, end) - column;
            lsn_widen(from + (size_t)column * channels, run * channels, to);
            to += (size_t)run * channels;
            column += run;
        } else {
            widen_column(from + (size_t)column * channels, channels, to);
            to += padded;
            column++;
        }
    }
    return to;
}

/* One run per row of the kernel: the copy is the input with its padding. */
static lsn_tile gather_runs(const lsn_stage *stage, const lsn_path *path, const lsn_ring *input,
                            uint32_t row, uint32_t rows, uint32_t column, uint32_t columns,
                            lsn_operand *operands)
{
    uint32_t channels = lsn_round_up(stage->channels, LSN_GROUP);
    uint32_t width = columns + path->kernel_width - 1u;
    lsn_operand *to = operands;
    lsn_tile tile;
    for (uint32_t r = 0; r < rows + path->kernel_height - 1u; r++) {
        const int8_t *from =
            lsn_ring_row(stage, input, row + r - lsn_padding_before(path->kernel_height));
        to = copy_columns(to, from, stage, column - lsn_padding_before(path->kernel_width), width,
                          channels);
    }
    tile.operands = operands;
    tile.rows = rows;
    tile.columns = columns;
    tile.row_stride = width * channels;
    tile.column_stride = channels;
    tile.runs = path->kernel_height;
    tile.run_length = path->kernel_width * channels;
    tile.run_stride = width * channels;
    return tile;
}

/* Copy `count` values, `step` bytes apart, to bytes `stride` apart; returns the end. */
static int8_t *copy_values(int8_t *to, uint32_t stride, const int8_t *from, uint32_t step,
                           uint32_t count)
{
    for (; count > 0; count--) {
        *to = *from;
        from += step;
        to += stride;
    }
    return to;
}

/* Copy one channel of one row into the patches of `columns` columns: the values from
 * column `offset` on, each to the next patch, `stride` bytes on. Columns outside of the row
 * are padding, as all are if `from` is NULL. */
static void spread(const lsn_stage *stage, const int8_t *from, int32_t offset, uint32_t channel,
                   int32_t columns, int8_t *to, uint32_t stride)
{
    int8_t zero_point = (int8_t)stage->zero_point;
    uint32_t channels = stage->channels;
    int32_t first = columns;
    int32_t end = columns;
    if (from != NULL) {
        first = lsn_clamp(-offset, 0, columns);
        end = lsn_clamp((int32_t)stage->width - offset, first, columns);
    }
    to = copy_values(to, stride, &zero_point, 0, (uint32_t)first);
    if (first < end) {
        from += (uint32_t)(offset + first) * channels + channel;
        to = copy_values(to, stride, from, channels, (uint32_t)(end - first));
    }
    copy_values(to, stride, &zero_point, 0, (uint32_t)(columns - end));
}

/* One run per pixel: its whole patch. */
static lsn_tile gather_patches(const lsn_stage *stage, const lsn_path *path,
                               const lsn_ring *input, uint32_t row, uint32_t rows,
                               uint32_t column, uint32_t columns, lsn_operand *operands)
{
    uint32_t length = lsn_packed_length(stage, path);
    uint32_t bytes = rows * columns * length;
    /* Gather int8 at the end of the space for the operands, then widen from there: the
     * writer never overtakes the reader. */
    int8_t *patches = (int8_t *)operands + (sizeof(lsn_operand) - 1u) * bytes;
    lsn_tile tile;
    memset(patches, 0, bytes);
    for (uint32_t r = 0; r < rows; r++) {
        int8_t *to = patches + (size_t)r * length;
        for (uint32_t k = 0; k < path->kernel_height; k++) {
            const int8_t *from =
                lsn_ring_row(stage, input, row + r + k - lsn_padding_before(path->kernel_height));
            for (uint32_t l = 0; l < path->kernel_width; l++) {
                int32_t offset =
                    (int32_t)(column + l) - (int32_t)lsn_padding_before(path->kernel_width);
                for (uint32_t channel = 0; channel < stage->channels; channel++) {
                    spread(stage, from, offset, channel, (int32_t)columns, to++, rows * length);
                }
            }
        }
    }
    lsn_widen(patches, bytes, operands);
    tile.operands = operands;
    tile.rows = rows;
    tile.columns = columns;
    tile.row_stride = length;
    tile.column_stride = rows * length;
    tile.runs = 1;
    tile.run_length = length;
    tile.run_stride = length;
    return tile;
}

lsn_tile lsn_gather(const lsn_stage *stage, const lsn_path *path, const lsn_ring *input,
                    uint32_t row, uint32_t rows, uint32_t column, uint32_t columns,
                    lsn_operand *operands)
{
    if (lsn_gathers_patches(stage)) {
        return gather_patches(stage, path, input, row, rows, column, columns, operands);
    }
    lsn_tile tile = gather_runs(stage, path, input, row, rows, column, columns, operands);
    lsn_prepare_tile(&tile, operands);
    return tile;
}
