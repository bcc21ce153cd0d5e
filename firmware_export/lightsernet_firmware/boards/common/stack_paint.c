#include "stack_paint.h"

#include <stdint.h>

/* Far more than the engine uses. */
#define PAINTED_BYTES 16384u
#define PAINT 0xC5C5C5C5u

static uint32_t *painted_from;
static uint32_t *painted_to;

static uint32_t *stack_pointer(void)
{
    uint32_t *pointer;
#ifdef __riscv
    __asm volatile("mv %0, sp" : "=r"(pointer));
#else
    __asm volatile("mov %0, sp" : "=r"(pointer));
#endif
    return pointer;
}

/* Not inlined: its frame is next to nothing, and everything below it is free to paint. */
__attribute__((noinline)) void stack_paint(void)
{
    volatile uint32_t *word;
    painted_to = stack_pointer();
    painted_from = painted_to - PAINTED_BYTES / sizeof *painted_to;
    for (word = painted_from; word != painted_to; word++) {
        *word = PAINT;
    }
}

__attribute__((noinline)) size_t stack_used(void)
{
    const volatile uint32_t *word = painted_from;
    while (word != painted_to && *word == PAINT) {
        word++;
    }
    return (size_t)(painted_to - word) * sizeof *word;
}
