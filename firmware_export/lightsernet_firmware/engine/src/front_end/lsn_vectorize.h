/* SPDX-License-Identifier: Apache-2.0 */
/* A hint to the compiler's vectoriser. */
#ifndef LSN_VECTORIZE_H
#define LSN_VECTORIZE_H

/* In front of a loop: no iteration reads or writes what another one writes. Without it
 * the compiler compares a dozen addresses at run time, or does not vectorise. */
#if defined(__GNUC__) && !defined(__clang__)
#define LSN_INDEPENDENT _Pragma("GCC ivdep")
#else
#define LSN_INDEPENDENT
#endif

#endif
