/* Compares the kernels of this target with sums written down plainly, on random
 * shapes and values, and prints a line of JSON: how many cases, how many differ.
 *
 * On a board it prints through the debugger, on a host with printf. */
#include <string.h>

#include "lsn_average_pool.h"
#include "lsn_convolve.h"
#include "lsn_fixed_point.h"
#include "lsn_requantize.h"

#ifdef CHECK_ON_HOST
#include <stdio.h>
#define PRINT_RESULT(cases, wrong) printf("{\"cases\": %d, \"wrong\": %d}\n", cases, wrong)
#else
#include "print.h"
static void print_result(int cases, int wrong)
{
    print_text("{\"cases\": ");
    print_number(cases);
    print_text(", \"wrong\": ");
    print_number(wrong);
    print_text("}\n");
    print_flush();
}
#define PRINT_RESULT(cases, wrong) print_result(cases, wrong)
#endif

#define CASES 3000
#define MAX_OPERANDS 8192u
#define MAX_WEIGHTS 1024u
#define MAX_PIXELS 24u

int main(void);

static int8_t values[MAX_OPERANDS] __attribute__((aligned(16)));
/* A vector's width behind the last operand may be read, as in a stream's RAM. */
static lsn_operand operands[MAX_OPERANDS + 16u] __attribute__((aligned(16)));
static int8_t weights[2][MAX_WEIGHTS] __attribute__((aligned(16)));
static lsn_operand scratch[2u * MAX_WEIGHTS + 1u] __attribute__((aligned(16)));
static int32_t accumulators[2u * MAX_PIXELS];
static int8_t outputs[2u * MAX_PIXELS];
static int8_t pooled[MAX_PIXELS];
static uint32_t state = 1u;

static uint32_t next_random(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state % below;
}

static int8_t next_value(void)
{
    /* Extremes often. */
    switch (next_random(4)) {
    case 0:
        return -128;
    case 1:
        return 127;
    default:
        return (int8_t)((int32_t)next_random(256) - 128);
    }
}

static int check_convolve(void)
{
    int wrong = 0;
    int32_t bias[2];
    lsn_tile tile;
    tile.operands = operands;
    tile.rows = 1u + next_random(2);
    tile.columns = 1u + next_random(MAX_PIXELS / 2u);
    tile.runs = 1u + next_random(3);
    tile.run_length = 4u * (1u + next_random(30));
    if (tile.runs == 1u && next_random(2) == 0) {
        /* Patches one after another; often as short as those of a single channel. */
        tile.run_length = next_random(2) ? 12u : tile.run_length;
        tile.row_stride = tile.run_length;
        tile.column_stride = tile.rows * tile.run_length;
        tile.run_stride = tile.run_length;
    } else {
        tile.column_stride = 4u * (1u + next_random(8));
        tile.row_stride = tile.columns * tile.column_stride + tile.run_length;
        tile.run_stride = tile.row_stride;
    }
    /* Often all weights and values are one extreme: sums are as large as they can be. */
    int extreme = next_random(8) == 0;
    uint32_t used = (tile.rows + tile.runs) * tile.row_stride + tile.columns * tile.column_stride +
                    tile.run_length;
    uint32_t length = tile.runs * tile.run_length;
    if (used > MAX_OPERANDS || length > MAX_WEIGHTS) {
        return 0;
    }
    for (uint32_t i = 0; i < lsn_round_up(used, LSN_GROUP); i++) {
        values[i] = extreme ? -128 : next_value();
    }
    for (uint32_t f = 0; f < 2u; f++) {
        bias[f] = (int32_t)next_random(1u << 20) - (1 << 19);
        for (uint32_t i = 0; i < length; i++) {
            weights[f][i] = extreme ? -128 : next_value();
        }
    }
    lsn_widen(values, lsn_round_up(used, LSN_GROUP), operands);
    scratch[2u * length] = 0x55;
    lsn_prepare_tile(&tile, operands);
    lsn_convolve(&tile, weights[0], weights[1], bias, scratch, accumulators);
    wrong |= scratch[2u * length] != 0x55;
    for (uint32_t f = 0; f < 2u; f++) {
        for (uint32_t p = 0; p < tile.rows * tile.columns; p++) {
            uint32_t start = p / tile.rows * tile.column_stride + p % tile.rows * tile.row_stride;
            int32_t sum = bias[f];
            for (uint32_t i = 0; i < length; i++) {
                sum += weights[f][i] *
                       values[start + i / tile.run_length * tile.run_stride + i % tile.run_length];
            }
            wrong |= sum != accumulators[f * tile.rows * tile.columns + p];
        }
    }
    return wrong;
}

static int check_requantize(void)
{
    int wrong = 0;
    lsn_path path;
    uint32_t count = 1u + next_random(MAX_PIXELS);
    int32_t multiplier = (int32_t)(0x40000000u + next_random(0x3FFFFFFFu));
    int32_t shift = 3 - (int32_t)next_random(34);
    uint32_t limit = 0x3FFFFFFFu >> (shift > 0 ? shift : 0);
    memset(&path, 0, sizeof path);
    path.zero_point = next_value();
    path.minimum = next_random(2) ? -128 : (int32_t)next_random(128) - 128;
    path.maximum = next_random(2) ? 127 : (int32_t)next_random(128);
    for (uint32_t i = 0; i < count; i++) {
        /* Of all sizes; halves, which the rounding turns on, among them. */
        accumulators[i] = (int32_t)(next_random(limit) >> next_random(30));
        accumulators[i] = next_random(2) ? -accumulators[i] : accumulators[i];
    }
    if (next_random(4) == 0) {
        multiplier = 0x40000000;
    }
    lsn_requantize(accumulators, count, multiplier, shift, &path, outputs);
    for (uint32_t i = 0; i < count; i++) {
        int32_t y = lsn_multiply(accumulators[i], multiplier, shift) + path.zero_point;
        wrong |= outputs[i] != lsn_clamp(y, path.minimum, path.maximum);
    }
    return wrong;
}

static int check_average_pool(void)
{
    int wrong = 0;
    uint32_t rows = 1u + next_random(2);
    uint32_t columns = 1u + next_random(MAX_PIXELS / 2u);
    uint32_t width = 1u + next_random(4);
    for (uint32_t i = 0; i < rows * columns; i++) {
        values[i] = next_value();
    }
    lsn_average_pool(values, rows, columns, width, pooled, 1);
    for (uint32_t c = 0; c < columns; c += width) {
        int32_t count = 0;
        int32_t sum = 0;
        for (uint32_t i = c * rows; i < lsn_min(c + width, columns) * rows; i++) {
            sum += values[i];
            count++;
        }
        int32_t magnitude = (2 * (sum < 0 ? -sum : sum) + count) / (2 * count);
        wrong |= pooled[c / width] != (sum < 0 ? -magnitude : magnitude);
    }
    return wrong;
}

int main(void)
{
    int wrong = 0;
    for (int i = 0; i < CASES; i++) {
        wrong += check_convolve() + check_requantize() + check_average_pool();
    }
    PRINT_RESULT(3 * CASES, wrong);
    return 0;
}
