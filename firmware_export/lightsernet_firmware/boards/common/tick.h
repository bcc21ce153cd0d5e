/* Time on the emulated board, from the core's SysTick timer. With QEMU's `-icount shift=0`
 * every instruction takes one nanosecond of virtual time. */
#ifndef TICK_H
#define TICK_H

#include <stdint.h>

void tick_start(void);

/* Current reading, 0..2**24 - 1. */
uint32_t tick_read(void);

/* Ticks between two readings, less than 2**24 apart. */
uint32_t tick_difference(uint32_t from, uint32_t to);

#endif
