/* USART2 on PA2, at 115200 baud from the internal 16 MHz oscillator that an STM32F4 starts
 * with. Registers and bits: ST RM0090, RM0368, RM0383 and RM0390, in which they are the same. */
#include "console.h"

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define RCC_AHB1ENR REGISTER(0x40023830u)
#define RCC_APB1ENR REGISTER(0x40023840u)
#define GPIOA_MODER REGISTER(0x40020000u)
#define GPIOA_AFRL REGISTER(0x40020020u)
#define USART2_SR REGISTER(0x40004400u)
#define USART2_DR REGISTER(0x40004404u)
#define USART2_BRR REGISTER(0x40004408u)
#define USART2_CR1 REGISTER(0x4000440Cu)

#define GPIOA_CLOCK (1u << 0)
#define USART2_CLOCK (1u << 17)
#define PIN 2u
#define ALTERNATE_FUNCTION 2u
#define AF7_USART 7u
#define ENABLED ((1u << 13) | (1u << 3)) /* UE, TE */
#define TRANSMIT_EMPTY (1u << 7)
#define DIVIDER ((16000000u + 115200u / 2u) / 115200u)

static void open_once(void)
{
    if ((USART2_CR1 & ENABLED) == ENABLED) {
        return;
    }
    RCC_AHB1ENR |= GPIOA_CLOCK;
    RCC_APB1ENR |= USART2_CLOCK;
    GPIOA_AFRL = (GPIOA_AFRL & ~(0xFu << (4u * PIN))) | (AF7_USART << (4u * PIN));
    GPIOA_MODER = (GPIOA_MODER & ~(3u << (2u * PIN))) | (ALTERNATE_FUNCTION << (2u * PIN));
    USART2_BRR = DIVIDER;
    USART2_CR1 = ENABLED;
}

void console_print(const char *text)
{
    open_once();
    while (*text != '\0') {
        while ((USART2_SR & TRANSMIT_EMPTY) == 0) {
        }
        USART2_DR = (uint32_t)(uint8_t)*text++;
    }
}

void console_exit(int status)
{
    (void)status;
    for (;;) {
        __asm volatile("wfi");
    }
}
