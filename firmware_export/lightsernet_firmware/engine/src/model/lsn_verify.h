/* SPDX-License-Identifier: Apache-2.0 */
/* Range checks that lsn_model_open and the lsn_verify_*.c share. After them every access
 * of the engine is in bounds, and no number leaves its type. */
#ifndef LSN_VERIFY_H
#define LSN_VERIFY_H

#include "lsn_blob.h"

/* Columns of a row, of features too. */
#define LSN_MAX_WIDTH 1024u

/* Whether `count` items of `item_bytes` each lie in the blob, 4-byte aligned. */
static inline int lsn_lies_inside(const lsn_model *model, uint32_t offset, uint32_t count,
                                  uint32_t item_bytes)
{
    uint64_t bytes = (uint64_t)count * item_bytes;
    return offset % 4u == 0 && offset >= sizeof(lsn_header) &&
           (uint64_t)offset + bytes <= model->blob_size;
}

static inline int lsn_is_int8(int32_t value)
{
    return value >= -128 && value <= 127;
}

static inline int lsn_is_between(uint32_t value, uint32_t low, uint32_t high)
{
    return value >= low && value <= high;
}

/* Of the bits of a float: neither NaN nor infinite, as the exponent is not all ones. */
static inline int lsn_is_finite(uint32_t bits)
{
    return (bits & 0x7F800000u) != 0x7F800000u;
}

/* Of the bits of a float: finite and above 0. */
static inline int lsn_is_positive(uint32_t bits)
{
    return lsn_is_finite(bits) && bits != 0 && (bits & 0x80000000u) == 0;
}

/* Whether `count` floats lie in the blob and are finite. */
static inline int lsn_floats_are_finite(const lsn_model *model, uint32_t offset, uint32_t count)
{
    if (!lsn_lies_inside(model, offset, count, sizeof(float))) {
        return 0;
    }
    const uint32_t *bits = lsn_at(model, offset);
    for (uint32_t i = 0; i < count; i++) {
        if (!lsn_is_finite(bits[i])) {
            return 0;
        }
    }
    return 1;
}

#endif
