/* Opens an update on an emulated board: signature, hash, model, self-test. Prints, as a line
 * of JSON, what each took in ticks. */
#include "print.h"
#include "semihosting.h"
#include "stack_paint.h"
#include "tick.h"
#include "update.h"

#include "model.h"
#include "update_bytes.h"

static uint8_t ram[MODEL_RAM_BYTES] __attribute__((aligned(LSN_ALIGNMENT)));

static uint32_t print_ticks(const char *name, uint32_t since)
{
    print_text(name);
    print_number((int64_t)tick_difference(since, tick_read()));
    return tick_read();
}

int main(void)
{
    lsn_model model;
    update_header header;
    update_ram place = {ram, sizeof ram};
    tick_start();
    stack_paint();
    uint32_t last = tick_read();
    update_status status = update_read_header(&header, UPDATE, UPDATE_KEY);
    last = print_ticks("{\"signature\": ", last);
    if (status == UPDATE_OK) {
        status = update_fits(&header, 0, sizeof UPDATE);
    }
    if (status == UPDATE_OK) {
        status = update_open(&model, &header, UPDATE, place);
    }
    print_ticks(", \"rest\": ", last);
    print_text(", \"stack\": ");
    print_number((int64_t)stack_used());
    print_text(", \"status\": \"");
    print_text(update_status_name(status));
    print_text("\"}\n");
    print_flush();
    return 0;
}
