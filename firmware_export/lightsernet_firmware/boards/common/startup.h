/* From a core's own first instructions, reset.c, to main. */
#ifndef STARTUP_H
#define STARTUP_H

/* Fill data and bss, run main and end with its status. The stack and the floating-point unit are
 * ready. */
void begin(void) __attribute__((noreturn));

/* Say that the core has met an exception, and end. */
void fault(void) __attribute__((noreturn));

#endif
