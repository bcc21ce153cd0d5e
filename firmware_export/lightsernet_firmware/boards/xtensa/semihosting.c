/* The simulator's calls: a number in a2, arguments behind it, the result in a2.
 *
 * Source: QEMU's target/xtensa/xtensa-semi.c. Their numbers are those of Tensilica's simulator;
 * those of the command line are QEMU's own. */
#include "semihosting.h"

#include <string.h>

enum {
    SYS_EXIT = 1,
    SYS_READ = 3,
    SYS_WRITE = 4,
    SYS_OPEN = 5,
    SYS_CLOSE = 6,
    SYS_ARGC = 1000,
    SYS_ARGV_SIZE = 1001,
    SYS_ARGV = 1002,
};
#define STANDARD_OUTPUT 1u
/* As the host's open(2) has it. */
#define READ_ONLY 0u

static int32_t call(uint32_t operation, uint32_t first, uint32_t second, uint32_t third)
{
    register uint32_t a2 __asm("a2") = operation;
    register uint32_t a3 __asm("a3") = first;
    register uint32_t a4 __asm("a4") = second;
    register uint32_t a5 __asm("a5") = third;
    __asm volatile("simcall" : "+r"(a2), "+r"(a3) : "r"(a4), "r"(a5) : "memory");
    return (int32_t)a2;
}

int semihosting_open(const char *name)
{
    return (int)call(SYS_OPEN, (uint32_t)name, READ_ONLY, 0);
}

size_t semihosting_read(int handle, void *buffer, size_t size)
{
    int32_t count = call(SYS_READ, (uint32_t)handle, (uint32_t)buffer, (uint32_t)size);
    return count < 0 ? 0u : (size_t)count;
}

void semihosting_close(int handle)
{
    (void)call(SYS_CLOSE, (uint32_t)handle, 0, 0);
}

int semihosting_command_line(char *buffer, size_t size)
{
    uint32_t words = (uint32_t)call(SYS_ARGC, 0, 0, 0);
    uint32_t needed = (uint32_t)call(SYS_ARGV_SIZE, 0, 0, 0);
    /* The pointers to the words, the last one NULL, come before them. */
    uint32_t text = (words + 1u) * (uint32_t)sizeof(uint32_t);
    if (words == 0 || needed > size) {
        return -1;
    }
    (void)call(SYS_ARGV, (uint32_t)buffer, 0, 0);
    memmove(buffer, buffer + text, needed - text);
    for (uint32_t i = 0; i + 1u < needed - text; i++) {
        if (buffer[i] == '\0') {
            buffer[i] = ' ';
        }
    }
    return 0;
}

void console_print(const char *text)
{
    (void)call(SYS_WRITE, STANDARD_OUTPUT, (uint32_t)text, (uint32_t)strlen(text));
}

void console_exit(int status)
{
    (void)call(SYS_EXIT, (uint32_t)status, 0, 0);
    for (;;) {
    }
}
