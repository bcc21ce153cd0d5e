/* How deep the stack grew: paint below it, look later where the paint is gone. */
#ifndef STACK_PAINT_H
#define STACK_PAINT_H

#include <stddef.h>

void stack_paint(void);

/* Bytes of stack used below the caller of stack_paint since then. */
size_t stack_used(void);

#endif
