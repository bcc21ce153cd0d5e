/* Updates over the air: a device with two slots, played by this machine.
 *
 *   firmware FLASH            one start: which model runs; it is confirmed
 *   firmware FLASH UPDATE     one start, and an update that arrives, by 100 bytes
 *   firmware FLASH - hang     one start that ends before the model is confirmed
 *
 * FLASH is a file; what is erased and written there, a driver does on a device. model.h gives
 * the RAM that the program has, update_key.h the key: see the Makefile. */
#include <stdio.h>
#include <string.h>

#include "lightsernet_live.h"
#include "model.h"
#include "slots.h"
#include "update_key.h"

#define SECTOR 4096u
#define SLOT_BYTES (160u * SECTOR)
#define PRODUCT 0u
#define PIECE 100u /* as a radio would hand them over */

static uint8_t memory[2u * SECTOR + 2u * SLOT_BYTES] __attribute__((aligned(LSN_ALIGNMENT)));
static uint8_t ram[MODEL_LISTENER_RAM_BYTES] __attribute__((aligned(LSN_ALIGNMENT)));

static int save(const char *path, uint32_t address, uint32_t count)
{
    FILE *file = fopen(path, "r+b");
    int failed = file == NULL || fseek(file, (long)address, SEEK_SET) != 0 ||
                 fwrite(memory + address, 1, count, file) != count;
    if (file != NULL && fclose(file) != 0) {
        failed = 1;
    }
    return failed ? -1 : 0;
}

static int erase(void *context, uint32_t address, uint32_t count)
{
    count = (count + SECTOR - 1u) / SECTOR * SECTOR;
    memset(memory + address, 0xFF, count);
    return save(context, address, count);
}

static int write(void *context, uint32_t address, const uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        memory[address + i] &= bytes[i]; /* flash clears bits, and sets none */
    }
    return save(context, address, count);
}

/* A file that is not there is the flash of a new device. */
static int load(const char *path)
{
    memset(memory, 0xFF, sizeof memory);
    FILE *file = fopen(path, "rb");
    if (file != NULL) {
        size_t count = fread(memory, 1, sizeof memory, file);
        (void)count;
        return fclose(file);
    }
    file = fopen(path, "wb");
    return file == NULL || fclose(file) != 0 ? -1 : save(path, 0, sizeof memory);
}

static update_status receive(slots_state *slots, const char *path)
{
    uint8_t piece[PIECE];
    size_t count;
    FILE *file = fopen(path, "rb");
    update_status status = slots_begin(slots);
    if (file == NULL) {
        return UPDATE_NO_UPDATE;
    }
    while (status == UPDATE_OK && (count = fread(piece, 1, sizeof piece, file)) > 0) {
        status = slots_receive(slots, piece, count);
    }
    fclose(file);
    return status == UPDATE_OK ? slots_finish(slots) : status;
}

static void on_event(void *context, const lsn_event *event)
{
    (void)context;
    (void)event;
}

int main(int count, char **arguments)
{
    if (count < 2 || load(arguments[1]) != 0) {
        return 1;
    }
    lsn_model model;
    lsn_listener *listener;
    slots_flash flash = {memory, {2u * SECTOR, 2u * SECTOR + SLOT_BYTES}, SLOT_BYTES,
                         {0, SECTOR}, erase, write, arguments[1]};
    slots_state slots = {0};
    slots.flash = &flash;
    slots.key = UPDATE_KEY;
    slots.product = PRODUCT;
    slots.ram.bytes = ram;
    slots.ram.count = sizeof ram;

    if (slots_boot(&slots, &model) != UPDATE_OK) {
        printf("no model\n");
    } else {
        printf("slot %c, %s\n", slots.running == 0 ? 'A' : 'B',
               slots_on_trial(&slots) ? "on trial" : "confirmed");
        /* Before anything is confirmed: what the program needs of its model. */
        if (count > 3 || lsn_listener_open(&listener, &model, ram, sizeof ram, NULL, on_event,
                                           NULL) != LSN_OK) {
            return 3;
        }
        /* Listen here for a while; a watchdog that bites finds the model unconfirmed. */
        if (slots_confirm(&slots) != UPDATE_OK) {
            return 4;
        }
    }
    if (count > 2) {
        update_status status = receive(&slots, arguments[2]);
        printf("update: %s\n", update_status_name(status));
        return status == UPDATE_OK ? 0 : 5;
    }
    return 0;
}
