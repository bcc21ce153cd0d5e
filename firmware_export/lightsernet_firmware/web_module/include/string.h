/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine uses of string.h: there is no C library in a page. */
#ifndef LSN_WEB_STRING_H
#define LSN_WEB_STRING_H

#include <stddef.h>

/* The compiler makes instructions of these. */
void *memcpy(void *to, const void *from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);

size_t strlen(const char *text);

#endif
