/* SPDX-License-Identifier: Apache-2.0 */
/* Hints to the compiler's vectoriser. None changes a bit of a result: the sources say in
 * which order sums are taken. */
#ifndef LSN_VECTORIZE_H
#define LSN_VECTORIZE_H

/* In front of a loop: no iteration reads or writes what another one writes. Without it
 * the compiler compares a dozen addresses at run time, or does not vectorise. */
#if defined(__GNUC__) && !defined(__clang__)
#define LSN_INDEPENDENT _Pragma("GCC ivdep")
#else
#define LSN_INDEPENDENT
#endif

/* Unless it is told, GCC uses half of an AVX-512 register. */
#if defined(__AVX512F__) && defined(__GNUC__) && __GNUC__ >= 12 && !defined(__clang__)
#pragma GCC target("prefer-vector-width=512")
#endif

/* Whether there is room for a function to be compiled several times, for constants that save
 * addresses and products; LSN_SPECIALIZED marks such functions. */
#if defined(__GNUC__) && (defined(__x86_64__) || defined(__aarch64__))
#define LSN_SPECIALIZES 1
#define LSN_SPECIALIZED inline __attribute__((always_inline))
#else
#define LSN_SPECIALIZES 0
#define LSN_SPECIALIZED inline
#endif

#endif
