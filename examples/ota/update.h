/* An update, as `lightsernet-edge sign` makes it: docs/reference/update-format.md. */
#ifndef UPDATE_H
#define UPDATE_H

#include "lightsernet.h"

#define UPDATE_HEADER_BYTES 192u

/* Why an update, or what lies in a slot, is refused. */
typedef enum update_status {
    UPDATE_OK = 0,
    UPDATE_NO_UPDATE,    /* the bytes are no update */
    UPDATE_BAD_FORMAT,   /* its format is another one than this program's */
    UPDATE_NOT_SIGNED,   /* the signature does not hold for the key */
    UPDATE_OTHER_PRODUCT,
    UPDATE_OTHER_ENGINE, /* the linked engine does not read such blobs */
    UPDATE_TOO_OLD,      /* no newer than a version that ran here */
    UPDATE_NO_ROOM,      /* larger than a slot */
    UPDATE_TRUNCATED,    /* it ended early */
    UPDATE_TOO_LONG,     /* more bytes arrived than it has */
    UPDATE_DAMAGED,      /* its SHA-512 is another */
    UPDATE_BAD_MODEL,    /* lsn_model_open refuses the blob */
    UPDATE_NO_RAM,       /* a stream of the model takes more RAM than there is */
    UPDATE_SELF_TEST,    /* the engine gives other integers than were signed */
    UPDATE_FLASH,        /* erasing or writing failed */
    UPDATE_ON_TRIAL,     /* a model waits to be confirmed: confirm it, or start again */
    UPDATE_NOT_BEGUN,    /* no update is being received, or it was refused */
    UPDATE_NO_MODEL      /* no slot holds a model that works */
} update_status;

/* Its name, as "UPDATE_OK". */
const char *update_status_name(update_status status);

typedef struct update_header {
    uint32_t size;    /* bytes of the whole update */
    uint32_t version; /* of the model */
    uint32_t product;
    uint32_t blob_version;
    uint32_t blob_size;
    uint32_t rows; /* of the self-test */
    const uint8_t *hash;
} update_header;

/* Where the self-test runs: RAM of one stream, aligned to LSN_ALIGNMENT. */
typedef struct update_ram {
    void *bytes;
    size_t count;
} update_ram;

/* Read a header. Nothing in it is believed before the signature was found to hold.
 * UPDATE_OK, UPDATE_NO_UPDATE, UPDATE_NOT_SIGNED or UPDATE_BAD_FORMAT. */
update_status update_read_header(update_header *header, const uint8_t *bytes, const uint8_t *key);

/* Whether an update is for this device: UPDATE_OK, UPDATE_OTHER_PRODUCT,
 * UPDATE_OTHER_ENGINE or UPDATE_NO_ROOM. */
update_status update_fits(const update_header *header, uint32_t product, uint32_t room);

/* Check what follows a header that is signed and fits, open the model, and compare what it
 * gives with what was signed. `update` is aligned to LSN_ALIGNMENT; the model stays there. */
update_status update_open(lsn_model *model, const update_header *header, const uint8_t *update,
                          update_ram ram);

#endif
