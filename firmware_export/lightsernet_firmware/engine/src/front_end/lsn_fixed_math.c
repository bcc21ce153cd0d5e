/* SPDX-License-Identifier: Apache-2.0 */
#include "lsn_fixed_math.h"

#include "lsn_front_end.h"

#if LSN_FIXED_POINT_FRONT_END

/* 2**16 ln(1 + i / 64), i = 0 .. 64. Between two of them the logarithm is off by 3e-5 at most
 * from a straight line. */
static const uint16_t LOGARITHMS[65] = {
    0, 1016, 2017, 3002, 3973, 4930, 5873, 6802, 7719, 8623, 9515, 10394, 11262, 12119, 12965,
    13800, 14624, 15438, 16242, 17037, 17821, 18597, 19364, 20121, 20870, 21611, 22343, 23067,
    23783, 24492, 25193, 25886, 26573, 27252, 27924, 28589, 29248, 29900, 30546, 31185, 31818,
    32445, 33067, 33682, 34292, 34896, 35494, 36087, 36675, 37258, 37835, 38407, 38975, 39537,
    40095, 40648, 41196, 41740, 42280, 42815, 43345, 43872, 44394, 44912, 45426,
};

/* Square roots of i * 2**23, i = 32 .. 256: between two of them off by 3e-5 of its value at
 * most from a straight line. */
#define FIRST_ROOT 32u
static const uint16_t ROOTS[225] = {
    16384, 16638, 16888, 17135, 17378, 17618, 17854, 18087, 18318, 18545, 18770, 18992, 19212,
    19429, 19644, 19856, 20066, 20274, 20480, 20684, 20886, 21085, 21283, 21480, 21674, 21867,
    22058, 22247, 22435, 22621, 22806, 22989, 23170, 23351, 23530, 23707, 23884, 24059, 24232,
    24405, 24576, 24746, 24915, 25083, 25249, 25415, 25580, 25743, 25905, 26067, 26227, 26387,
    26545, 26703, 26859, 27015, 27170, 27324, 27477, 27629, 27780, 27931, 28081, 28230, 28378,
    28525, 28672, 28818, 28963, 29108, 29251, 29394, 29537, 29678, 29819, 29960, 30099, 30238,
    30377, 30515, 30652, 30788, 30924, 31059, 31194, 31328, 31462, 31595, 31727, 31859, 31991,
    32122, 32252, 32382, 32511, 32640, 32768, 32896, 33023, 33150, 33276, 33402, 33527, 33652,
    33776, 33900, 34024, 34147, 34270, 34392, 34514, 34635, 34756, 34876, 34996, 35116, 35235,
    35354, 35472, 35590, 35708, 35825, 35942, 36059, 36175, 36291, 36406, 36521, 36636, 36750,
    36864, 36978, 37091, 37204, 37316, 37429, 37540, 37652, 37763, 37874, 37985, 38095, 38205,
    38315, 38424, 38533, 38642, 38750, 38858, 38966, 39073, 39181, 39287, 39394, 39500, 39606,
    39712, 39818, 39923, 40028, 40132, 40237, 40341, 40445, 40548, 40652, 40755, 40857, 40960,
    41062, 41164, 41266, 41368, 41469, 41570, 41671, 41771, 41871, 41972, 42071, 42171, 42270,
    42369, 42468, 42567, 42665, 42763, 42861, 42959, 43057, 43154, 43251, 43348, 43445, 43541,
    43637, 43733, 43829, 43925, 44020, 44115, 44210, 44305, 44400, 44494, 44588, 44682, 44776,
    44869, 44963, 45056, 45149, 45242, 45334, 45427, 45519, 45611, 45703, 45795, 45886, 45977,
    46069, 46160, 46250, 46341,
};

/* The value between two entries of a table, `part` / 2**16 of the way. */
static uint32_t interpolated(const uint16_t *entry, uint32_t part)
{
    return entry[0] + (((uint32_t)entry[1] - entry[0]) * part >> 16);
}

uint32_t lsn_fixed_magnitude(int32_t real, int32_t imag)
{
    uint32_t a = lsn_absolute(real);
    uint32_t b = lsn_absolute(imag);
    if ((a | b) == 0) {
        return 0;
    }
    uint32_t zeros = lsn_leading_zeros(a | b);
    a = a << zeros >> 17;
    b = b << zeros >> 17;
    /* The larger one has 15 bits now, so that the sum of the squares has 29 to 31. */
    uint32_t square = a * a + b * b;
    uint32_t root = interpolated(&ROOTS[(square >> 23) - FIRST_ROOT], square >> 7 & 0xFFFFu);
    return root << 15 >> zeros;
}

int32_t lsn_fixed_log_of_mantissa(uint32_t mantissa)
{
    return (int32_t)interpolated(&LOGARITHMS[mantissa >> 25 & 63u], mantissa >> 9 & 0xFFFFu);
}

int32_t lsn_fixed_log_of_float(uint32_t bits)
{
    int32_t exponent = lsn_exponent_of(bits);
    return lsn_fixed_times_ln2(exponent) + lsn_fixed_log_of_mantissa(lsn_mantissa_of(bits));
}

int32_t lsn_fixed_log(uint64_t x)
{
    uint32_t zeros = lsn_leading_zeros_64(x);
    uint32_t mantissa = (uint32_t)(x << zeros >> 32);
    return lsn_fixed_times_ln2(63 - (int32_t)zeros) + lsn_fixed_log_of_mantissa(mantissa);
}

int32_t lsn_fixed_of_float(uint32_t bits, int32_t fraction_bits)
{
    int32_t shift = 31 - fraction_bits - lsn_exponent_of(bits);
    uint32_t magnitude;
    if (shift > 31) {
        return 0;
    }
    magnitude = shift < 1 ? 0x7FFFFFFFu : ((lsn_mantissa_of(bits) >> (shift - 1)) + 1u) >> 1;
    magnitude = magnitude > 0x7FFFFFFFu ? 0x7FFFFFFFu : magnitude;
    return bits >> 31 != 0 ? -(int32_t)magnitude : (int32_t)magnitude;
}

int32_t lsn_fixed_scaled(int32_t x, uint32_t bits)
{
    uint32_t mantissa = lsn_mantissa_of(bits);
    lsn_fraction half = {(int32_t)(mantissa >> 17), (int32_t)(mantissa >> 2 & 0x7FFFu)};
    int32_t shift = lsn_exponent_of(bits) + 2;
    if (lsn_absolute(x) < 1u << 26) {
        /* Bits behind the last one, for what products lack. */
        x *= 16;
        shift -= 4;
    }
    /* Half of the mantissa's half. */
    int32_t product = lsn_half_product(x, half);
    product = bits >> 31 != 0 ? -product : product;
    if (shift <= 0) {
        return shift < -30 ? 0 : shift == 0 ? product : ((product >> (-shift - 1)) + 1) >> 1;
    }
    int32_t most = shift > 30 ? 0 : INT32_MAX >> shift;
    if (product > most || product < -most) {
        return product > 0 ? INT32_MAX : -INT32_MAX;
    }
    return (int32_t)((uint32_t)product << (shift > 30 ? 0 : shift));
}

#endif
