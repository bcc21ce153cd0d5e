#include "semihosting.h"

#include <string.h>

enum {
    SYS_OPEN = 0x01,
    SYS_CLOSE = 0x02,
    SYS_WRITE0 = 0x04,
    SYS_READ = 0x06,
    SYS_GET_CMDLINE = 0x15,
    SYS_EXIT_EXTENDED = 0x20,
};
#define MODE_READ_BINARY 1u
#define STOPPED_BY_APPLICATION 0x20026u

static int32_t call(uint32_t operation, const void *arguments)
{
    register uint32_t r0 __asm("r0") = operation;
    register const void *r1 __asm("r1") = arguments;
    __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return (int32_t)r0;
}

int semihosting_open(const char *name)
{
    const uint32_t arguments[3] = {(uint32_t)name, MODE_READ_BINARY, (uint32_t)strlen(name)};
    return (int)call(SYS_OPEN, arguments);
}

size_t semihosting_read(int handle, void *buffer, size_t size)
{
    const uint32_t arguments[3] = {(uint32_t)handle, (uint32_t)buffer, (uint32_t)size};
    /* The call returns how many bytes it could not read. */
    return size - (size_t)call(SYS_READ, arguments);
}

void semihosting_close(int handle)
{
    const uint32_t arguments[1] = {(uint32_t)handle};
    (void)call(SYS_CLOSE, arguments);
}

int semihosting_command_line(char *buffer, size_t size)
{
    const uint32_t arguments[2] = {(uint32_t)buffer, (uint32_t)size};
    return (int)call(SYS_GET_CMDLINE, arguments);
}

void console_print(const char *text)
{
    (void)call(SYS_WRITE0, text);
}

void console_exit(int status)
{
    const uint32_t arguments[2] = {STOPPED_BY_APPLICATION, (uint32_t)status};
    (void)call(SYS_EXIT_EXTENDED, arguments);
    for (;;) {
    }
}
