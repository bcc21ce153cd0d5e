/* Depth of the stack: paint the memory below it, and see later where the paint is gone. */
#ifndef STACK_PAINT_H
#define STACK_PAINT_H

#include <stddef.h>

/* Paint the memory below the caller's frame. */
void stack_paint(void);

/* Bytes of stack used since stack_paint, below its caller's frame. */
size_t stack_used(void);

#endif
