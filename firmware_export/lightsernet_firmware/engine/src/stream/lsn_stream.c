/* SPDX-License-Identifier: Apache-2.0 */
/* A stream: samples become rows of features, rows pass the stages, and the sums of the
 * last stage's output give the result. */
#include "lsn_stream.h"

#include "lsn_front_end.h"
#include "lsn_head.h"
#include "lsn_profile.h"
#include "lsn_stage_run.h"

/* The stages of a stream's model, and the layout of its RAM: computed once per call. */
typedef struct network {
    const lsn_stage *stages;
    uint32_t n_stages;
    lsn_layout layout;
} network;

static network network_of(const lsn_stream *stream)
{
    network net;
    net.stages = lsn_stages_of(stream->model);
    net.n_stages = lsn_header_of(stream->model)->n_stages;
    net.layout = lsn_layout_of(stream->model);
    return net;
}

static int8_t *ring_of(const lsn_stream *stream, const network *net, uint32_t s)
{
    size_t offset = net->layout.rings;
    for (uint32_t i = 0; i < s; i++) {
        offset += lsn_ring_bytes(stream->model, &net->stages[i]);
    }
    return lsn_ram_at(stream, offset);
}

/* Slot of a stage's next row of input. */
static int8_t *next_row(const lsn_stream *stream, const network *net, uint32_t s)
{
    const lsn_stage *stage = &net->stages[s];
    uint32_t slot = stream->progress[s].rows_in % lsn_rows_kept(stream->model, stage);
    return ring_of(stream, net, s) + (size_t)slot * stage->width * stage->channels;
}

/* Store what a row adds to the sums, and subtract what the row added that leaves the
 * window. */
static void slide_window(lsn_stream *stream, int32_t *sums, const int8_t *row)
{
    const lsn_head *head = lsn_head_of(stream->model);
    uint32_t slot = stream->mean_rows % stream->window_rows;
    int16_t *stored = stream->window + (size_t)slot * head->channels;
    for (uint32_t c = 0; c < head->channels; c++) {
        int32_t sum = 0;
        for (uint32_t column = 0; column < head->width; column++) {
            sum += row[column * head->channels + c];
        }
        if (stream->mean_rows >= stream->window_rows) {
            sums[c] -= stored[c];
        }
        stored[c] = (int16_t)sum;
    }
}

/* Add a row of output to the global average, and update the result. */
static void add_to_mean(lsn_stream *stream, const network *net, const int8_t *row)
{
    const lsn_head *head = lsn_head_of(stream->model);
    int32_t *sums = lsn_ram_at(stream, net->layout.sums);
    const int8_t *value = row;
    for (uint32_t column = 0; column < head->width; column++) {
        for (uint32_t c = 0; c < head->channels; c++) {
            sums[c] += *value++;
        }
    }
    if (stream->window_rows != 0) {
        slide_window(stream, sums, row);
    }
    stream->mean_rows++;
    uint32_t rows = stream->mean_rows;
    if (stream->window_rows != 0) {
        rows = lsn_min(rows, stream->window_rows);
    }
    lsn_head_run(stream->model, sums, rows * head->width,
                 lsn_ram_at(stream, net->layout.scratch),
                 lsn_ram_at(stream, net->layout.logits),
                 lsn_ram_at(stream, net->layout.posteriors));
}

/* Convolve `rows` rows of a stage, and pass the pooled row to the next stage. */
static void run_stage(lsn_stream *stream, const network *net, uint32_t s, uint32_t rows)
{
    lsn_progress *progress = &stream->progress[s];
    const lsn_stage *stage = &net->stages[s];
    uint8_t *scratch = lsn_ram_at(stream, net->layout.scratch);
    int is_last = s + 1u == net->n_stages;
    int8_t *output;
    if (is_last) {
        output = (int8_t *)(scratch + lsn_scratch_layout_of(stream->model, stage).size);
    } else {
        output = next_row(stream, net, s + 1u);
    }
    lsn_stage_run(stream->model, stage, ring_of(stream, net, s), progress->rows_in,
                  progress->rows_done, rows, output, scratch);
    progress->rows_done += rows;
    if (is_last) {
        add_to_mean(stream, net, output);
    } else {
        stream->progress[s + 1u].rows_in++;
    }
}

