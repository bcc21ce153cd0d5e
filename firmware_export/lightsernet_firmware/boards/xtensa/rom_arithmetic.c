/* Arithmetic that the compiler calls and an ESP8266 has in its ROM, for which reason Debian's
 * library for an LX106 leaves it out. Names and types are those of "GCC Internals", libgcc.
 *
 * Floats are IEEE 754's single precision, rounded to the nearest, halves to even. */
#include <stdint.h>
#include <string.h>

uint64_t __muldi3(uint64_t a, uint64_t b);
uint32_t __udivsi3(uint32_t a, uint32_t b);
uint32_t __umodsi3(uint32_t a, uint32_t b);
int32_t __divsi3(int32_t a, int32_t b);
uint64_t __udivdi3(uint64_t a, uint64_t b);
uint64_t __umoddi3(uint64_t a, uint64_t b);
int64_t __divdi3(int64_t a, int64_t b);
float __addsf3(float a, float b);
float __subsf3(float a, float b);
float __mulsf3(float a, float b);
float __floatsisf(int32_t value);
float __floatunsisf(uint32_t value);

#define SIGN 0x80000000u
#define INFINITE 0x7f800000u
#define NOT_A_NUMBER 0x7fc00000u
#define FRACTION 0x007fffffu
#define IMPLIED 0x00800000u
/* Of the exponent of the last bit of a fraction. */
#define BIAS 150

/* The core multiplies 32 by 32 bits, but gives the lower half only. */
static uint64_t product(uint32_t a, uint32_t b)
{
    uint32_t low = (a & 0xffffu) * (b & 0xffffu);
    uint32_t middle = (a >> 16) * (b & 0xffffu) + (low >> 16);
    uint32_t other = (a & 0xffffu) * (b >> 16) + (middle & 0xffffu);
    uint32_t high = (a >> 16) * (b >> 16) + (middle >> 16) + (other >> 16);
    return (uint64_t)high << 32 | (other << 16 | (low & 0xffffu));
}

uint64_t __muldi3(uint64_t a, uint64_t b)
{
    uint32_t high = (uint32_t)(a >> 32) * (uint32_t)b + (uint32_t)a * (uint32_t)(b >> 32);
    return product((uint32_t)a, (uint32_t)b) + ((uint64_t)high << 32);
}

/* Bit by bit, from the highest that the quotient may have. */
static uint32_t divide(uint32_t a, uint32_t b, uint32_t *remainder)
{
    uint32_t quotient = 0;
    if (b != 0 && a >= b) {
        for (int bit = __builtin_clz(b) - __builtin_clz(a); bit >= 0; bit--) {
            quotient <<= 1;
            if (a >= b << bit) {
                a -= b << bit;
                quotient |= 1u;
            }
        }
    }
    *remainder = a;
    return quotient;
}

uint32_t __udivsi3(uint32_t a, uint32_t b)
{
    uint32_t remainder;
    return divide(a, b, &remainder);
}

uint32_t __umodsi3(uint32_t a, uint32_t b)
{
    uint32_t remainder;
    (void)divide(a, b, &remainder);
    return remainder;
}

int32_t __divsi3(int32_t a, int32_t b)
{
    uint32_t quotient = __udivsi3(a < 0 ? 0u - (uint32_t)a : (uint32_t)a,
                                  b < 0 ? 0u - (uint32_t)b : (uint32_t)b);
    return (int32_t)((a ^ b) < 0 ? 0u - quotient : quotient);
}

static uint64_t divide_long(uint64_t a, uint64_t b, uint64_t *remainder)
{
    uint64_t quotient = 0;
    if (b != 0 && a >= b) {
        for (int bit = __builtin_clzll(b) - __builtin_clzll(a); bit >= 0; bit--) {
            quotient <<= 1;
            if (a >= b << bit) {
                a -= b << bit;
                quotient |= 1u;
            }
        }
    }
    *remainder = a;
    return quotient;
}

uint64_t __udivdi3(uint64_t a, uint64_t b)
{
    uint64_t remainder;
    return divide_long(a, b, &remainder);
}

uint64_t __umoddi3(uint64_t a, uint64_t b)
{
    uint64_t remainder;
    (void)divide_long(a, b, &remainder);
    return remainder;
}

