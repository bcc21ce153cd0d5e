/* Runs clips from files through the engine and prints a line of JSON per clip.
 *
 * The command line is a list of pairs: `features FILE` for a file of int8 rows, `wav FILE`
 * for a recording, which is pushed in chunks of an odd size.
 */
#include <string.h>

#include "lightsernet.h"
#include "model.h"
#include "print.h"
#include "semihosting.h"
#include "stack_paint.h"
#include "wav_file.h"

#define CHUNK 997u /* a prime: chunks never line up with frames or hops */
#define COMMAND_BYTES 65536u
#define MAX_COEFFICIENTS 1024u

static uint8_t ram[MODEL_RAM_BYTES] __attribute__((aligned(16)));
static char command[COMMAND_BYTES];
static int16_t samples[CHUNK];
static int8_t row[MAX_COEFFICIENTS];

static void fail(const char *what, const char *name)
{
    print_text("{\"error\": \"");
    print_text(what);
    print_text(" ");
    print_text(name);
    print_text("\"}\n");
    print_flush();
    console_exit(1);
}

static lsn_status push_features(lsn_stream *stream, const lsn_model *model, const char *name)
{
    lsn_status status = LSN_OK;
    int handle = semihosting_open(name);
    if (handle < 0) {
        fail("cannot open", name);
    }
    while (status == LSN_OK &&
           semihosting_read(handle, row, model->n_coefficients) == model->n_coefficients) {
        status = lsn_push_features(stream, row);
    }
    semihosting_close(handle);
    return status;
}

/* Print the last row if it is a new one. */
static void print_new_rows(const lsn_stream *stream, const lsn_model *model, uint32_t *printed)
{
    if (lsn_rows(stream) != *printed) {
        print_hex(lsn_last_features(stream), model->n_coefficients);
        *printed = lsn_rows(stream);
    }
}

static lsn_status push_recording(lsn_stream *stream, const lsn_model *model, const char *name)
{
    lsn_status status = LSN_OK;
    uint32_t printed = 0;
    size_t count;
    wav_file wav;
    if (wav_open(&wav, name) != 0 || wav.sample_rate != model->sample_rate) {
        fail("no 16-bit mono WAV at the model's rate:", name);
    }
    print_text(", \"features\": \"");
    while (status == LSN_OK && (count = wav_read(&wav, samples, CHUNK)) > 0) {
        /* Push at most one hop at a time, so that no row is missed. */
        for (size_t i = 0; i < count && status == LSN_OK; i += model->hop_length) {
            size_t part = count - i < model->hop_length ? count - i : model->hop_length;
            status = lsn_push(stream, samples + i, part);
            print_new_rows(stream, model, &printed);
        }
    }
    print_text("\"");
    wav_close(&wav);
    return status;
}

static void run(lsn_stream *stream, const lsn_model *model, const char *kind, const char *name)
{
    lsn_emotion emotion;
    lsn_status status;
    lsn_reset(stream);
    print_text("{\"file\": \"");
    print_text(name);
    print_text("\", \"kind\": \"");
    print_text(kind);
    print_text("\"");
    if (strcmp(kind, "wav") == 0) {
        status = push_recording(stream, model, name);
    } else {
        status = push_features(stream, model, name);
    }
    status = status != LSN_OK ? status : lsn_finish(stream);
    status = status != LSN_OK ? status : lsn_result(stream, &emotion);
    print_text(", \"status\": ");
    print_number((int64_t)status);
    print_text(", \"rows\": ");
    print_number(lsn_rows(stream));
    if (status == LSN_OK) {
        print_text(", \"label\": \"");
        print_text(emotion.name);
        print_text("\", ");
        print_array("logits", emotion.logits, model->n_labels);
        print_text(", ");
        print_array("posteriors", emotion.posteriors, model->n_labels);
    }
    print_text(", \"stack_bytes\": ");
    print_number((int64_t)stack_used());
    print_text("}\n");
    print_flush();
}

/* Cut off the next word of the command line; an empty one at the end. */
static char *next_word(char **rest)
{
    char *word = *rest;
    char *end;
    while (*word == ' ') {
        word++;
    }
    for (end = word; *end != ' ' && *end != '\0'; end++) {
    }
    *rest = *end == '\0' ? end : end + 1;
    *end = '\0';
    return word;
}

int main(void)
{
    lsn_model model;
    lsn_stream *stream;
    lsn_status status = lsn_model_open(&model, model_blob, MODEL_BLOB_BYTES);
    if (status != LSN_OK || lsn_ram_size(&model) != MODEL_RAM_BYTES ||
        model.n_coefficients > MAX_COEFFICIENTS) {
        fail("the model does not open", "");
    }
    status = lsn_stream_open(&stream, &model, ram, sizeof ram);
    if (status != LSN_OK || semihosting_command_line(command, sizeof command) != 0) {
        fail("the stream does not open", "");
    }
    stack_paint();
    char *rest = command;
    (void)next_word(&rest); /* the name of the program */
    for (;;) {
        char *kind = next_word(&rest);
        char *name = next_word(&rest);
        if (*name == '\0') {
            break;
        }
        run(stream, &model, kind, name);
    }
    return 0;
}