/* Whether all input rows that the next pooled row of the stage depends on have come. */
static int is_ready(const lsn_stream *stream, const network *net, uint32_t s)
{
    const lsn_stage *stage = &net->stages[s];
    const lsn_progress *progress = &stream->progress[s];
    return progress->rows_in >= progress->rows_done + stage->pool_height +
                                    lsn_rows_after(stream->model, stage);
}

/* Run the stages from s on: a row of input completes at most one row of each. */
static void run_ready_stages(lsn_stream *stream, const network *net, uint32_t s)
{
    for (; s < net->n_stages && is_ready(stream, net, s); s++) {
        run_stage(stream, net, s, net->stages[s].pool_height);
    }
}

/* Most output rows that lsn_finish adds: every stage waits for half a kernel. */
#define MAX_OWED_ROWS (LSN_MAX_STAGES * LSN_MAX_KERNEL / 2u)

/* Whether the sums of the global average might overflow with the rows that lsn_finish
 * adds. */
static int is_too_long(const lsn_stream *stream)
{
    uint32_t room = LSN_MAX_MEAN_VALUES / lsn_head_of(stream->model)->width;
    return stream->mean_rows >= room - MAX_OWED_ROWS ||
           stream->rows == UINT32_MAX - LSN_MAX_STAGES * 64u;
}

/* Run the row that has been written to the first stage's ring. */
static void run_row(lsn_stream *stream, const network *net)
{
    stream->rows++;
    stream->progress[0].rows_in++;
    run_ready_stages(stream, net, 0);
}

void lsn_reset(lsn_stream *stream)
{
    if (stream == NULL) {
        return;
    }
    const lsn_model *model = stream->model;
    lsn_layout layout = lsn_layout_of(model);
    float rows = stream->profile_rows;
    float seconds = stream->profile_seconds;
    uint32_t window_rows = stream->window_rows;
    int16_t *window = stream->window;
    memset(stream, 0, layout.profile);
    stream->model = model;
    stream->window_rows = window_rows;
    stream->window = window;
    if (model->frame_length != 0) {
        stream->level = lsn_float(&lsn_front_end_of(model)->level_floor);
        stream->profile_rows = rows;
        stream->profile_seconds = seconds;
        lsn_utterance_statistics_clear(stream);
    }
    memset(lsn_ram_at(stream, layout.utterance_mean), 0, model->ram_size - layout.utterance_mean);
}

lsn_status lsn_stream_open(lsn_stream **stream, const lsn_model *model, void *ram, size_t ram_size)
{
    if (stream == NULL) {
        return LSN_BAD_ARGUMENT;
    }
    *stream = NULL;
    if (model == NULL || ram == NULL || model->ram_size == 0) {
        return LSN_BAD_ARGUMENT;
    }
    if ((uintptr_t)ram % LSN_ALIGNMENT != 0) {
        return LSN_BAD_ALIGNMENT;
    }
    if (ram_size < model->ram_size) {
        return LSN_RAM_TOO_SMALL;
    }
    *stream = ram;
    memset(ram, 0, model->ram_size);
    (*stream)->model = model;
    if (model->frame_length != 0) {
        lsn_profile_begin(*stream);
    }
    lsn_reset(*stream);
    return LSN_OK;
}

/* Checks common to the functions that need an utterance in progress. */
static lsn_status check_open(const lsn_stream *stream, const void *input)
{
    if (stream == NULL || input == NULL) {
        return LSN_BAD_ARGUMENT;
    }
    if (stream->finished) {
        return LSN_FINISHED;
    }
    return LSN_OK;
}

lsn_status lsn_push_features(lsn_stream *stream, const int8_t *row)
{
    lsn_status status = check_open(stream, row);
    if (status != LSN_OK) {
        return status;
    }
    if (is_too_long(stream)) {
        return LSN_TOO_LONG;
    }
    network net = network_of(stream);
    memcpy(next_row(stream, &net, 0), row, stream->model->n_coefficients);
    run_row(stream, &net);
    return LSN_OK;
}

