/* SPDX-License-Identifier: Apache-2.0 */
#include "lsn_fixed_spectrum.h"

#include "lsn_fixed_fft.h"
#include "lsn_fixed_math.h"
#include "lsn_front_end.h"

#if LSN_FIXED_POINT_FRONT_END

/* Bound of the window's exponent: twice an exponent of the spectrum stays below 184. */
#define LARGEST_SCALE 48

/* A frame's mean as in lsn_front_end.c, and the bits that its largest sample leaves unused of
 * 16 and a sign. */
typedef struct frame_level {
    int32_t offset;
    uint32_t unused;
} frame_level;

static frame_level level_of(const lsn_front_end *front_end, const int16_t *pcm)
{
    frame_level level = {0, 0};
    uint32_t used = 0;
    if ((front_end->flags & LSN_REMOVE_OFFSET) != 0) {
        int32_t sum = 0;
        for (uint32_t i = 0; i < front_end->frame_length; i++) {
            sum += pcm[i];
        }
        level.offset = sum / (int32_t)front_end->frame_length;
    }
    for (uint32_t i = 0; i < front_end->frame_length; i++) {
        int32_t sample = pcm[i] - level.offset;
        used |= (uint32_t)(sample ^ (sample >> 17)); /* 17 bits and a sign at most */
    }
    level.unused = lsn_leading_zeros(used | 1u) - 16u;
    return level;
}

/* A sample times the window, `drop` bits less. */
static inline int32_t windowed(int32_t sample, uint32_t window, int32_t scale, uint32_t drop)
{
    lsn_fraction w = lsn_fraction_of(window, scale);
    /* Of -2**16 and a window of -1, as only a senseless table has, the upper part alone does not
     * fit: only the sum does. */
    uint32_t high = (uint32_t)sample * (uint32_t)w.high;
    return (int32_t)(high + (uint32_t)(sample * w.low >> 15)) >> drop;
}

/* Window the frame and pack it as half as many complex numbers: even samples are the real
 * parts, odd ones the imaginary parts. They fill the bits that the transform takes.
 *
 * @return  how much larger the numbers are than the samples times the window: log2
 */
static int32_t load_frame(const lsn_model *model, const lsn_front_end *front_end,
                          const int16_t *pcm, int32_t *real, int32_t *imag)
{
    const uint32_t *window = lsn_at(model, front_end->window);
    uint32_t length = front_end->frame_length;
    uint32_t points = front_end->fft_length / 2u;
    uint32_t pairs = length / 2u;
    frame_level level = level_of(front_end, pcm);
    int32_t gain = 1 << level.unused;
    /* A Hann window is largest in the middle; the bounds are for senseless tables. */
    int32_t scale = lsn_exponent_of(window[pairs]) + 1;
    scale = scale < -LARGEST_SCALE ? -LARGEST_SCALE : scale;
    scale = scale > LARGEST_SCALE ? LARGEST_SCALE : scale;
    uint32_t drop = 31u - lsn_fixed_fft_bits(points);
    for (uint32_t i = 0; i < pairs; i++) {
        real[i] = windowed((pcm[2u * i] - level.offset) * gain, window[2u * i], scale, drop);
        imag[i] = windowed((pcm[2u * i + 1u] - level.offset) * gain, window[2u * i + 1u], scale,
                           drop);
    }
    for (uint32_t i = pairs; i < points; i++) {
        real[i] = 0;
        imag[i] = 0;
    }
    if (length % 2u != 0) {
        real[pairs] = windowed((pcm[length - 1u] - level.offset) * gain, window[length - 1u],
                               scale, drop);
    }
    return (int32_t)level.unused + 15 - scale - (int32_t)drop;
}

/* Magnitudes of the bins 0 .. points, from the transform Z of the packed frame. As the window
 * is halved, X[k] = (Z[k] + Z*[-k]) - j W**k (Z[k] - Z*[-k]). Here it is divided by 4, and by
 * 4 once more in lsn_fixed_magnitude. */
static void magnitudes_of_bins(const int32_t *restrict real, const int32_t *restrict imag,
                               const uint32_t *restrict split, size_t points,
                               uint32_t *restrict magnitudes)
{
    size_t half = points / 2u;
    int32_t middle_r = real[half] >> 1;
    int32_t middle_i = imag[half] >> 1;
    magnitudes[0] = lsn_fixed_magnitude((real[0] >> 1) + (imag[0] >> 1), 0);
    magnitudes[points] = lsn_fixed_magnitude((real[0] >> 1) - (imag[0] >> 1), 0);
    magnitudes[half] = lsn_fixed_magnitude(middle_r, middle_i);
    for (size_t k = 1; k < half; k++) {
        lsn_fraction c = lsn_fraction_of(split[k], 0);
        lsn_fraction s = lsn_fraction_of(split[half + k], 0);
        int32_t ar = real[k] >> 1;
        int32_t ai = imag[k] >> 1;
        int32_t br = real[points - k] >> 1;
        int32_t bi = imag[points - k] >> 1;
        int32_t even_r = (ar + br) >> 1;
        int32_t even_i = (ai - bi) >> 1;
        int32_t odd_r = ai + bi;
        int32_t odd_i = br - ar;
        int32_t turned_r = lsn_half_product(odd_r, c) - lsn_half_product(odd_i, s);
        int32_t turned_i = lsn_half_product(odd_r, s) + lsn_half_product(odd_i, c);
        magnitudes[k] = lsn_fixed_magnitude(even_r + turned_r, even_i + turned_i);
        magnitudes[points - k] = lsn_fixed_magnitude(even_r - turned_r, even_i - turned_i);
    }
}

lsn_fixed_spectrum lsn_fixed_spectrum_of(const lsn_model *model, const int16_t *pcm,
                                         int32_t *scratch)
{
    const lsn_front_end *front_end = lsn_front_end_of(model);
    uint32_t points = front_end->fft_length / 2u;
    int32_t *first = scratch;
    int32_t *second = scratch + front_end->fft_length;
    lsn_fixed_spectrum spectrum;
    int32_t exponent = load_frame(model, front_end, pcm, first, first + points);
    if (lsn_fixed_fft(first, first + points, second, second + points,
                      lsn_at(model, front_end->twiddles), points)) {
        int32_t *swap = first;
        first = second;
        second = swap;
    }
    spectrum.magnitudes = (uint32_t *)second;
    /* 4: twice a quarter, by magnitudes_of_bins and by lsn_fixed_magnitude. */
    spectrum.exponent = exponent - (int32_t)lsn_fixed_fft_halvings(points) - 4;
    magnitudes_of_bins(first, first + points, lsn_at(model, front_end->split), points,
                       spectrum.magnitudes);
    for (uint32_t i = 1; i < LSN_GROUP; i++) {
        spectrum.magnitudes[points + i] = 0;
    }
    return spectrum;
}

#endif
