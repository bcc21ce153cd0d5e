#include "slots.h"

#include <string.h>

#define MAGIC 0x3153534Cu /* "LSS1" */
#define ERASED 0xFF

static uint32_t crc_of(const slots_record *record)
{
    const uint8_t *bytes = (const uint8_t *)record;
    uint32_t crc = 0xFFFFFFFFu;
    for (size_t i = 0; i < offsetof(slots_record, crc); i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (0xEDB88320u & (0u - (crc & 1u)));
        }
    }
    return ~crc;
}

static int write_checked(const slots_state *slots, uint32_t address, const void *bytes, uint32_t count)
{
    const slots_flash *flash = slots->flash;
    return flash->write(flash->context, address, bytes, count) == 0 &&
           memcmp(flash->memory + address, bytes, count) == 0;
}

/* Of the two copies, the newer one that is whole; with neither, that of a new device. */
static void read_record(slots_state *slots)
{
    memset(&slots->record, 0, sizeof slots->record);
    slots->record.confirmed = slots->record.trial = SLOTS_NONE;
    for (unsigned copy = 0; copy < 2; copy++) {
        slots_record record;
        memcpy(&record, slots->flash->memory + slots->flash->record[copy], sizeof record);
        if (record.magic == MAGIC && record.crc == crc_of(&record) &&
            record.sequence > slots->record.sequence) {
            slots->record = record;
        }
    }
}

/* Replace the older copy: until it is written whole, the newer one counts. */
static update_status write_record(slots_state *slots, slots_record record)
{
    const slots_flash *flash = slots->flash;
    record.magic = MAGIC;
    record.sequence++;
    record.crc = crc_of(&record);
    uint32_t address = flash->record[record.sequence & 1u];
    if (flash->erase(flash->context, address, sizeof record) != 0 ||
        !write_checked(slots, address, &record, sizeof record)) {
        return UPDATE_FLASH;
    }
    slots->record = record;
    return UPDATE_OK;
}

/* Check a slot in full, signature and self-test too, and open its model. */
static update_status open_slot(slots_state *slots, uint32_t slot, lsn_model *model,
                               update_header *header)
{
    if (slot >= SLOTS_NONE) {
        return UPDATE_NO_MODEL;
    }
    const uint8_t *update = slots->flash->memory + slots->flash->slot[slot];
    update_status status = update_read_header(header, update, slots->key);
    if (status == UPDATE_OK) {
        status = update_fits(header, slots->product, slots->flash->slot_bytes);
    }
    if (status == UPDATE_OK) {
        status = update_open(model, header, update, slots->ram);
    }
    return status;
}

static int opens(slots_state *slots, uint32_t slot, lsn_model *model)
{
    update_header header;
    if (open_slot(slots, slot, model, &header) != UPDATE_OK) {
        return 0;
    }
    slots->running = slot;
    return 1;
}

/* Nothing is known: the first start of a device whose model was written with its program. */
static void try_newest(slots_state *slots, lsn_model *model)
{
    slots_record next = slots->record;
    uint32_t newest = 0;
    for (uint32_t slot = 0; slot < 2; slot++) {
        update_header header;
        if (open_slot(slots, slot, model, &header) == UPDATE_OK && header.version > newest) {
            next.trial = slot;
            next.starts_left = SLOTS_TRIALS;
            newest = header.version;
        }
    }
    if (next.trial != SLOTS_NONE) {
        (void)write_record(slots, next);
    }
}

update_status slots_boot(slots_state *slots, lsn_model *model)
{
    slots->running = SLOTS_NONE;
    slots->receiving = UPDATE_NOT_BEGUN;
    read_record(slots);
    if (slots->record.confirmed == SLOTS_NONE && slots->record.trial == SLOTS_NONE) {
        try_newest(slots, model);
    }
    slots_record next = slots->record;
    if (next.trial != SLOTS_NONE) {
        /* Counted before it is tried: a model that hangs has had its start. */
        if (next.starts_left > 0) {
            next.starts_left--;
            if (write_record(slots, next) == UPDATE_OK && opens(slots, next.trial, model)) {
                return UPDATE_OK;
            }
        }
        next = slots->record;
        next.trial = SLOTS_NONE;
        if (write_record(slots, next) != UPDATE_OK) {
            /* Until the next start, as if it were written. */
            slots->record.trial = SLOTS_NONE;
        }
    }
    /* The other slot is the last resort, should the flash have lost the confirmed one. */
    if (opens(slots, next.confirmed, model) || opens(slots, 0, model) || opens(slots, 1, model)) {
        return UPDATE_OK;
    }
    return UPDATE_NO_MODEL;
}