int lsn_stream_compute_row(lsn_stream *stream, const int16_t **pcm, size_t *samples, int8_t *row)
{
    const lsn_model *model = stream->model;
    lsn_layout layout = lsn_layout_of(model);
    int16_t *frame = lsn_ram_at(stream, layout.pcm);
    size_t room = model->frame_length - stream->pcm_count;
    size_t count = *samples < room ? *samples : room;
    memcpy(frame + stream->pcm_count, *pcm, count * sizeof *frame);
    stream->pcm_count += (uint32_t)count;
    *pcm += count;
    *samples -= count;
    if (stream->pcm_count < model->frame_length) {
        return 0;
    }
    lsn_standardization standardization = lsn_profile_in_use(stream);
    lsn_front_end_run(model, frame, &standardization, &stream->level,
                      lsn_ram_at(stream, layout.scratch), row);
    stream->utterance_rows++;
    stream->pcm_count -= model->hop_length;
    memmove(frame, frame + model->hop_length, stream->pcm_count * sizeof *frame);
    return 1;
}

uint32_t lsn_output_rows(const lsn_model *model, uint32_t frames)
{
    const lsn_stage *stages = lsn_stages_of(model);
    uint32_t rows = frames;
    for (uint32_t s = 0; s < lsn_header_of(model)->n_stages; s++) {
        rows = rows / stages[s].pool_height + (rows % stages[s].pool_height != 0);
    }
    return rows;
}

uint64_t lsn_window_bytes(const lsn_model *model, uint32_t rows)
{
    return (uint64_t)rows * lsn_head_of(model)->channels * sizeof(int16_t);
}

void lsn_stream_slide(lsn_stream *stream, int16_t *window, uint32_t rows)
{
    stream->window = window;
    stream->window_rows = rows;
}

lsn_status lsn_push(lsn_stream *stream, const int16_t *pcm, size_t samples)
{
    lsn_status status = check_open(stream, pcm);
    if (status != LSN_OK) {
        return status;
    }
    if (stream->model->frame_length == 0) {
        return LSN_NO_FRONT_END;
    }
    network net = network_of(stream);
    while (samples > 0) {
        if (is_too_long(stream)) {
            return LSN_TOO_LONG;
        }
        if (lsn_stream_compute_row(stream, &pcm, &samples, next_row(stream, &net, 0))) {
            run_row(stream, &net);
        }
    }
    return LSN_OK;
}

lsn_status lsn_finish(lsn_stream *stream)
{
    lsn_status status = check_open(stream, stream);
    if (status != LSN_OK) {
        return status;
    }
    network net = network_of(stream);
    stream->finished = 1;
    /* Stage by stage: all input has come, so that the rest of the rows end in padding. */
    for (uint32_t s = 0; s < net.n_stages; s++) {
        const lsn_progress *progress = &stream->progress[s];
        while (progress->rows_done < progress->rows_in) {
            uint32_t left = progress->rows_in - progress->rows_done;
            run_stage(stream, &net, s, lsn_min(left, net.stages[s].pool_height));
            run_ready_stages(stream, &net, s + 1u);
        }
    }
    return LSN_OK;
}

lsn_status lsn_result(const lsn_stream *stream, lsn_emotion *emotion)
{
    if (emotion == NULL) {
        return LSN_BAD_ARGUMENT;
    }
    memset(emotion, 0, sizeof *emotion);
    if (stream == NULL) {
        return LSN_BAD_ARGUMENT;
    }
    if (stream->mean_rows == 0) {
        return LSN_NO_RESULT;
    }
    lsn_layout layout = lsn_layout_of(stream->model);
    const int8_t *posteriors = lsn_ram_at(stream, layout.posteriors);
    uint32_t best = 0;
    for (uint32_t i = 1; i < stream->model->n_labels; i++) {
        if (posteriors[i] > posteriors[best]) {
            best = i;
        }
    }
    emotion->label = best;
    emotion->name = lsn_label(stream->model, best);
    emotion->posteriors = posteriors;
    emotion->logits = lsn_ram_at(stream, layout.logits);
    return LSN_OK;
}

uint32_t lsn_rows(const lsn_stream *stream)
{
    return stream == NULL ? 0 : stream->rows;
}

const int8_t *lsn_last_features(const lsn_stream *stream)
{
    if (stream == NULL || stream->rows == 0) {
        return NULL;
    }
    const lsn_stage *stage = lsn_stages_of(stream->model);
    uint32_t slot = (stream->rows - 1u) % lsn_rows_kept(stream->model, stage);
    const int8_t *ring = lsn_ram_at(stream, lsn_layout_of(stream->model).rings);
    return ring + (size_t)slot * stage->width;
}
