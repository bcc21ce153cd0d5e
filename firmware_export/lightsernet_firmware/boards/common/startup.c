/* From reset to main: vector table, data, bss, floating-point unit. For Armv7-M and Armv8-M
 * boards whose linker script defines the symbols below. */
#include <stdint.h>
#include <string.h>

#include "console.h"

extern uint32_t __stack_top;
extern uint32_t __data_start, __data_end, __data_load;
extern uint32_t __bss_start, __bss_end;

int main(void);

/* Coprocessor Access Control Register (Armv7-M ARM, B3.2.20): full access to CP10 and
 * CP11, the floating-point and vector unit. */
#define CPACR (*(volatile uint32_t *)0xE000ED88u)
#define CPACR_FULL_FPU (0xFu << 20)

/* EX_SOFTWARE of BSD's sysexits.h. */
#define FAULT_EXIT_STATUS 70

void reset_handler(void);
void begin(void);

static void fault_handler(void)
{
    console_print("fault\n");
    console_exit(FAULT_EXIT_STATUS);
}

/* A debugger that loads a program and starts it leaves the stack where it was. */
__attribute__((naked)) void reset_handler(void)
{
    __asm volatile("ldr r0, =__stack_top\n\t"
                   "mov sp, r0\n\t"
                   "bl begin");
}

void begin(void)
{
    CPACR |= CPACR_FULL_FPU;
    __asm volatile("dsb\n\tisb" ::: "memory");
    memcpy(&__data_start, &__data_load,
           (size_t)((uintptr_t)&__data_end - (uintptr_t)&__data_start));
    memset(&__bss_start, 0, (size_t)((uintptr_t)&__bss_end - (uintptr_t)&__bss_start));
    console_exit(main());
}

typedef void (*handler)(void);

typedef struct vector_table {
    uint32_t *stack;
    handler handlers[15];
} vector_table;

__attribute__((section(".vectors"), used)) static const vector_table vectors = {
    &__stack_top,
    {reset_handler, fault_handler, fault_handler, fault_handler, fault_handler, fault_handler,
     fault_handler, 0, 0, 0, fault_handler, fault_handler, 0, fault_handler, fault_handler},
};
