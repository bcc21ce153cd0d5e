/* Of ESP-IDF's I2S driver what the example uses: the microphone is stdin, 16 kHz mono s16le,
 * which arrives as such microphones give it: in the upper bits of 32. */
#ifndef I2S_STD_H
#define I2S_STD_H
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
    return handle != 1;
}
static esp_err_t i2s_channel_read(i2s_chan_handle_t handle, void *buffer, size_t size,
                                  size_t *bytes, uint32_t timeout)
{
    int16_t sample;
    int32_t *words = buffer;
    *bytes = 0;
    while (*bytes < size && fread(&sample, sizeof sample, 1, stdin) == 1) {
        words[*bytes / 4] = (int32_t)((uint32_t)(int32_t)sample << 14);
        *bytes += 4;
    }
    if (*bytes == 0) {
        exit(0);
    }
    return handle != 1 || timeout == 0;
}
#endif
