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

/* How the debugger is called, and with which registers. */
#ifdef __riscv
#define REGISTER_0 "a0"
#define REGISTER_1 "a1"
/* Three instructions that mean nothing else, in one page. */
#define CALL                                                                                      \
    ".balign 16\n\t.option push\n\t.option norvc\n\t"                                            \
    "slli x0, x0, 0x1f\n\tebreak\n\tsrai x0, x0, 7\n\t.option pop"
#else
#define REGISTER_0 "r0"
#define REGISTER_1 "r1"
#define CALL "bkpt 0xAB"
#endif

static int32_t call(uint32_t operation, const void *arguments)
{
    register uint32_t first __asm(REGISTER_0) = operation;
    register const void *second __asm(REGISTER_1) = arguments;
    __asm volatile(CALL : "+r"(first) : "r"(second) : "memory");
    return (int32_t)first;
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
