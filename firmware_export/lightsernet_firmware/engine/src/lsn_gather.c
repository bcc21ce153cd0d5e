#include "lsn_gather.h"

/* Write `count` operands of padding. */
static lsn_operand *pad(lsn_operand *to, int32_t zero_point, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        to[i] = (lsn_operand)zero_point;
    }
    return to + count;
}

static lsn_operand *widen(lsn_operand *to, const int8_t *from, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        to[i] = from[i];
    }
    return to + count;
}

/* Row `row` of the input, or NULL where the padding begins. Rows before the
 * first have wrapped around to large numbers. */
static const int8_t *row_of(const lsn_stage *stage, const lsn_rows *input, uint32_t row)
{
    if (row >= input->rows_in) {
        return NULL;
    }
    return input->ring + (size_t)(row % input->rows_kept) * stage->width * stage->channels;
}

/* Copy columns `first` .. `first` + `count` - 1 of a row; columns outside of it
 * are padding. Channels are filled up to `padded`; their weights are zero. */
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
            to = widen(to, from + (size_t)column * channels, run * channels);
            column += run;
        } else {
            to = widen(to, from + (size_t)column * channels, channels);
            to = pad(to, 0, padded - channels);
            column++;
        }
    }
    return to;
}

/* One run a row under the kernel: the copy is the input with its padding. */
static lsn_tile gather_runs(const lsn_stage *stage, const lsn_path *path, const lsn_rows *input,
                            uint32_t row, uint32_t rows, uint32_t column, uint32_t columns,
                            lsn_operand *operands)
{
    uint32_t channels = lsn_round_up(stage->channels, LSN_GROUP);
    uint32_t width = columns + path->kernel_width - 1u;
    lsn_operand *to = operands;
    lsn_tile tile;
    for (uint32_t r = 0; r < rows + path->kernel_height - 1u; r++) {
        const int8_t *from = row_of(stage, input, row + r - lsn_before(path->kernel_height));
        to = copy_columns(to, from, stage, column - lsn_before(path->kernel_width), width,
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

/* One run a pixel: its whole patch. */
static lsn_tile gather_patches(const lsn_stage *stage, const lsn_path *path,
                               const lsn_rows *input, uint32_t row, uint32_t rows,
                               uint32_t column, uint32_t columns, lsn_operand *operands)
{
    uint32_t length = lsn_packed_length(stage, path);
    uint32_t patch = path->kernel_height * path->kernel_width * stage->channels;
    lsn_operand *to = operands;
    lsn_tile tile;
    for (uint32_t c = 0; c < columns; c++) {
        for (uint32_t r = 0; r < rows; r++) {
            for (uint32_t k = 0; k < path->kernel_height; k++) {
                const int8_t *from =
                    row_of(stage, input, row + r + k - lsn_before(path->kernel_height));
                to = copy_columns(to, from, stage, column + c - lsn_before(path->kernel_width),
                                  path->kernel_width, stage->channels);
            }
            to = pad(to, 0, length - patch);
        }
    }
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

lsn_tile lsn_gather(const lsn_stage *stage, const lsn_path *path, const lsn_rows *input,
                    uint32_t row, uint32_t rows, uint32_t column, uint32_t columns,
                    lsn_operand *operands)
{
    if (lsn_gathers_patches(stage)) {
        return gather_patches(stage, path, input, row, rows, column, columns, operands);
    }
    return gather_runs(stage, path, input, row, rows, column, columns, operands);
}
