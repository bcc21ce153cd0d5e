/* SPDX-License-Identifier: Apache-2.0 */
/* Four floats that do not depend on each other: a vector, where the processor has them. */
#ifndef LSN_FOUR_H
#define LSN_FOUR_H

#include <stdint.h>
#include <string.h>

#include "lsn_blob.h"

#if defined(__GNUC__) && (defined(__SSE2__) || defined(__aarch64__))

typedef __attribute__((vector_size(16))) float lsn_four;

/* The sums, plus four products. */
static inline lsn_four lsn_add_products(lsn_four sums, const float *x, const uint32_t *y_bits)
{
    lsn_four a;
    lsn_four b;
    memcpy(&a, x, sizeof a);
    memcpy(&b, y_bits, sizeof b);
    return sums + a * b;
}

static inline float lsn_sum_of_four(lsn_four x)
{
    return (x[0] + x[2]) + (x[1] + x[3]);
}

#else

typedef struct lsn_four {
    float x0, x1, x2, x3;
} lsn_four;

static inline lsn_four lsn_add_products(lsn_four sums, const float *x, const uint32_t *y_bits)
{
    sums.x0 += x[0] * lsn_float(&y_bits[0]);
    sums.x1 += x[1] * lsn_float(&y_bits[1]);
    sums.x2 += x[2] * lsn_float(&y_bits[2]);
    sums.x3 += x[3] * lsn_float(&y_bits[3]);
    return sums;
}

static inline float lsn_sum_of_four(lsn_four x)
{
    return (x.x0 + x.x2) + (x.x1 + x.x3);
}

#endif

#endif
