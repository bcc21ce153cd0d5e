/* Of ESP-IDF's I2S driver what the example uses: the microphone is stdin, 16 kHz mono s16le,
 * which arrives as such microphones give it: in the upper bits of 32. What lies at the samples
 * LOST_FROM..LOST_TO finds no room. */
#ifndef I2S_STD_H
#define I2S_STD_H
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "esp_err.h"

typedef int i2s_chan_handle_t;
typedef enum { GPIO_NUM_4 = 4, GPIO_NUM_5, GPIO_NUM_6 } gpio_num_t;
#define I2S_GPIO_UNUSED ((gpio_num_t)-1)
enum { I2S_NUM_AUTO, I2S_ROLE_MASTER, I2S_DATA_BIT_WIDTH_32BIT, I2S_SLOT_MODE_MONO };
typedef struct { int id, role; uint32_t dma_desc_num, dma_frame_num; } i2s_chan_config_t;
typedef struct {
    struct { uint32_t sample_rate_hz; } clk_cfg;
    struct { int data_bit_width, slot_mode; } slot_cfg;
    struct { gpio_num_t mclk, bclk, ws, dout, din; } gpio_cfg;
} i2s_std_config_t;
#define I2S_CHANNEL_DEFAULT_CONFIG(id, role) {id, role, 6, 240}
#define I2S_STD_CLK_DEFAULT_CONFIG(rate) {rate}
#define I2S_STD_PHILIPS_SLOT_DEFAULT_CONFIG(width, mode) {width, mode}

typedef struct { size_t size; } i2s_event_data_t;
typedef bool (*i2s_isr_callback_t)(i2s_chan_handle_t, i2s_event_data_t *, void *);
typedef struct {
    i2s_isr_callback_t on_recv, on_recv_q_ovf, on_sent, on_send_q_ovf;
} i2s_event_callbacks_t;
#ifndef LOST_FROM
#define LOST_FROM -1L
#define LOST_TO -1L
#endif
static i2s_isr_callback_t on_overflow_of_stand_in;
static bool enabled;

static esp_err_t i2s_channel_register_event_callback(i2s_chan_handle_t handle,
                                                     const i2s_event_callbacks_t *callbacks,
                                                     void *context)
{
    on_overflow_of_stand_in = callbacks->on_recv_q_ovf;
    return handle != 1 || enabled || context != NULL;
}
static esp_err_t i2s_new_channel(const i2s_chan_config_t *config, i2s_chan_handle_t *transmit,
                                 i2s_chan_handle_t *receive)
{
    *receive = 1;
    return config->dma_desc_num == 0 || transmit != NULL;
}
static esp_err_t i2s_channel_init_std_mode(i2s_chan_handle_t handle,
                                           const i2s_std_config_t *config)
{
    return handle != 1 || config->clk_cfg.sample_rate_hz != 16000;
}
static esp_err_t i2s_channel_enable(i2s_chan_handle_t handle)
{
    enabled = true;
    return handle != 1;
}
static esp_err_t i2s_channel_read(i2s_chan_handle_t handle, void *buffer, size_t size,
                                  size_t *bytes, uint32_t timeout)
{
    static long position;
    int16_t sample;
    int32_t *words = buffer;
    *bytes = 0;
    if (position == LOST_FROM) {
        i2s_event_data_t event = {(LOST_TO - LOST_FROM) * sizeof *words};
        for (; position < LOST_TO; position++) {
            (void)!fread(&sample, sizeof sample, 1, stdin);
        }
        on_overflow_of_stand_in(handle, &event, NULL);
    }
    while (*bytes < size && fread(&sample, sizeof sample, 1, stdin) == 1) {
        words[*bytes / 4] = (int32_t)((uint32_t)(int32_t)sample << 14);
        *bytes += 4;
        position++;
    }
    if (*bytes == 0) {
        exit(0);
    }
    return handle != 1 || timeout == 0;
}
#endif
