/* Two slots for models. One holds the model that is known to work; an update goes into the
 * other one, is tried from the next start on, and is given up unless it is confirmed.
 *
 *   at start:       slots_boot(&slots, &model); open the listener; listen;
 *                   when all has gone well for a while: slots_confirm(&slots)
 *   for an update:  slots_begin(&slots); slots_receive(...) as it arrives;
 *                   slots_finish(&slots); start again
 *
 * Power may fail at any moment: the next start finds the old model, or the new one. */
#ifndef SLOTS_H
#define SLOTS_H

#include "lightsernet.h"
#include "update.h"

/* Bytes that are written at once: a multiple of the flash's unit of writing, above
 * UPDATE_HEADER_BYTES. */
#ifndef SLOTS_PAGE
#define SLOTS_PAGE 256u
#endif
/* Starts that a model on trial has to be confirmed within. */
#ifndef SLOTS_TRIALS
#define SLOTS_TRIALS 3u
#endif
#define SLOTS_NONE 2u /* no slot */
#define SLOTS_RECORD_BYTES 32u

/* The flash: addresses count from `memory`. Both slots are mapped into the processor's
 * memory, as the engine reads the model where it lies; so are the records. */
typedef struct slots_flash {
    const uint8_t *memory; /* aligned to LSN_ALIGNMENT */
    uint32_t slot[2];      /* addresses of the slots: multiples of LSN_ALIGNMENT */
    uint32_t slot_bytes;   /* of each; a multiple of SLOTS_PAGE */
    uint32_t record[2];    /* each in a sector of its own */
    /* 0 if done. `erase` erases the sectors from `address` on that hold `count` bytes;
     * `write` is asked for erased bytes alone, SLOTS_PAGE or SLOTS_RECORD_BYTES of them. */
    int (*erase)(void *context, uint32_t address, uint32_t count);
    int (*write)(void *context, uint32_t address, const uint8_t *bytes, uint32_t count);
    void *context;
} slots_flash;

/* What is known across starts. */
typedef struct slots_record {
    uint32_t magic;
    uint32_t sequence;    /* the newer of the two copies has the larger one */
    uint32_t confirmed;   /* the slot whose model is known to work, or SLOTS_NONE */
    uint32_t trial;       /* the slot whose model is on trial, or SLOTS_NONE */
    uint32_t starts_left; /* of the trial */
    uint32_t newest;      /* largest version that was ever confirmed */
    uint32_t reserved;
    uint32_t crc; /* CRC-32 of the words before */
} slots_record;

typedef struct slots_state {
    const slots_flash *flash;
    const uint8_t *key; /* 32 bytes */
    uint32_t product;
    update_ram ram; /* slots_boot and slots_finish use it; the listener's will do */
    slots_record record;
    uint32_t running; /* the slot whose model was opened, or SLOTS_NONE */
    /* The update that is being received. */
    update_status receiving;
    update_header header;
    uint32_t received;
    uint8_t page[SLOTS_PAGE];
} slots_state;

/* Find the model to run. The caller has set flash, key, product and ram.
 * UPDATE_OK, or UPDATE_NO_MODEL: an update can be received then, too. */
update_status slots_boot(slots_state *slots, lsn_model *model);

/* Keep the model that runs. Does nothing unless it is on trial. UPDATE_OK or UPDATE_FLASH. */
update_status slots_confirm(slots_state *slots);

/* Whether the model that runs is on trial. */
int slots_on_trial(const slots_state *slots);

/* Be ready for an update. UPDATE_OK or UPDATE_ON_TRIAL. */
update_status slots_begin(slots_state *slots);

/* Take bytes of the update, in order, any number at a time. The header is checked as soon as
 * it is there, before anything is erased. After any status but UPDATE_OK: begin again. */
update_status slots_receive(slots_state *slots, const uint8_t *bytes, size_t count);

/* Check the update that was received, and put it on trial from the next start on. Uses the
 * RAM: nothing may listen meanwhile. */
update_status slots_finish(slots_state *slots);

#endif
