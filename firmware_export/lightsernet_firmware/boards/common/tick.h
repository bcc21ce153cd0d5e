/* Time on the emulated board: the core's SysTick timer, which counts virtual
 * time. With QEMU's `-icount shift=0` an instruction takes a nanosecond of it. */
#ifndef TICK_H
#define TICK_H

#include <stdint.h>

void tick_start(void);

/* Ticks from one reading to the next, less than 2**24 apart. */
uint32_t tick_read(void);
uint32_t tick_difference(uint32_t from, uint32_t to);

#endif
