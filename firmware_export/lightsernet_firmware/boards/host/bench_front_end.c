/* Runs the front end alone on consecutive frames, for host_benchmark.py to time. */
#include "lsn_front_end.h"

void bench_front_end(const lsn_model *model, const int16_t *pcm, size_t frames, float *scratch,
                     int8_t *rows);

void bench_front_end(const lsn_model *model, const int16_t *pcm, size_t frames, float *scratch,
                     int8_t *rows)
{
    const lsn_front_end *front_end = lsn_front_end_of(model);
    float level = lsn_float(&front_end->level_floor);
    lsn_standardization standardization;
    standardization.mean = lsn_at(model, front_end->mean);
    standardization.inverse_scale = lsn_at(model, front_end->inverse_scale);
    standardization.sum = NULL;
    standardization.squares = NULL;
    standardization.utterance_mean = NULL;
    standardization.share = 0.0f;
    for (size_t t = 0; t < frames; t++) {
        lsn_front_end_run(model, pcm + t * model->hop_length, &standardization, &level, scratch,
                          rows + t * model->n_coefficients);
    }
}
