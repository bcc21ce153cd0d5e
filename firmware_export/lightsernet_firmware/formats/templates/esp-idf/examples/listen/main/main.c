/* SPDX-License-Identifier: Apache-2.0 */
/* An I2S microphone that is always on: one line for each utterance, when it has ended.
 *
 * For microphones that give 24 bits in 32, such as the INMP441, the ICS-43434 and the SPH0645:
 * set the pins below, and connect the microphone's L/R (or SEL) to ground, for the left channel.
 * A chip that is too slow for the model says that samples were lost. */
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

#include "driver/i2s_std.h"
#include "esp_attr.h"
#include "esp_err.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"

#include "lightsernet_live.h"
#include "model.h"
#include "model_metadata.h"

#define PIN_CLOCK GPIO_NUM_4
#define PIN_WORD_SELECT GPIO_NUM_5
#define PIN_DATA GPIO_NUM_6
#define CHUNK 160u    /* 10 ms */
#define GAIN_SHIFT 14 /* 16 keeps the microphone's level; each step less is 6 dB more */

static uint8_t ram[MODEL_LISTENER_RAM_BYTES] __attribute__((aligned(LSN_ALIGNMENT)));
static lsn_model model;
static i2s_chan_handle_t microphone;
static atomic_uint lost; /* samples; the interrupt adds, the loop takes */

static bool IRAM_ATTR on_overflow(i2s_chan_handle_t handle, i2s_event_data_t *event, void *context)
{
    (void)handle;
    (void)context;
    atomic_fetch_add(&lost, event->size / sizeof(int32_t));
    return false;
}

static void open_microphone(void)
{
    i2s_chan_config_t channel = I2S_CHANNEL_DEFAULT_CONFIG(I2S_NUM_AUTO, I2S_ROLE_MASTER);
    /* What arrives while the network runs on a row waits here. */
    channel.dma_desc_num = 16;
    channel.dma_frame_num = 256;
    i2s_std_config_t config = {
        .clk_cfg = I2S_STD_CLK_DEFAULT_CONFIG(MODEL_SAMPLE_RATE_HZ),
        .slot_cfg = I2S_STD_PHILIPS_SLOT_DEFAULT_CONFIG(I2S_DATA_BIT_WIDTH_32BIT,
                                                        I2S_SLOT_MODE_MONO),
        .gpio_cfg =
            {
                .mclk = I2S_GPIO_UNUSED,
                .bclk = PIN_CLOCK,
                .ws = PIN_WORD_SELECT,
                .dout = I2S_GPIO_UNUSED,
                .din = PIN_DATA,
            },
    };
    ESP_ERROR_CHECK(i2s_new_channel(&channel, NULL, &microphone));
    ESP_ERROR_CHECK(i2s_channel_init_std_mode(microphone, &config));
    i2s_event_callbacks_t callbacks = {.on_recv_q_ovf = on_overflow};
    ESP_ERROR_CHECK(i2s_channel_register_event_callback(microphone, &callbacks, NULL));
    ESP_ERROR_CHECK(i2s_channel_enable(microphone));
}

static size_t next_samples(int16_t *pcm)
{
    static int32_t words[CHUNK];
    size_t bytes = 0;
    ESP_ERROR_CHECK(i2s_channel_read(microphone, words, sizeof words, &bytes, portMAX_DELAY));
    for (size_t i = 0; i < bytes / sizeof *words; i++) {
        int32_t sample = words[i] >> GAIN_SHIFT;
        pcm[i] = (int16_t)(sample > INT16_MAX ? INT16_MAX : sample < INT16_MIN ? INT16_MIN : sample);
    }
    return bytes / sizeof *words;
}

static void on_event(void *context, const lsn_event *event)
{
    (void)context;
    printf("%.2f %.2f %s %.3f\n", (double)event->start / MODEL_SAMPLE_RATE_HZ,
           (double)event->end / MODEL_SAMPLE_RATE_HZ,
           event->label == LSN_UNCERTAIN ? "uncertain" : lsn_label(&model, event->label),
           (double)event->confidence);
}

void app_main(void)
{
    lsn_listener *listener;
    int16_t pcm[CHUNK];

    if (lsn_model_open(&model, model_blob, MODEL_BLOB_BYTES) != LSN_OK ||
        lsn_listener_open(&listener, &model, ram, sizeof ram, NULL, on_event, NULL) != LSN_OK) {
        puts("the model does not open");
        return;
    }
    if (model_self_test(lsn_listener_stream(listener)) != 0) {
        puts("self-test: an integer differs");
        return;
    }
    puts("self-test ok: " MODEL_SHA256);
    open_microphone();
    for (;;) {
        size_t count = next_samples(pcm);
        unsigned missing = atomic_exchange(&lost, 0);
        if (missing != 0) {
            lsn_listener_mark_broken(listener, missing);
            puts("samples were lost: the chip is too slow for this model");
            vTaskDelay(1); /* the watchdog waits for the idle task, which now has its turn */
        }
        lsn_listener_process(listener, pcm, count);
    }
}
