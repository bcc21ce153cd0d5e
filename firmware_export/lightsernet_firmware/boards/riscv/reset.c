/* From reset to begin: stack, exceptions, floating-point unit. For boards whose linker script
 * defines __stack_top, and that begin at the first byte of their code.
 *
 * Source: "The RISC-V Instruction Set Manual", volume II, mtvec and mstatus. */
void reset_handler(void);

#ifdef __riscv_flen
/* mstatus.FS becomes "initial": off, every instruction on floats is an exception. */
#define ENABLE_FLOAT_UNIT "li t0, 0x2000\n\tcsrs mstatus, t0\n\t"
#else
#define ENABLE_FLOAT_UNIT ""
#endif

__attribute__((naked, used, section(".vectors"))) void reset_handler(void)
{
    __asm volatile(".option push\n\t"
                   ".option arch, +zicsr\n\t"
                   "la sp, __stack_top\n\t"
                   "la t0, fault\n\t"
                   "csrw mtvec, t0\n\t" ENABLE_FLOAT_UNIT
                   "tail begin\n\t"
                   ".option pop");
}
