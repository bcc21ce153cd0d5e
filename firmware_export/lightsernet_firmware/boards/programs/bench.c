/* Counts the instructions of one utterance and prints them as a line of JSON.
 *
 * The linker (--wrap) sends the calls of lsn_stage_run through the function below, which
 * measures each stage without changing the engine. The first run pushes features: it
 * measures the network. The second pushes as many samples: it measures everything.
 */
#include "bench.h"
#include "lsn_front_end.h"
#include "lsn_layout.h"
#include "lsn_stage_run.h"
#include "model.h"
#include "print.h"
#include "semihosting.h"
#include "stack_paint.h"
#include "tick.h"

#define MAX_COEFFICIENTS 1024u

static uint8_t ram[MODEL_RAM_BYTES] __attribute__((aligned(16)));
static int16_t samples[BENCH_SAMPLES];
static int8_t row[MAX_COEFFICIENTS];
static uint64_t stage_ticks[LSN_MAX_STAGES];
static uint64_t all_ticks;

/* Numerical Recipes' linear congruential generator. */
static uint32_t next_random(void)
{
    static uint32_t state = 1u;
    state = state * 1664525u + 1013904223u;
    return state >> 16;
}

void __real_lsn_stage_run(const lsn_model *model, const lsn_stage *stage, const int8_t *ring,
                          uint32_t rows_in, uint32_t first, uint32_t rows, int8_t *output,
                          uint8_t *scratch);
void __wrap_lsn_stage_run(const lsn_model *model, const lsn_stage *stage, const int8_t *ring,
                          uint32_t rows_in, uint32_t first, uint32_t rows, int8_t *output,
                          uint8_t *scratch);

void __wrap_lsn_stage_run(const lsn_model *model, const lsn_stage *stage, const int8_t *ring,
                          uint32_t rows_in, uint32_t first, uint32_t rows, int8_t *output,
                          uint8_t *scratch)
{
    uint32_t before = tick_read();
    __real_lsn_stage_run(model, stage, ring, rows_in, first, rows, output, scratch);
    stage_ticks[stage - lsn_stages_of(model)] += tick_difference(before, tick_read());
}

/* Add the ticks since `last`, which moves on to now. */
static void lap(uint32_t *last)
{
    uint32_t now = tick_read();
    all_ticks += tick_difference(*last, now);
    *last = now;
}

static void check(lsn_status status)
{
    if (status != LSN_OK) {
        print_text("{\"error\": \"status ");
        print_number((int64_t)status);
        print_text("\"}\n");
        print_flush();
        console_exit(1);
    }
}

static void run_features(lsn_stream *stream, const lsn_model *model)
{
    lsn_emotion emotion;
    uint32_t last = tick_read();
    for (uint32_t t = 0; t < BENCH_ROWS; t++) {
        for (uint32_t c = 0; c < model->n_coefficients; c++) {
            row[c] = (int8_t)next_random();
        }
        last = tick_read();
        check(lsn_push_features(stream, row));
        lap(&last);
    }
    check(lsn_finish(stream));
    check(lsn_result(stream, &emotion));
    lap(&last);
}

static void run_samples(lsn_stream *stream, const lsn_model *model)
{
    lsn_emotion emotion;
    uint32_t last = tick_read();
    for (uint32_t i = 0; i < BENCH_SAMPLES; i += model->hop_length) {
        uint32_t left = BENCH_SAMPLES - i;
        check(lsn_push(stream, samples + i, left < model->hop_length ? left : model->hop_length));
        lap(&last);
    }
    check(lsn_finish(stream));
    check(lsn_result(stream, &emotion));
    lap(&last);
}

static void print_count(const char *name, uint64_t ticks)
{
    print_text("\"");
    print_text(name);
    print_text("\": ");
    print_number((int64_t)ticks);
    print_text(", ");
}

int main(void)
{
    lsn_model model;
    lsn_stream *stream;
    check(lsn_model_open(&model, model_blob, MODEL_BLOB_BYTES));
    check(lsn_stream_open(&stream, &model, ram, sizeof ram));
    for (uint32_t i = 0; i < BENCH_SAMPLES; i++) {
        samples[i] = (int16_t)next_random();
    }
    tick_start();
    stack_paint();
    run_features(stream, &model);
    print_text("{");
    print_count("network_ticks", all_ticks);
    print_text("\"stage_ticks\": [");
    for (uint32_t s = 0; s < lsn_header_of(&model)->n_stages; s++) {
        print_text(s > 0 ? ", " : "");
        print_number((int64_t)stage_ticks[s]);
    }
    print_text("], ");
    if (model.frame_length != 0) {
        all_ticks = 0;
        lsn_reset(stream);
        run_samples(stream, &model);
        print_count("all_ticks", all_ticks);
    }
    print_count("stack_bytes", stack_used());
    print_text("\"ram_bytes\": ");
    print_number((int64_t)lsn_ram_size(&model));
    print_text("}\n");
    print_flush();
    return 0;
}
