// SPDX-License-Identifier: Apache-2.0
#include "lightsernet_component.h"

#include "esphome/core/log.h"

#include "lightsernet_live.h"
#include "model.h"
#include "model_metadata.h"

namespace esphome::lightsernet {

static const char *const TAG = "lightsernet";

// A second of samples waits while the network runs.
static const size_t WAITING_BYTES = MODEL_SAMPLE_RATE_HZ * sizeof(int16_t);
static const size_t CHUNK_SAMPLES = MODEL_SAMPLE_RATE_HZ / 100;
static const UBaseType_t WAITING_UTTERANCES = 8;
static const uint32_t TASK_STACK_BYTES = 6144;
static const UBaseType_t TASK_PRIORITY = 1;
static const uint32_t PATIENCE_MS = 100;

alignas(LSN_ALIGNMENT) static uint8_t ram[MODEL_LISTENER_RAM_BYTES];
static lsn_model model;

void LightSernet::setup() {
  this->samples_ = xStreamBufferCreate(WAITING_BYTES, 1);
  this->utterances_ = xQueueCreate(WAITING_UTTERANCES, sizeof(Utterance));
  if (this->samples_ == nullptr || this->utterances_ == nullptr ||
      xTaskCreate(LightSernet::task, "lightsernet", TASK_STACK_BYTES, this, TASK_PRIORITY, nullptr) != pdPASS) {
    ESP_LOGE(TAG, "Not enough memory for the task and its buffers");
    this->mark_failed();
    return;
  }
  this->source_->add_data_callback([this](const std::vector<uint8_t> &data) { this->take_(data); });
}

void LightSernet::take_(const std::vector<uint8_t> &data) {
  if (this->state_ != State::LISTENING) {
    return;
  }
  if (this->lost_ > 0 || xStreamBufferSpacesAvailable(this->samples_) < data.size()) {
    const uint32_t lost = data.size() / sizeof(int16_t);
    this->lost_ += lost;
    this->lost_in_all_ += lost;
    return;
  }
  xStreamBufferSend(this->samples_, data.data(), data.size(), 0);
}

void LightSernet::task(void *component) {
  static_cast<LightSernet *>(component)->run_();
  vTaskDelete(nullptr);
}

lsn_listener *LightSernet::open_() {
  lsn_listener *listener;
  if (lsn_model_open(&model, model_blob, MODEL_BLOB_BYTES) != LSN_OK ||
      lsn_listener_open(&listener, &model, ram, sizeof ram, nullptr, LightSernet::on_event, this) != LSN_OK ||
      model_self_test(lsn_listener_stream(listener)) != 0) {
    return nullptr;
  }
  return listener;
}

void LightSernet::run_() {
  static int16_t pcm[CHUNK_SAMPLES];
  lsn_listener *listener = this->open_();
  if (listener == nullptr) {
    this->state_ = State::FAILED;
    return;
  }
  this->state_ = State::LISTENING;
  this->source_->start();
  lsn_status status = LSN_OK;
  while (status == LSN_OK) {
    // Whole samples were sent, and as many are received.
    const size_t size = xStreamBufferReceive(this->samples_, pcm, sizeof pcm, pdMS_TO_TICKS(PATIENCE_MS));
    status = lsn_listener_process(listener, pcm, size / sizeof *pcm);
    if (status == LSN_OK && this->lost_ > 0 && xStreamBufferIsEmpty(this->samples_) == pdTRUE) {
      status = lsn_listener_mark_broken(listener, this->lost_.exchange(0));
    }
  }
  this->source_->stop();
  this->state_ = State::FAILED;
}

void LightSernet::on_event(void *component, const lsn_event *event) {
  const Utterance utterance{event->start, event->end, event->label, event->confidence};
  xQueueSend(static_cast<LightSernet *>(component)->utterances_, &utterance, portMAX_DELAY);
}

void LightSernet::loop() {
  const State state = this->state_;
  if (state != this->reported_state_) {
    this->reported_state_ = state;
    if (state == State::FAILED) {
      ESP_LOGE(TAG, "The model does not open, or its self-test found a wrong integer");
      this->mark_failed();
      return;
    }
    ESP_LOGI(TAG, "self-test ok: " MODEL_SHA256);
  }
  const uint32_t lost = this->lost_in_all_;
  if (lost != this->reported_loss_) {
    ESP_LOGW(TAG, "%u samples lost: the processor does not keep up", (unsigned) (lost - this->reported_loss_));
    this->reported_loss_ = lost;
  }
  Utterance utterance;
  while (xQueueReceive(this->utterances_, &utterance, 0) == pdTRUE) {
    this->report_(utterance);
  }
}

void LightSernet::report_(const Utterance &utterance) {
  const bool uncertain = utterance.label == LSN_UNCERTAIN;
  const char *label = uncertain ? "uncertain" : lsn_label(&model, utterance.label);
  const double rate = MODEL_SAMPLE_RATE_HZ;
  const double start = utterance.start / rate, end = utterance.end / rate;
  const float seconds = static_cast<float>(end - start);
  ESP_LOGD(TAG, "%.2f %.2f %s %.3f", start, end, label, utterance.probability);
#ifdef USE_TEXT_SENSOR
  if (this->label_sensor_ != nullptr) {
    this->label_sensor_->publish_state(label);
  }
#endif
#ifdef USE_SENSOR
  if (this->probability_sensor_ != nullptr) {
    this->probability_sensor_->publish_state(100.0f * utterance.probability);
  }
#endif
  this->utterance_trigger_.trigger(label, utterance.probability, seconds);
  if (!uncertain) {
    this->emotion_trigger_.trigger(label, utterance.probability, seconds);
  }
}

void LightSernet::dump_config() {
  ESP_LOGCONFIG(TAG,
                "Light-SERNet:\n"
                "  Model: %s, SHA-256 %s\n"
                "  RAM: %u bytes for the listener, %u for waiting samples",
                MODEL_FILE, MODEL_SHA256, (unsigned) sizeof ram, (unsigned) WAITING_BYTES);
}

}  // namespace esphome::lightsernet
