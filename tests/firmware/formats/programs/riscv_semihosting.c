/* semihosting.h for RISC-V: the services of Arm's specification, called as the RISC-V
 * semihosting specification has it: three instructions that mean nothing else. */
#include "semihosting.h"

#include <string.h>

static int32_t call(uint32_t operation, const void *arguments)
{
    register uint32_t a0 __asm("a0") = operation;
    register const void *a1 __asm("a1") = arguments;
    __asm volatile(".option push\n\t.option norvc\n\t"
                   "slli x0, x0, 0x1f\n\tebreak\n\tsrai x0, x0, 7\n\t.option pop"
                   : "+r"(a0)
                   : "r"(a1)
                   : "memory");
    return (int32_t)a0;
}

int semihosting_open(const char *name)
{
    const uint32_t arguments[3] = {(uint32_t)name, 1u, (uint32_t)strlen(name)};
    return (int)call(0x01, arguments);
}

size_t semihosting_read(int handle, void *buffer, size_t size)
{
    const uint32_t arguments[3] = {(uint32_t)handle, (uint32_t)buffer, (uint32_t)size};
    return size - (size_t)call(0x06, arguments);
}

void semihosting_close(int handle)
{
    const uint32_t arguments[1] = {(uint32_t)handle};
    (void)call(0x02, arguments);
}

int semihosting_command_line(char *buffer, size_t size)
{
    const uint32_t arguments[2] = {(uint32_t)buffer, (uint32_t)size};
    return (int)call(0x15, arguments);
}

void console_print(const char *text)
{
    (void)call(0x04, text);
}

void console_exit(int status)
{
    const uint32_t arguments[2] = {0x20026u, (uint32_t)status};
    (void)call(0x20, arguments);
    for (;;) {
    }
}
