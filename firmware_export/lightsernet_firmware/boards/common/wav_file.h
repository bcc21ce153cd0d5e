/* 16-bit mono WAV files, read piece by piece. */
#ifndef WAV_FILE_H
#define WAV_FILE_H

#include <stddef.h>
#include <stdint.h>

typedef struct wav_file {
    int handle;
    uint32_t sample_rate;  /* Hz */
    uint32_t samples_left; /* not read so far */
} wav_file;

/* Returns 0, or -1 if the file cannot be opened or is no 16-bit mono PCM. */
int wav_open(wav_file *wav, const char *name);

/* Read up to `count` samples. Returns how many were read, 0 at the end. */
size_t wav_read(wav_file *wav, int16_t *samples, size_t count);

void wav_close(wav_file *wav);

#endif
