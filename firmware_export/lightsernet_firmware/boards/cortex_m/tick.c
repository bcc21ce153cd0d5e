#include "tick.h"

/* SysTick registers (Armv7-M ARM, B3.3.2): the counter falls from its reload value. */
#define SYST_CSR (*(volatile uint32_t *)0xE000E010u)
#define SYST_RVR (*(volatile uint32_t *)0xE000E014u)
#define SYST_CVR (*(volatile uint32_t *)0xE000E018u)
#define CSR_ENABLE 1u
#define CSR_CORE_CLOCK 4u
#define LARGEST 0x00FFFFFFu

void tick_start(void)
{
    SYST_RVR = LARGEST;
    SYST_CVR = 0;
    SYST_CSR = CSR_ENABLE | CSR_CORE_CLOCK;
}

uint32_t tick_read(void)
{
    return SYST_CVR;
}

uint32_t tick_difference(uint32_t from, uint32_t to)
{
    return (from - to) & LARGEST;
}
