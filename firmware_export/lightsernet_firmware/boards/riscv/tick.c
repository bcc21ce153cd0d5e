/* The core's counter of instructions, which always runs: with QEMU's `-icount shift=0` a tick is
 * an instruction. */
#include "tick.h"

void tick_start(void)
{
}

uint32_t tick_read(void)
{
    uint32_t instructions;
    __asm volatile(".option push\n\t"
                   ".option arch, +zicsr\n\t"
                   "csrr %0, minstret\n\t"
                   ".option pop"
                   : "=r"(instructions)
                   :
                   : "memory");
    return instructions;
}

uint32_t tick_difference(uint32_t from, uint32_t to)
{
    return to - from;
}
