/* SPDX-License-Identifier: Apache-2.0 */
/* The type that the convolution kernels of this target read.
 *
 * Cortex-M4, M7 and M33 (DSP) multiply pairs of int16, as hosts do: operands and weights
 * are widened once per tile. Helium (MVE) multiplies int8 directly. LSN_PLAIN_KERNELS
 * selects the portable kernels on every target.
 */
#ifndef LSN_OPERAND_H
#define LSN_OPERAND_H

#include <stdint.h>

#if defined(__ARM_FEATURE_MVE) && !defined(LSN_PLAIN_KERNELS)
#define LSN_USE_MVE 1
#else
#define LSN_USE_MVE 0
#endif

#if defined(__ARM_FEATURE_DSP) && !LSN_USE_MVE && !defined(LSN_PLAIN_KERNELS)
#define LSN_USE_DSP 1
#else
#define LSN_USE_DSP 0
#endif

#if LSN_USE_MVE
typedef int8_t lsn_operand;
#else
typedef int16_t lsn_operand;
#endif

#endif
