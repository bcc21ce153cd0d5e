/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that are copied to where they are called from: there some of their arguments are
 * constants, so that loops are unrolled, sums stay in registers and nothing is tested again. */
#ifndef LSN_ALWAYS_INLINE_H
#define LSN_ALWAYS_INLINE_H

#define LSN_ALWAYS_INLINE inline __attribute__((always_inline))

#endif
