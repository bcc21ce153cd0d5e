/* SPDX-License-Identifier: Apache-2.0 */
/* lsn_lanes.h with AVX-512 VNNI, AVX-VNNI or AVX2.
 *
 * VPDPBUSD multiplies four unsigned bytes by four signed ones: pixels have 128 added, which
 * the bias takes back. VPMADDWD multiplies two pairs of int16. */
#ifndef LSN_LANES_X86_H
#define LSN_LANES_X86_H

#include <immintrin.h>
#include <string.h>

#define LSN_DOUBLED 1
#define LSN_STEP (4u / (uint32_t)sizeof(lsn_packed_operand))
#define LSN_UNROLL 1u

#if LSN_USE_AVX512_VNNI

#define LSN_LANES 16u
#define LSN_VECTORS 2u
#define LSN_PIXELS 10u

typedef __m512i lsn_lanes;

static inline lsn_lanes lsn_lanes_load(const void *from)
{
    return _mm512_loadu_si512(from);
}

static inline void lsn_lanes_store(int32_t *to, lsn_lanes x)
{
    _mm512_storeu_si512(to, x);
}

static inline lsn_lanes lsn_lanes_of(int32_t x)
{
    return _mm512_set1_epi32(x);
}

static inline lsn_lanes lsn_lanes_add(lsn_lanes x, lsn_lanes y)
{
    return _mm512_add_epi32(x, y);
}

static inline lsn_lanes lsn_lanes_subtract(lsn_lanes x, lsn_lanes y)
{
    return _mm512_sub_epi32(x, y);
}

static inline lsn_lanes lsn_lanes_clamp(lsn_lanes x, lsn_lanes minimum, lsn_lanes maximum)
{
    return _mm512_min_epi32(_mm512_max_epi32(x, minimum), maximum);
}

static inline lsn_lanes lsn_lanes_left(lsn_lanes x, lsn_lanes shift)
{
    return _mm512_sllv_epi32(x, shift);
}

static inline lsn_lanes lsn_lanes_logical_right(lsn_lanes x, lsn_lanes shift)
{
    return _mm512_srlv_epi32(x, shift);
}

static inline lsn_lanes lsn_lanes_rounding_right(lsn_lanes x, lsn_lanes shift, lsn_lanes half)
{
    return _mm512_srav_epi32(_mm512_add_epi32(x, half), shift);
}

static inline lsn_lanes lsn_lanes_rounded_high(lsn_lanes x, lsn_lanes y)
{
    const lsn_lanes half = _mm512_set1_epi64(0x80000000);
    lsn_lanes even = _mm512_mul_epi32(x, y);
    lsn_lanes odd = _mm512_mul_epi32(_mm512_srli_epi64(x, 32), _mm512_srli_epi64(y, 32));
    even = _mm512_srli_epi64(_mm512_add_epi64(even, half), 32);
    return _mm512_mask_blend_epi32(0xAAAA, even, _mm512_add_epi64(odd, half));
}

static inline void lsn_lanes_narrow(int8_t *to, lsn_lanes x)
{
    _mm_storeu_si128((__m128i *)(void *)to, _mm512_cvtepi32_epi8(x));
}

#else

#define LSN_LANES 8u
#define LSN_VECTORS 2u
#define LSN_PIXELS 5u

typedef __m256i lsn_lanes;

static inline lsn_lanes lsn_lanes_load(const void *from)
{
    return _mm256_loadu_si256((const __m256i *)from);
}

static inline void lsn_lanes_store(int32_t *to, lsn_lanes x)
{
    _mm256_storeu_si256((__m256i *)(void *)to, x);
}

static inline lsn_lanes lsn_lanes_of(int32_t x)
{
    return _mm256_set1_epi32(x);
}

static inline lsn_lanes lsn_lanes_add(lsn_lanes x, lsn_lanes y)
{
    return _mm256_add_epi32(x, y);
}

static inline lsn_lanes lsn_lanes_subtract(lsn_lanes x, lsn_lanes y)
{
    return _mm256_sub_epi32(x, y);
}

static inline lsn_lanes lsn_lanes_clamp(lsn_lanes x, lsn_lanes minimum, lsn_lanes maximum)
{
    return _mm256_min_epi32(_mm256_max_epi32(x, minimum), maximum);
}

static inline lsn_lanes lsn_lanes_left(lsn_lanes x, lsn_lanes shift)
{
    return _mm256_sllv_epi32(x, shift);
}

static inline lsn_lanes lsn_lanes_logical_right(lsn_lanes x, lsn_lanes shift)
{
    return _mm256_srlv_epi32(x, shift);
}

static inline lsn_lanes lsn_lanes_rounding_right(lsn_lanes x, lsn_lanes shift, lsn_lanes half)
{
    return _mm256_srav_epi32(_mm256_add_epi32(x, half), shift);
}

static inline lsn_lanes lsn_lanes_rounded_high(lsn_lanes x, lsn_lanes y)
{
    const lsn_lanes half = _mm256_set1_epi64x(0x80000000);
    lsn_lanes even = _mm256_mul_epi32(x, y);
    lsn_lanes odd = _mm256_mul_epi32(_mm256_srli_epi64(x, 32), _mm256_srli_epi64(y, 32));
    even = _mm256_srli_epi64(_mm256_add_epi64(even, half), 32);
    return _mm256_blend_epi32(even, _mm256_add_epi64(odd, half), 0xAA);
}

static inline void lsn_lanes_narrow(int8_t *to, lsn_lanes x)
{
    __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    _mm_storel_epi64((__m128i *)(void *)to, _mm_packs_epi16(words, words));
}

#endif

typedef lsn_lanes lsn_sums;
typedef lsn_lanes lsn_weights;
typedef lsn_lanes lsn_pixel;

static inline lsn_sums lsn_sums_begin(lsn_lanes bias)
{
    return bias;
}

static inline lsn_lanes lsn_sums_total(lsn_sums sums, lsn_lanes bias)
{
    (void)bias;
    return sums;
}

static inline lsn_weights lsn_weights_load(const lsn_packed_operand *weights)
{
    return lsn_lanes_load(weights);
}

static inline lsn_pixel lsn_pixel_load(const lsn_packed_operand *pixel)
{
    int32_t bytes;
    memcpy(&bytes, pixel, sizeof bytes);
    return lsn_lanes_of(bytes);
}

static inline lsn_sums lsn_sums_add(lsn_sums sums, lsn_pixel pixel, lsn_weights weights)
{
#if LSN_USE_AVX512_VNNI
    return _mm512_dpbusd_epi32(sums, pixel, weights);
#elif LSN_USE_AVX_VNNI
    return _mm256_dpbusd_avx_epi32(sums, pixel, weights);
#else
    return _mm256_add_epi32(sums, _mm256_madd_epi16(pixel, weights));
#endif
}

#endif
