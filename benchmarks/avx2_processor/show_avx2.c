/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded into a program, shows it a processor that has AVX2 and nothing better.
 *
 * For x86-64 Linux, where the processor can trap CPUID (cpuid_fault in /proc/cpuinfo): each
 * CPUID ends in this file's handler, which runs it and takes away what came after AVX2.
 * Status 9 if it cannot be trapped. Programs that the program starts see all again. */
#define _GNU_SOURCE
#include <cpuid.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define SET_CPUID 0x1012 /* of arch_prctl */
#define CANNOT_TRAP 9

/* Leaf 7: AVX-512, AMX and their kin. */
#define LEAF_7_EBX 0xDC230000u /* avx512 f, dq, ifma, pf, er, cd, bw, vl */
#define LEAF_7_ECX 0x00005F42u /* avx512 vbmi, vbmi2, vnni, bitalg, vpopcntdq; gfni, vaes, vpclmulqdq */
#define LEAF_7_EDX 0x03C0010Cu /* avx512 4vnniw, 4fmaps, vp2intersect, fp16; amx bf16, tile, int8 */

static long set_trap(int on)
{
    return syscall(SYS_arch_prctl, SET_CPUID, !on);
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const uint8_t *instruction = (const uint8_t *)registers[REG_RIP];
    uint32_t a, b, c, d;
    uint32_t leaf = (uint32_t)registers[REG_RAX];
    uint32_t part = (uint32_t)registers[REG_RCX];
    (void)info;
    if (instruction[0] != 0x0F || instruction[1] != 0xA2) {
        signal(number, SIG_DFL);
        return;
    }
    set_trap(0);
    __cpuid_count(leaf, part, a, b, c, d);
    set_trap(1);
    if (leaf == 7u && part == 0) {
        b &= ~LEAF_7_EBX;
        c &= ~LEAF_7_ECX;
        d &= ~LEAF_7_EDX;
    } else if ((leaf == 7u && part > 0) || leaf == 0x1Du || leaf == 0x1Eu || leaf == 0x24u) {
        /* AVX-VNNI and what came later; tiles of AMX; AVX10. */
        a = b = c = d = 0;
    }
    registers[REG_RAX] = a;
    registers[REG_RBX] = b;
    registers[REG_RCX] = c;
    registers[REG_RDX] = d;
    registers[REG_RIP] += 2;
}

__attribute__((constructor)) static void show_avx2(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigaction(SIGSEGV, &action, NULL);
    unsetenv("LD_PRELOAD");
    if (set_trap(1) != 0) {
        _exit(CANNOT_TRAP);
    }
}
