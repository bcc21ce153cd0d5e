/* Runs loops whose instructions are known, and prints a line of JSON: ticks of each. */
#include "print.h"
#include "tick.h"

#define SHORTER 500000u
#define LONGER 1500000u

int main(void);

/* Two instructions a turn. */
static uint32_t ticks_of(uint32_t turns)
{
    uint32_t before = tick_read();
#ifdef __riscv
    __asm volatile("1:\n\taddi %0, %0, -1\n\tbnez %0, 1b" : "+r"(turns));
#elif defined(__XTENSA__)
    __asm volatile("1:\n\taddi.n %0, %0, -1\n\tbnez %0, 1b" : "+r"(turns));
#else
    __asm volatile("1:\n\tsubs %0, #1\n\tbne 1b" : "+l"(turns) : : "cc");
#endif
    return tick_difference(before, tick_read());
}

int main(void)
{
    tick_start();
    print_text("{\"shorter\": ");
    print_number(ticks_of(SHORTER));
    print_text(", \"longer\": ");
    print_number(ticks_of(LONGER));
    print_text("}\n");
    print_flush();
    return 0;
}
