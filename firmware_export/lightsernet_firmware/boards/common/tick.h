/* Time on the emulated board, from a counter of its core's. With QEMU's `-icount shift=0`
 * every instruction takes one nanosecond of virtual time. */
#ifndef TICK_H
#define TICK_H

#include <stdint.h>

void tick_start(void);

/* Current reading: 24 bits on Cortex-M, 32 on others. */
uint32_t tick_read(void);

/* Ticks between two readings that are less than the counter's range apart. */
uint32_t tick_difference(uint32_t from, uint32_t to);

#endif
