/* Batch normalisation, ReLU and average pool of bfloat16, each direction in two passes over memory.
 *
 * Tensors are (image, row, column, channel), channels adjacent in memory. A pool is its own stride;
 * a last partial window averages what there is. See normalised_pool.py, which compiles this.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    LANES = 16,      /* channels at a time: 512 bits of float */
    SUMMED_ROWS = 256 /* added in float before they go to a double */
};

typedef uint16_t bfloat16;
typedef float floats __attribute__((vector_size(LANES * 4)));
typedef int32_t masks __attribute__((vector_size(LANES * 4)));
typedef uint32_t bits32 __attribute__((vector_size(LANES * 4)));
typedef uint16_t bits16 __attribute__((vector_size(LANES * 2)));
typedef uint16_t half_bits16 __attribute__((vector_size(LANES)));

#define INLINE static inline __attribute__((always_inline))

/* Of the tensor before the pool, and of a window of it. */
struct shape {
    size_t images, rows, columns, channels, pool_rows, pool_columns;
};

/* Do it for all channels; blocks of what filters are multiples of have a width that the compiler
 * knows. */
#define FOR_EACH_BLOCK(channels, call)                                     \
    for (size_t first = 0; first < (channels); first += LANES) {           \
        if ((channels) - first >= LANES) {                                 \
            enum { width = LANES };                                        \
            call;                                                          \
        } else if ((channels) - first == LANES / 2) {                      \
            enum { width = LANES / 2 };                                    \
            call;                                                          \
        } else {                                                           \
            const size_t width = (channels) - first;                       \
            call;                                                          \
        }                                                                  \
    }

INLINE floats load(const bfloat16 *from, size_t width)
{
    bits16 upper = {0};
    if (width == LANES / 2) { /* by a register: a wide load after a narrow store waits */
        half_bits16 h;
        memcpy(&h, from, sizeof h);
        upper = (bits16){h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7]};
    } else {
        memcpy(&upper, from, width * sizeof *from);
    }
    return (floats)(__builtin_convertvector(upper, bits32) << 16);
}

/* Rounds to the nearest, halves to even. */
INLINE void store(bfloat16 *to, floats values, size_t width)
{
    bits32 bits = (bits32)values;
    bits += 0x7fffu + ((bits >> 16) & 1u);
    bits16 upper = __builtin_convertvector(bits >> 16, bits16);
    memcpy(to, &upper, width * sizeof *to);
}

INLINE floats load_floats(const float *from, size_t width)
{
    floats values = {0};
    memcpy(&values, from, width * sizeof *from);
    return values;
}

INLINE floats where_positive(floats condition, floats values)
{
    return (floats)((masks)values & (condition > 0.0f));
}

INLINE size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

INLINE size_t pooled(size_t size, size_t pool)
{
    return (size + pool - 1) / pool;
}

INLINE void block_moments(const bfloat16 *x, size_t pixels, size_t channels, size_t width,
                          float *mean, float *variance)
{
    double sum[LANES] = {0}, squares[LANES] = {0};
    const floats shift = load(x, width); /* near the mean: squares do not cancel */
    for (size_t begin = 0; begin < pixels; begin += SUMMED_ROWS) {
        const size_t end = least(begin + SUMMED_ROWS, pixels);
        floats s = {0}, q = {0};
        for (size_t i = begin; i < end; i++) {
            const floats value = load(x + i * channels, width) - shift;
            s += value;
            q += value * value;
        }
        for (size_t j = 0; j < width; j++) {
            sum[j] += s[j];
            squares[j] += q[j];
        }
    }
    for (size_t j = 0; j < width; j++) {
        const double offset = sum[j] / (double)pixels;
        const double spread = squares[j] / (double)pixels - offset * offset;
        mean[j] = (float)(shift[j] + offset);
        variance[j] = spread > 0.0 ? (float)spread : 0.0f;
    }
}

INLINE void block_forward(const bfloat16 *restrict x, struct shape of, size_t width,
                          const float *scales, const float *shifts, bfloat16 *restrict y)
{
    const floats scale = load_floats(scales, width), shift = load_floats(shifts, width);
    for (size_t i = 0; i < of.images; i++)
        for (size_t top = 0; top < of.rows; top += of.pool_rows)
            for (size_t left = 0; left < of.columns; left += of.pool_columns) {
                const size_t bottom = least(top + of.pool_rows, of.rows);
                const size_t right = least(left + of.pool_columns, of.columns);
                floats sum = {0};
                for (size_t r = top; r < bottom; r++)
                    for (size_t c = left; c < right; c++) {
                        const size_t pixel = (i * of.rows + r) * of.columns + c;
                        const floats value = load(x + pixel * of.channels, width) * scale + shift;
                        sum += where_positive(value, value);
                    }
                store(y, sum / (float)((bottom - top) * (right - left)), width);
                y += of.channels;
            }
}

