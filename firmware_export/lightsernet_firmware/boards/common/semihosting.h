/* Services of the debugger: files; also console and exit, as console.h has them.
 *
 * Sources: "Semihosting for AArch32 and AArch64" in Arm's ABI documents (abi-aa), and the
 * "RISC-V Semihosting" specification, which has the same services.
 */
#ifndef SEMIHOSTING_H
#define SEMIHOSTING_H

#include <stddef.h>
#include <stdint.h>

#include "console.h"

/* Open a file for reading. Returns a handle, or -1. */
int semihosting_open(const char *name);

/* Read up to `size` bytes. Returns how many were read. */
size_t semihosting_read(int handle, void *buffer, size_t size);

void semihosting_close(int handle);

/* Copy the command line, the program's name first, with its NUL. Returns 0, or -1 if it
 * does not fit `size` bytes. */
int semihosting_command_line(char *buffer, size_t size);

#endif
