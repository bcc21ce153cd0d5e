#include "update.h"

#include <string.h>

#include "signature.h"

#define MAGIC 0x3155534Cu /* "LSU1" */
#define FORMAT 1u
#define HASH_AT 64u
#define SIGNATURE_AT 128u

const char *update_status_name(update_status status)
{
    static const char *const NAMES[] = {
        "UPDATE_OK",
        "UPDATE_NO_UPDATE",
        "UPDATE_BAD_FORMAT",
        "UPDATE_NOT_SIGNED",
        "UPDATE_OTHER_PRODUCT",
        "UPDATE_OTHER_ENGINE",
        "UPDATE_TOO_OLD",
        "UPDATE_NO_ROOM",
        "UPDATE_TRUNCATED",
        "UPDATE_TOO_LONG",
        "UPDATE_DAMAGED",
        "UPDATE_BAD_MODEL",
        "UPDATE_NO_RAM",
        "UPDATE_SELF_TEST",
        "UPDATE_FLASH",
        "UPDATE_ON_TRIAL",
        "UPDATE_NOT_BEGUN",
        "UPDATE_NO_MODEL",
    };
    return (unsigned)status < sizeof NAMES / sizeof *NAMES ? NAMES[status] : "?";
}

static uint32_t word(const uint8_t *bytes, unsigned index)
{
    const uint8_t *at = bytes + 4u * index;
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

update_status update_read_header(update_header *header, const uint8_t *bytes, const uint8_t *key)
{
    if (word(bytes, 0) != MAGIC) {
        return UPDATE_NO_UPDATE;
    }
    if (!signature_holds(bytes + SIGNATURE_AT, key, bytes, SIGNATURE_AT)) {
        return UPDATE_NOT_SIGNED;
    }
    header->size = word(bytes, 2);
    header->version = word(bytes, 3);
    header->product = word(bytes, 4);
    header->blob_version = word(bytes, 5);
    header->blob_size = word(bytes, 6);
    header->rows = word(bytes, 7);
    header->hash = bytes + HASH_AT;
    return word(bytes, 1) == FORMAT && header->size >= UPDATE_HEADER_BYTES ? UPDATE_OK
                                                                           : UPDATE_BAD_FORMAT;
}

update_status update_fits(const update_header *header, uint32_t product, uint32_t room)
{
    if (header->product != product) {
        return UPDATE_OTHER_PRODUCT;
    }
    if (header->blob_version < LSN_OLDEST_BLOB_VERSION ||
        header->blob_version > (lsn_version() & 0xFFFFu)) {
        return UPDATE_OTHER_ENGINE;
    }
    return header->size <= room ? UPDATE_OK : UPDATE_NO_ROOM;
}

/* The rows of `model_self_test`: Numerical Recipes' linear congruential generator. */
static lsn_status push_made_up_rows(lsn_stream *stream, const lsn_model *model, uint32_t rows)
{
    static int8_t row[1024];
    uint32_t state = 1u;
    lsn_status status = LSN_OK;
    for (uint32_t i = 0; i < rows && status == LSN_OK; i++) {
        for (uint32_t c = 0; c < model->n_coefficients; c++) {
            state = state * 1664525u + 1013904223u;
            row[c] = (int8_t)((int32_t)(state >> 24) - (state >> 31 != 0 ? 256 : 0));
        }
        status = lsn_push_features(stream, row);
    }
    return status;
}

static update_status self_test(const lsn_model *model, uint32_t rows, const uint8_t *expected,
                               update_ram ram)
{
    lsn_stream *stream;
    lsn_emotion emotion;
    lsn_status status = lsn_stream_open(&stream, model, ram.bytes, ram.count);
    if (status != LSN_OK) {
        return UPDATE_NO_RAM;
    }
    if (push_made_up_rows(stream, model, rows) != LSN_OK || lsn_finish(stream) != LSN_OK ||
        lsn_result(stream, &emotion) != LSN_OK ||
        memcmp(emotion.logits, expected, model->n_labels) != 0 ||
        memcmp(emotion.posteriors, expected + model->n_labels, model->n_labels) != 0) {
        return UPDATE_SELF_TEST;
    }
    return UPDATE_OK;
}

update_status update_open(lsn_model *model, const update_header *header, const uint8_t *update,
                          update_ram ram)
{
    uint8_t hash[SIGNATURE_HASH_BYTES];
    const uint8_t *blob = update + UPDATE_HEADER_BYTES;
    uint32_t rest = header->size - UPDATE_HEADER_BYTES;
    if (header->blob_size > rest) {
        return UPDATE_BAD_MODEL;
    }
    signature_sha512(hash, blob, rest);
    if (memcmp(hash, header->hash, sizeof hash) != 0) {
        return UPDATE_DAMAGED;
    }
    if (lsn_model_open(model, blob, header->blob_size) != LSN_OK ||
        rest - header->blob_size != 2u * model->n_labels) {
        return UPDATE_BAD_MODEL;
    }
    return self_test(model, header->rows, blob + header->blob_size, ram);
}