INLINE void block_sums(const bfloat16 *restrict x, const bfloat16 *restrict gradient,
                       struct shape of, size_t width, const float *scales, const float *shifts,
                       double *sum, double *product)
{
    const floats scale = load_floats(scales, width), shift = load_floats(shifts, width);
    for (size_t j = 0; j < width; j++)
        sum[j] = product[j] = 0.0;
    for (size_t i = 0; i < of.images; i++)
        for (size_t top = 0; top < of.rows; top += of.pool_rows) {
            floats s = {0}, p = {0};
            for (size_t left = 0; left < of.columns; left += of.pool_columns) {
                const size_t bottom = least(top + of.pool_rows, of.rows);
                const size_t right = least(left + of.pool_columns, of.columns);
                const floats each = load(gradient, width) / (float)((bottom - top) * (right - left));
                gradient += of.channels;
                for (size_t r = top; r < bottom; r++)
                    for (size_t c = left; c < right; c++) {
                        const size_t pixel = (i * of.rows + r) * of.columns + c;
                        const floats value = load(x + pixel * of.channels, width);
                        const floats passed = where_positive(value * scale + shift, each);
                        s += passed;
                        p += passed * value;
                    }
            }
            for (size_t j = 0; j < width; j++) {
                sum[j] += s[j];
                product[j] += p[j];
            }
        }
}

INLINE void block_backward(const bfloat16 *restrict x, const bfloat16 *restrict gradient,
                           struct shape of, size_t width, const float *scales, const float *shifts,
                           const float *slopes, const float *offsets, bfloat16 *restrict result)
{
    const floats scale = load_floats(scales, width), shift = load_floats(shifts, width);
    const floats slope = load_floats(slopes, width), offset = load_floats(offsets, width);
    for (size_t i = 0; i < of.images; i++)
        for (size_t top = 0; top < of.rows; top += of.pool_rows)
            for (size_t left = 0; left < of.columns; left += of.pool_columns) {
                const size_t bottom = least(top + of.pool_rows, of.rows);
                const size_t right = least(left + of.pool_columns, of.columns);
                const floats each =
                    load(gradient, width) * scale / (float)((bottom - top) * (right - left));
                gradient += of.channels;
                for (size_t r = top; r < bottom; r++)
                    for (size_t c = left; c < right; c++) {
                        const size_t place =
                            ((i * of.rows + r) * of.columns + c) * of.channels;
                        const floats value = load(x + place, width);
                        const floats passed = where_positive(value * scale + shift, each);
                        store(result + place, passed + slope * value + offset, width);
                    }
            }
}

/* Mean and variance of each channel over all pixels. */
void moments(const bfloat16 *x, size_t pixels, size_t channels, float *mean, float *variance)
{
    FOR_EACH_BLOCK(channels, block_moments(x + first, pixels, channels, width, mean + first,
                                           variance + first))
}

/* y = pool(relu(x * scale + shift)) */
void forward(const bfloat16 *x, const struct shape *of, const float *scale, const float *shift,
             bfloat16 *y)
{
    FOR_EACH_BLOCK(of->channels, block_forward(x + first, *of, width, scale + first, shift + first,
                                               y + first))
}

/* Sums over all pixels of g and of g * x, where g is the gradient by what goes into the ReLU. */
void gradient_sums(const bfloat16 *x, const bfloat16 *gradient, const struct shape *of,
                   const float *scale, const float *shift, double *sum, double *product)
{
    FOR_EACH_BLOCK(of->channels, block_sums(x + first, gradient + first, *of, width, scale + first,
                                            shift + first, sum + first, product + first))
}

/* The gradient by x: scale * g + slope * x + offset. */
void backward(const bfloat16 *x, const bfloat16 *gradient, const struct shape *of,
              const float *scale, const float *shift, const float *slope, const float *offset,
              bfloat16 *result)
{
    FOR_EACH_BLOCK(of->channels,
                   block_backward(x + first, gradient + first, *of, width, scale + first,
                                  shift + first, slope + first, offset + first, result + first))
}
