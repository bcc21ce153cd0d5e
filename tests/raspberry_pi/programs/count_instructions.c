/* A plugin of QEMU that prints how many instructions ran, at each call of getppid.
 *
 * Debian has no header of QEMU's plugins: these are the declarations of version 1 that are
 * needed. The argument is the number of getppid on the emulated machine.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct qemu_plugin_tb;
enum { ADD_U64 = 0 };

typedef void (*translated)(uint64_t id, struct qemu_plugin_tb *block);
typedef void (*system_call)(uint64_t id, unsigned cpu, int64_t number, uint64_t, uint64_t,
                            uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, translated callback);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *block, int operation,
                                              void *place, uint64_t value);
void qemu_plugin_register_vcpu_syscall_cb(uint64_t id, system_call callback);

int qemu_plugin_version = 1;
int qemu_plugin_install(uint64_t id, const void *machine, int argc, char **argv);

static uint64_t count;
static int64_t getppid_number;

static void count_block(uint64_t id, struct qemu_plugin_tb *block)
{
    (void)id;
    qemu_plugin_register_vcpu_tb_exec_inline(block, ADD_U64, &count,
                                             qemu_plugin_tb_n_insns(block));
}

static void print_count(uint64_t id, unsigned cpu, int64_t number, uint64_t a, uint64_t b,
                        uint64_t c, uint64_t d, uint64_t e, uint64_t f, uint64_t g, uint64_t h)
{
    (void)id, (void)cpu, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f, (void)g, (void)h;
    if (number == getppid_number)
        fprintf(stderr, "instructions %" PRIu64 "\n", count);
}

int qemu_plugin_install(uint64_t id, const void *machine, int argc, char **argv)
{
    (void)machine;
    const char *value = argc == 1 ? strchr(argv[0], '=') : NULL;
    if (value == NULL)
        return 1;
    getppid_number = strtoll(value + 1, NULL, 10);
    qemu_plugin_register_vcpu_tb_trans_cb(id, count_block);
    qemu_plugin_register_vcpu_syscall_cb(id, print_count);
    return 0;
}
