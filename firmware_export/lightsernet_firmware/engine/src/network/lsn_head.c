/* SPDX-License-Identifier: Apache-2.0 */
#include "lsn_head.h"

#include "lsn_fixed_point.h"
#include "lsn_softmax.h"

/* As in TFLite, the multiplier includes the division by the number of values. The shift
 * takes the largest power of two in that number, so that no bits are lost. */
static void mean_of(const lsn_head *head, const int32_t *sums, uint32_t values, int8_t *mean)
{
    int32_t power = 0;
    while ((values >> 1) >> power != 0) {
        power++;
    }
    if (power > 31 + head->mean_shift) {
        power = 31 + head->mean_shift;
    }
    int32_t multiplier = (int32_t)(((int64_t)head->mean_multiplier << power) / values);
    int32_t shift = head->mean_shift - power;
    int32_t offset = head->input_zero_point * (int32_t)values;
    for (uint32_t c = 0; c < head->channels; c++) {
        int32_t y = lsn_multiply(sums[c] - offset, multiplier, shift);
        mean[c] = (int8_t)lsn_clamp(y + head->mean_zero_point, -128, 127);
    }
}

/* TFLite rounds once in the dense layer, but twice in convolutions. */
static void dense(const lsn_model *model, const lsn_head *head, const int8_t *mean,
                  int8_t *logits)
{
    const int32_t *bias = lsn_at(model, head->requantization);
    const int32_t *multiplier = bias + model->n_labels;
    const int32_t *shift = multiplier + model->n_labels;
    const int8_t *weights = lsn_at(model, head->weights);
    uint32_t length = lsn_round_up(head->channels, LSN_GROUP);
    for (uint32_t label = 0; label < model->n_labels; label++) {
        int32_t sum = bias[label];
        for (uint32_t c = 0; c < head->channels; c++) {
            sum += weights[c] * mean[c];
        }
        weights += length;
        int32_t y = lsn_multiply_once(sum, multiplier[label], shift[label]);
        logits[label] = (int8_t)lsn_clamp(y + head->zero_point, head->minimum, head->maximum);
    }
}

void lsn_head_run(const lsn_model *model, const int32_t *sums, uint32_t values, int8_t *mean,
                  int8_t *logits, int8_t *posteriors)
{
    const lsn_head *head = lsn_head_of(model);
    mean_of(head, sums, values, mean);
    dense(model, head, mean, logits);
    lsn_softmax(head, logits, model->n_labels, posteriors);
}
