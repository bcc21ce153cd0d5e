// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "esphome/core/defines.h"

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include <freertos/FreeRTOS.h>
#include <freertos/queue.h>
#include <freertos/stream_buffer.h>
#include <freertos/task.h>

#include "esphome/components/microphone/microphone_source.h"
#include "esphome/core/automation.h"
#include "esphome/core/component.h"
#ifdef USE_SENSOR
#include "esphome/components/sensor/sensor.h"
#endif
#ifdef USE_TEXT_SENSOR
#include "esphome/components/text_sensor/text_sensor.h"
#endif

struct lsn_event;
struct lsn_listener;

namespace esphome::lightsernet {

// Label, its probability in 0..1, length of the utterance in seconds.
using UtteranceTrigger = Trigger<std::string, float, float>;

/// Runs the engine on what a microphone gives. The microphone's callback only copies; a task of
/// its own runs the engine; sensors and triggers are served in the main loop.
class LightSernet : public Component {
 public:
  void setup() override;
  void loop() override;
  void dump_config() override;
  float get_setup_priority() const override { return setup_priority::AFTER_CONNECTION; }

  void set_microphone_source(microphone::MicrophoneSource *source) { this->source_ = source; }
#ifdef USE_SENSOR
  void set_probability_sensor(sensor::Sensor *sensor) { this->probability_sensor_ = sensor; }
#endif
#ifdef USE_TEXT_SENSOR
  void set_label_sensor(text_sensor::TextSensor *sensor) { this->label_sensor_ = sensor; }
#endif
  /// Every utterance, "uncertain" ones too.
  UtteranceTrigger *get_utterance_trigger() { return &this->utterance_trigger_; }
  /// Utterances that have a label.
  UtteranceTrigger *get_emotion_trigger() { return &this->emotion_trigger_; }

 protected:
  /// What is said of an utterance; times in samples since the start.
  struct Utterance {
    uint64_t start, end;
    uint32_t label;
    float probability;
  };
  enum class State : uint8_t { STARTING, LISTENING, FAILED };

  static void task(void *component);
  static void on_event(void *component, const lsn_event *event);
  void run_();
  lsn_listener *open_();
  void take_(const std::vector<uint8_t> &data);
  void report_(const Utterance &utterance);

  microphone::MicrophoneSource *source_{nullptr};
#ifdef USE_SENSOR
  sensor::Sensor *probability_sensor_{nullptr};
#endif
#ifdef USE_TEXT_SENSOR
  text_sensor::TextSensor *label_sensor_{nullptr};
#endif
  UtteranceTrigger utterance_trigger_;
  UtteranceTrigger emotion_trigger_;

  StreamBufferHandle_t samples_{nullptr};
  QueueHandle_t utterances_{nullptr};
  /// Samples that found no room. Until the task has taken all that came before, and has told
  /// the engine of the gap, further ones are lost too.
  std::atomic<uint32_t> lost_{0};
  std::atomic<uint32_t> lost_in_all_{0};
  std::atomic<State> state_{State::STARTING};
  /// What the log has been told.
  State reported_state_{State::STARTING};
  uint32_t reported_loss_{0};
};

}  // namespace esphome::lightsernet