int slots_on_trial(const slots_state *slots)
{
    return slots->running != SLOTS_NONE && slots->running == slots->record.trial;
}

update_status slots_confirm(slots_state *slots)
{
    if (!slots_on_trial(slots)) {
        return UPDATE_OK;
    }
    update_header header;
    slots_record next = slots->record;
    update_status status = update_read_header(
        &header, slots->flash->memory + slots->flash->slot[slots->running], slots->key);
    if (status != UPDATE_OK) {
        return status;
    }
    next.confirmed = slots->running;
    next.trial = SLOTS_NONE;
    if (header.version > next.newest) {
        next.newest = header.version;
    }
    return write_record(slots, next);
}

/* The slot that an update goes into: not that of the model that runs. */
static uint32_t free_slot(const slots_state *slots)
{
    return slots->flash->slot[slots->running == 0 ? 1 : 0];
}

update_status slots_begin(slots_state *slots)
{
    slots->received = 0;
    slots->receiving = slots->record.trial == SLOTS_NONE ? UPDATE_OK : UPDATE_ON_TRIAL;
    return slots->receiving;
}

/* The header is there: check it, and only then erase the slot. */
static update_status accept(slots_state *slots)
{
    const slots_flash *flash = slots->flash;
    update_status status = update_read_header(&slots->header, slots->page, slots->key);
    if (status == UPDATE_OK) {
        status = update_fits(&slots->header, slots->product, flash->slot_bytes);
    }
    if (status == UPDATE_OK && slots->header.version <= slots->record.newest) {
        status = UPDATE_TOO_OLD;
    }
    if (status == UPDATE_OK &&
        flash->erase(flash->context, free_slot(slots), flash->slot_bytes) != 0) {
        status = UPDATE_FLASH;
    }
    return status;
}

static update_status write_page(slots_state *slots, uint32_t begins_at)
{
    int written = write_checked(slots, free_slot(slots) + begins_at, slots->page, SLOTS_PAGE);
    return written ? UPDATE_OK : UPDATE_FLASH;
}

update_status slots_receive(slots_state *slots, const uint8_t *bytes, size_t count)
{
    while (slots->receiving == UPDATE_OK && count > 0) {
        uint32_t fill = slots->received % SLOTS_PAGE;
        uint32_t until = slots->received < UPDATE_HEADER_BYTES ? UPDATE_HEADER_BYTES : SLOTS_PAGE;
        uint32_t take = until - fill < count ? until - fill : (uint32_t)count;
        if (slots->received >= UPDATE_HEADER_BYTES &&
            take > slots->header.size - slots->received) {
            slots->receiving = UPDATE_TOO_LONG;
            break;
        }
        memcpy(slots->page + fill, bytes, take);
        bytes += take;
        count -= take;
        slots->received += take;
        if (slots->received == UPDATE_HEADER_BYTES) {
            slots->receiving = accept(slots);
        } else if (slots->received % SLOTS_PAGE == 0) {
            slots->receiving = write_page(slots, slots->received - SLOTS_PAGE);
        }
    }
    return slots->receiving;
}

update_status slots_finish(slots_state *slots)
{
    update_status status = slots->receiving;
    uint32_t fill = slots->received % SLOTS_PAGE, slot = slots->running == 0 ? 1 : 0;
    slots->receiving = UPDATE_NOT_BEGUN;
    if (status == UPDATE_OK && (slots->received < UPDATE_HEADER_BYTES ||
                                slots->received < slots->header.size)) {
        status = UPDATE_TRUNCATED;
    }
    if (status == UPDATE_OK && fill != 0) {
        memset(slots->page + fill, ERASED, SLOTS_PAGE - fill);
        status = write_page(slots, slots->received - fill);
    }
    if (status == UPDATE_OK) {
        lsn_model model;
        update_header header;
        status = open_slot(slots, slot, &model, &header);
    }
    if (status == UPDATE_OK) {
        slots_record next = slots->record;
        next.trial = slot;
        next.starts_left = SLOTS_TRIALS;
        status = write_record(slots, next);
    }
    return status;
}
