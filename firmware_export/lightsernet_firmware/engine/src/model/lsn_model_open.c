/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a model: no field of the blob is used before it has been checked. */
#include "lsn_crc32.h"
#include "lsn_layout.h"
#include "lsn_verify.h"
#include "lsn_verify_front_end.h"
#include "lsn_verify_listener.h"
#include "lsn_verify_network.h"

#define MAX_BLOB_BYTES 0x4000000u
#define MAX_LABELS 256u

/* The blob has as many names, each with its NUL, as labels. */
static int check_labels(const lsn_model *model)
{
    const lsn_header *header = lsn_header_of(model);
    if (!lsn_is_between(header->n_labels, 2, MAX_LABELS) ||
        !lsn_lies_inside(model, header->labels, header->label_bytes, 1)) {
        return 0;
    }
    const char *names = lsn_at(model, header->labels);
    uint32_t count = 0;
    for (uint32_t i = 0; i < header->label_bytes; i++) {
        count += names[i] == '\0';
    }
    return count == header->n_labels;
}

/* Magic, version, size and CRC: what tells a damaged blob from a senseless one. */
static lsn_status check_integrity(const uint32_t *blob, size_t blob_size)
{
    const lsn_header *header = (const lsn_header *)(const void *)blob;
    if (blob_size < sizeof(lsn_header)) {
        return LSN_TRUNCATED;
    }
    if (header->magic != LSN_MAGIC) {
        return LSN_BAD_MAGIC;
    }
    if (!lsn_is_between(header->version, LSN_OLDEST_BLOB_VERSION, LSN_BLOB_VERSION)) {
        return LSN_BAD_VERSION;
    }
    if (header->size > blob_size) {
        return LSN_TRUNCATED;
    }
    if (!lsn_is_between(header->size, sizeof(lsn_header), MAX_BLOB_BYTES)) {
        return LSN_BAD_MODEL;
    }
    const uint8_t *bytes = (const uint8_t *)blob;
    if (lsn_crc32(bytes + LSN_CRC_START, header->size - LSN_CRC_START) != header->crc) {
        return LSN_BAD_CRC;
    }
    return LSN_OK;
}

static int check_all(lsn_model *model)
{
    const lsn_header *header = lsn_header_of(model);
    if (!lsn_is_between(header->n_coefficients, 1, LSN_MAX_WIDTH) ||
        !lsn_is_positive(header->input_scale) || !lsn_is_int8(header->input_zero_point) ||
        !lsn_is_positive(header->temperature) || !lsn_is_positive(header->min_seconds) ||
        header->reserved[0] != 0 || header->reserved[1] != 0 || !check_labels(model)) {
        return 0;
    }
    model->n_coefficients = header->n_coefficients;
    model->n_labels = header->n_labels;
    model->input_scale = lsn_float(&header->input_scale);
    model->input_zero_point = header->input_zero_point;
    model->temperature = lsn_float(&header->temperature);
    model->min_seconds = lsn_float(&header->min_seconds);
    if (!lsn_verify_network(model)) {
        return 0;
    }
    if (header->front_end != 0) {
        uint32_t record_bytes =
            header->version < 5u ? LSN_FRONT_END_BYTES_4 : (uint32_t)sizeof(lsn_front_end);
        if (!lsn_lies_inside(model, header->front_end, 1, record_bytes)) {
            return 0;
        }
        const lsn_front_end *front_end = lsn_at(model, header->front_end);
        if (!lsn_verify_front_end(model, front_end)) {
            return 0;
        }
        model->sample_rate = front_end->sample_rate;
        model->frame_length = front_end->frame_length;
        model->hop_length = front_end->hop_length;
    }
    if (header->endpointing == 0 || header->decision == 0) {
        return header->endpointing == header->decision;
    }
    /* Endpointing needs the hop length of a front end. */
    return header->front_end != 0 &&
           lsn_lies_inside(model, header->endpointing, 1, sizeof(lsn_endpoint_constants)) &&
           lsn_verify_endpointing(model, lsn_endpointing_of(model)) &&
           lsn_lies_inside(model, header->decision, 1, sizeof(lsn_decision)) &&
           lsn_verify_decision(model, lsn_decision_of(model));
}

lsn_status lsn_model_open(lsn_model *model, const void *blob, size_t blob_size)
{
    if (model == NULL) {
        return LSN_BAD_ARGUMENT;
    }
    memset(model, 0, sizeof *model);
    if (blob == NULL) {
        return LSN_BAD_ARGUMENT;
    }
    if ((uintptr_t)blob % LSN_ALIGNMENT != 0) {
        return LSN_BAD_ALIGNMENT;
    }
    lsn_status status = check_integrity((const uint32_t *)blob, blob_size);
    if (status != LSN_OK) {
        return status;
    }
    model->blob = (const uint32_t *)blob;
    model->blob_size = lsn_header_of(model)->size;
    if (!check_all(model)) {
        memset(model, 0, sizeof *model);
        return LSN_BAD_MODEL;
    }
    model->ram_size = lsn_layout_bytes(model);
    return LSN_OK;
}

size_t lsn_ram_size(const lsn_model *model)
{
    return model == NULL ? 0 : model->ram_size;
}

const char *lsn_label(const lsn_model *model, uint32_t label)
{
    if (model == NULL || label >= model->n_labels) {
        return NULL;
    }
    const char *name = lsn_at(model, lsn_header_of(model)->labels);
    for (uint32_t i = 0; i < label; i++) {
        name += strlen(name) + 1u;
    }
    return name;
}

uint32_t lsn_version(void)
{
    return LSN_API_VERSION << 16 | LSN_BLOB_VERSION;
}
