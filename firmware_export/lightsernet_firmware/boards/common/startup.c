/* For boards whose linker script defines the symbols below. */
#include "startup.h"

#include <stdint.h>
#include <string.h>

#include "console.h"

extern uint32_t __data_start, __data_end, __data_load;
extern uint32_t __bss_start, __bss_end;

int main(void);

/* EX_SOFTWARE of BSD's sysexits.h. */
#define FAULT_EXIT_STATUS 70

/* Where exceptions are taken: RISC-V wants a multiple of four. */
__attribute__((aligned(4))) void fault(void)
{
    console_print("fault\n");
    console_exit(FAULT_EXIT_STATUS);
}

void begin(void)
{
    memcpy(&__data_start, &__data_load,
           (size_t)((uintptr_t)&__data_end - (uintptr_t)&__data_start));
    memset(&__bss_start, 0, (size_t)((uintptr_t)&__bss_end - (uintptr_t)&__bss_start));
    console_exit(main());
}