int64_t __divdi3(int64_t a, int64_t b)
{
    uint64_t quotient = __udivdi3(a < 0 ? 0u - (uint64_t)a : (uint64_t)a,
                                  b < 0 ? 0u - (uint64_t)b : (uint64_t)b);
    return (int64_t)((a ^ b) < 0 ? 0u - quotient : quotient);
}

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint32_t mantissa_of(uint32_t bits)
{
    return (bits & INFINITE) != 0 ? (bits & FRACTION) | IMPLIED : bits & FRACTION;
}

/* Of the mantissa's last bit, plus BIAS. Numbers too small for an implied bit have that of the
 * smallest with one. */
static int32_t exponent_of(uint32_t bits)
{
    int32_t exponent = (int32_t)((bits & INFINITE) >> 23);
    return exponent != 0 ? exponent : 1;
}

static uint64_t shift_right(uint64_t value, int32_t bits)
{
    if (bits == 0) {
        return value;
    }
    /* The last bit says whether anything was lost. */
    return bits > 63 ? value != 0 : value >> bits | (value << (64 - bits) != 0);
}

/* The float nearest to mantissa * 2^(exponent - BIAS). */
static float rounded(uint32_t sign, int32_t exponent, uint64_t mantissa)
{
    if (mantissa == 0) {
        return float_of(sign);
    }
    int32_t shift = __builtin_clzll(mantissa);
    mantissa <<= shift;
    /* Its highest bit is the 63rd; a float's is the 23rd. */
    exponent += 40 - shift;
    if (exponent >= 255) {
        return float_of(sign | INFINITE);
    }
    if (exponent < 1) {
        mantissa = shift_right(mantissa, 1 - exponent);
        exponent = 1;
    }
    uint32_t kept = (uint32_t)(mantissa >> 40);
    uint32_t bits = ((uint32_t)(exponent - 1) << 23) + kept;
    uint64_t rest = mantissa << 24;
    /* What is carried out of the fraction belongs into the exponent. */
    bits += rest > (uint64_t)1 << 63 || (rest == (uint64_t)1 << 63 && (kept & 1u) != 0);
    return float_of(sign | bits);
}

static int is_not_a_number(uint32_t bits)
{
    return (bits & ~SIGN) > INFINITE;
}

float __addsf3(float a, float b)
{
    uint32_t more = bits_of(a);
    uint32_t less = bits_of(b);
    if ((more & ~SIGN) < (less & ~SIGN)) {
        more = bits_of(b);
        less = bits_of(a);
    }
    uint32_t sign = more & SIGN;
    uint32_t opposite = (more ^ less) & SIGN;
    if ((more & INFINITE) == INFINITE) {
        if (is_not_a_number(more) || (opposite != 0 && (less & ~SIGN) == INFINITE)) {
            return float_of(NOT_A_NUMBER);
        }
        return float_of(more);
    }
    /* With room for a carry above, and for what decides a rounding below. */
    uint64_t sum = (uint64_t)mantissa_of(more) << 38;
    uint64_t other = (uint64_t)mantissa_of(less) << 38;
    other = shift_right(other, exponent_of(more) - exponent_of(less));
    sum = opposite != 0 ? sum - other : sum + other;
    /* Nothing is positive, unless both were negative. */
    if (sum == 0 && opposite != 0) {
        sign = 0;
    }
    return rounded(sign, exponent_of(more) - 38, sum);
}

float __subsf3(float a, float b)
{
    return __addsf3(a, float_of(bits_of(b) ^ SIGN));
}

float __mulsf3(float a, float b)
{
    uint32_t first = bits_of(a);
    uint32_t second = bits_of(b);
    uint32_t sign = (first ^ second) & SIGN;
    if ((first & INFINITE) == INFINITE || (second & INFINITE) == INFINITE) {
        if (is_not_a_number(first) || is_not_a_number(second) || (first & ~SIGN) == 0 ||
            (second & ~SIGN) == 0) {
            return float_of(NOT_A_NUMBER);
        }
        return float_of(sign | INFINITE);
    }
    return rounded(sign, exponent_of(first) + exponent_of(second) - BIAS,
                   product(mantissa_of(first), mantissa_of(second)));
}

float __floatunsisf(uint32_t value)
{
    return rounded(0, BIAS, value);
}

float __floatsisf(int32_t value)
{
    return value < 0 ? rounded(SIGN, BIAS, 0u - (uint32_t)value) : rounded(0, BIAS, (uint32_t)value);
}
