/* Text on the debugger's console. */
#ifndef PRINT_H
#define PRINT_H

#include <stddef.h>
#include <stdint.h>

void print_text(const char *text);
void print_number(int64_t value);

/* `"name":` and an array of numbers. */
void print_array(const char *name, const int8_t *values, size_t count);

/* Two hexadecimal digits a byte. */
void print_hex(const int8_t *values, size_t count);

/* Send what is buffered. */
void print_flush(void);

#endif
