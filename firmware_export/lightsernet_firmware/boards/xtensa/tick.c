/* The core's counter of cycles, which always runs: with QEMU's `-icount shift=0` a cycle of its
 * 40 MHz is 25 instructions. */
#include "tick.h"

void tick_start(void)
{
}

uint32_t tick_read(void)
{
    uint32_t cycles;
    __asm volatile("rsr %0, ccount" : "=r"(cycles) : : "memory");
    return cycles;
}

uint32_t tick_difference(uint32_t from, uint32_t to)
{
    return to - from;
}
