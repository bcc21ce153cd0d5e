/* Keeps every row that a stage gives, for tests: the linker (--wrap) sends the
 * calls of lsn_stage_run through here. One stream at a time. */
#include <string.h>

#include "lsn_layout.h"
#include "lsn_stage_run.h"

static int8_t *next_rows[LSN_MAX_STAGES];

void tap_into(int8_t *const *rows, size_t stages);
void __real_lsn_stage_run(const lsn_model *model, const lsn_stage *stage, const int8_t *ring,
                          uint32_t rows_in, uint32_t first, uint32_t rows, int8_t *output,
                          uint8_t *scratch);
void __wrap_lsn_stage_run(const lsn_model *model, const lsn_stage *stage, const int8_t *ring,
                          uint32_t rows_in, uint32_t first, uint32_t rows, int8_t *output,
                          uint8_t *scratch);

/* From here on, stage s writes its rows to rows[s], one after another. */
void tap_into(int8_t *const *rows, size_t stages)
{
    memcpy(next_rows, rows, stages * sizeof *rows);
}

void __wrap_lsn_stage_run(const lsn_model *model, const lsn_stage *stage, const int8_t *ring,
                          uint32_t rows_in, uint32_t first, uint32_t rows, int8_t *output,
                          uint8_t *scratch)
{
    const lsn_path *paths = lsn_paths_of(model, stage);
    size_t channels = 0;
    __real_lsn_stage_run(model, stage, ring, rows_in, first, rows, output, scratch);
    for (uint32_t p = 0; p < stage->n_paths; p++) {
        channels += paths[p].filters;
    }
    size_t size = lsn_output_width(stage) * channels;
    int8_t **next = &next_rows[stage - lsn_stages_of(model)];
    memcpy(*next, output, size);
    *next += size;
}
