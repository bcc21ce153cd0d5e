/* The debugger's services: files, console, exit.
 *
 * Numbers and arguments: "Semihosting for AArch32 and AArch64", Arm's abi-aa
 * documents.
 */
#ifndef SEMIHOSTING_H
#define SEMIHOSTING_H

#include <stddef.h>
#include <stdint.h>

/* Open a file for reading; a handle, or -1. */
int semihosting_open(const char *name);

/* Read up to `size` bytes; how many were read. */
size_t semihosting_read(int handle, void *buffer, size_t size);

void semihosting_close(int handle);

/* The words after the program's name, in `buffer`. */
int semihosting_command_line(char *buffer, size_t size);

void semihosting_print(const char *text);

/* End the emulation with an exit status. */
void semihosting_exit(int status) __attribute__((noreturn));

#endif
