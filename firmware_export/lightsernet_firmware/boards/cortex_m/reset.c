/* From reset to begin: vector table, stack, floating-point unit. For Armv7-M and Armv8-M boards
 * whose linker script defines __stack_top. */
#include <stdint.h>

#include "startup.h"

extern uint32_t __stack_top;

/* Coprocessor Access Control Register (Armv7-M ARM, B3.2.20): full access to CP10 and
 * CP11, the floating-point and vector unit. */
#define CPACR (*(volatile uint32_t *)0xE000ED88u)
#define CPACR_FULL_FPU (0xFu << 20)

void reset_handler(void);
void enable_float_unit_and_begin(void);

/* A debugger that loads a program and starts it leaves the stack where it was. */
__attribute__((naked)) void reset_handler(void)
{
    __asm volatile("ldr r0, =__stack_top\n\t"
                   "mov sp, r0\n\t"
                   "bl enable_float_unit_and_begin");
}

void enable_float_unit_and_begin(void)
{
    CPACR |= CPACR_FULL_FPU;
    __asm volatile("dsb\n\tisb" ::: "memory");
    begin();
}

typedef void (*handler)(void);

typedef struct vector_table {
    uint32_t *stack;
    handler handlers[15];
} vector_table;

__attribute__((section(".vectors"), used)) static const vector_table vectors = {
    &__stack_top,
    {reset_handler, fault, fault, fault, fault, fault, fault, 0, 0, 0, fault, fault, 0, fault,
     fault},
};
