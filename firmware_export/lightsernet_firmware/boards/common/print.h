/* Buffered text on the console. */
#ifndef PRINT_H
#define PRINT_H

#include <stddef.h>
#include <stdint.h>

/* `text` ends with a NUL. */
void print_text(const char *text);

/* In decimal. */
void print_number(int64_t value);

/* A member of a JSON object: the name and an array of `count` numbers. */
void print_array(const char *name, const int8_t *values, size_t count);

/* Two hexadecimal digits per byte. */
void print_hex(const int8_t *values, size_t count);

/* Send the buffered text. */
void print_flush(void);

#endif
