#include "wav_file.h"

#include <string.h>

#include "semihosting.h"

#define FORMAT_PCM 1u
#define FORMAT_BYTES 16u

static uint32_t little_endian(const uint8_t *bytes, unsigned count)
{
    uint32_t value = 0;
    while (count-- > 0) {
        value = value << 8 | bytes[count];
    }
    return value;
}

static int skip(int handle, uint32_t bytes)
{
    uint8_t sink[64];
    while (bytes > 0) {
        size_t part = bytes < sizeof sink ? bytes : sizeof sink;
        if (semihosting_read(handle, sink, part) != part) {
            return -1;
        }
        bytes -= (uint32_t)part;
    }
    return 0;
}

static int read_format(wav_file *wav, uint32_t size)
{
    uint8_t format[FORMAT_BYTES];
    if (size < sizeof format ||
        semihosting_read(wav->handle, format, sizeof format) != sizeof format ||
        little_endian(format, 2) != FORMAT_PCM || little_endian(format + 2, 2) != 1u ||
        little_endian(format + 14, 2) != 16u) {
        return -1;
    }
    wav->sample_rate = little_endian(format + 4, 4);
    return skip(wav->handle, size - (uint32_t)sizeof format);
}

/* Read the header up to the samples, which any number of chunks may precede. */
static int find_samples(wav_file *wav)
{
    uint8_t head[12];
    if (semihosting_read(wav->handle, head, sizeof head) != sizeof head ||
        memcmp(head, "RIFF", 4) != 0 || memcmp(head + 8, "WAVE", 4) != 0) {
        return -1;
    }
    while (semihosting_read(wav->handle, head, 8) == 8u) {
        uint32_t size = little_endian(head + 4, 4);
        if (memcmp(head, "data", 4) == 0) {
            wav->samples_left = size / 2u;
            return wav->sample_rate != 0 ? 0 : -1;
        }
        /* Chunks are padded to an even number of bytes. */
        size += size & 1u;
        if (memcmp(head, "fmt ", 4) == 0 ? read_format(wav, size) : skip(wav->handle, size)) {
            return -1;
        }
    }
    return -1;
}

int wav_open(wav_file *wav, const char *name)
{
    memset(wav, 0, sizeof *wav);
    wav->handle = semihosting_open(name);
    if (wav->handle < 0) {
        return -1;
    }
    if (find_samples(wav) != 0) {
        wav_close(wav);
        return -1;
    }
    return 0;
}

size_t wav_read(wav_file *wav, int16_t *samples, size_t count)
{
    count = count < wav->samples_left ? count : wav->samples_left;
    count = semihosting_read(wav->handle, samples, 2u * count) / 2u;
    wav->samples_left -= (uint32_t)count;
    return count;
}

void wav_close(wav_file *wav)
{
    semihosting_close(wav->handle);
}
