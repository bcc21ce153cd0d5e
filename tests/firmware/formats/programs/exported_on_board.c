/* What an exported folder does on an emulated board: its self-test, then the recording that
 * the command line names. Prints a line of JSON. */
#include "lightsernet.h"
#include "model.h"
#include "print.h"
#include "semihosting.h"
#include "wav_file.h"

#define CHUNK 97u /* a prime, and shorter than a hop: no row is missed */

static uint8_t ram[MODEL_RAM_BYTES] __attribute__((aligned(16)));
static char command[1024];
static int16_t samples[CHUNK];

static uint32_t hash = 2166136261u;

/* FNV-1a of every row of features. */
static void add_row(const int8_t *row, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        hash = (hash ^ (uint8_t)row[i]) * 16777619u;
    }
}

static lsn_status push_recording(lsn_stream *stream, const lsn_model *model, const char *name)
{
    lsn_status status = LSN_OK;
    uint32_t rows = 0;
    size_t count;
    wav_file wav;
    if (wav_open(&wav, name) != 0) {
        return LSN_BAD_ARGUMENT;
    }
    while (status == LSN_OK && (count = wav_read(&wav, samples, CHUNK)) > 0) {
        status = lsn_push(stream, samples, count);
        if (lsn_rows(stream) != rows) {
            rows = lsn_rows(stream);
            add_row(lsn_last_features(stream), model->n_coefficients);
        }
    }
    wav_close(&wav);
    return status;
}

int main(void)
{
    lsn_model model;
    lsn_stream *stream;
    lsn_emotion emotion;
    char *name = command;
    if (lsn_model_open(&model, model_blob, MODEL_BLOB_BYTES) != LSN_OK ||
        lsn_stream_open(&stream, &model, ram, sizeof ram) != LSN_OK ||
        semihosting_command_line(command, sizeof command) != 0) {
        console_exit(1);
    }
    print_text("{\"self_test\": ");
    print_number(model_self_test(stream));
    /* Behind the name of the program. */
    while (*name != ' ' && *name != '\0') {
        name++;
    }
    name += *name == ' ';
    if (push_recording(stream, &model, name) != LSN_OK || lsn_finish(stream) != LSN_OK ||
        lsn_result(stream, &emotion) != LSN_OK) {
        console_exit(2);
    }
    print_text(", \"label\": \"");
    print_text(emotion.name);
    print_text("\", \"features\": ");
    print_number(hash);
    print_text(", ");
    print_array("logits", emotion.logits, model.n_labels);
    print_text(", ");
    print_array("posteriors", emotion.posteriors, model.n_labels);
    print_text("}\n");
    print_flush();
    console_exit(0);
}
