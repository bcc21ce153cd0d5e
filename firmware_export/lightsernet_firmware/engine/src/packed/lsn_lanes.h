/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors of this processor: LSN_LANES int32, one for each of as many filters.
 *
 * A header for each family of instruction sets defines the same functions. Those called
 * lsn_lanes_x do x to every lane. A step multiplies LSN_STEP operands of a pixel by the
 * weights of each filter that meet them, and adds the products to lsn_sums; where LSN_UNROLL
 * is above 1, lsn_wide_multiply does as many steps at once. LSN_PIXELS pixels and LSN_VECTORS
 * vectors of filters are as many as leave their sums in registers. lsn_lanes_rounded_high
 * gives lsn_doubling_high of x / 2**LSN_DOUBLED and y.
 *
 * LSN_PLAIN_KERNELS leaves all this out. */
#ifndef LSN_LANES_H
#define LSN_LANES_H

#include <stdint.h>

#include "lsn_always_inline.h"

#if defined(__AVX512VNNI__) && defined(__AVX512BW__) && !defined(LSN_PLAIN_KERNELS)
#define LSN_USE_AVX512_VNNI 1
#else
#define LSN_USE_AVX512_VNNI 0
#endif

#if defined(__AVXVNNI__) && !LSN_USE_AVX512_VNNI && !defined(LSN_PLAIN_KERNELS)
#define LSN_USE_AVX_VNNI 1
#else
#define LSN_USE_AVX_VNNI 0
#endif

#if defined(__AVX2__) && !LSN_USE_AVX512_VNNI && !LSN_USE_AVX_VNNI && !defined(LSN_PLAIN_KERNELS)
#define LSN_USE_AVX2 1
#else
#define LSN_USE_AVX2 0
#endif

#if defined(__aarch64__) && defined(__ARM_NEON) && defined(__ARM_FEATURE_DOTPROD) &&            \
    !defined(LSN_PLAIN_KERNELS)
#define LSN_USE_SDOT 1
#else
#define LSN_USE_SDOT 0
#endif

#if defined(__aarch64__) && defined(__ARM_NEON) && !LSN_USE_SDOT && !defined(LSN_PLAIN_KERNELS)
#define LSN_USE_NEON 1
#else
#define LSN_USE_NEON 0
#endif

#define LSN_USE_VNNI (LSN_USE_AVX512_VNNI || LSN_USE_AVX_VNNI)
#define LSN_SHARES_ROWS LSN_USE_AVX2 /* sums of int8 need operands of 16 bits */
#define LSN_USE_PACKED (LSN_USE_VNNI || LSN_USE_AVX2 || LSN_USE_SDOT || LSN_USE_NEON)

#if LSN_USE_PACKED

/* What these kernels read: pairs of int16 with AVX2, else int8. */
#if LSN_USE_AVX2
typedef int16_t lsn_packed_operand;
#else
typedef int8_t lsn_packed_operand;
#endif

#if LSN_USE_SDOT || LSN_USE_NEON
#include "lsn_lanes_neon.h"
#else
#include "lsn_lanes_x86.h"
#endif

#endif

#endif
