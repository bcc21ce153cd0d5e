/* 16-bit mono WAV files, read a piece at a time. */
#ifndef WAV_FILE_H
#define WAV_FILE_H

#include <stddef.h>
#include <stdint.h>

typedef struct wav_file {
    int handle;
    uint32_t sample_rate;
    uint32_t samples_left;
} wav_file;

/* 0, or -1 for a file that is missing or no 16-bit mono PCM. */
int wav_open(wav_file *wav, const char *name);

/* Up to `count` samples; 0 at the end. */
size_t wav_read(wav_file *wav, int16_t *samples, size_t count);

void wav_close(wav_file *wav);

#endif
