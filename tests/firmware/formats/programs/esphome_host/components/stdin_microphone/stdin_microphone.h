#pragma once
#include <cstdio>
#include <cstdlib>

#include "esphome/components/microphone/microphone.h"
#include "esphome/core/component.h"

namespace esphome::stdin_microphone {

class StdinMicrophone : public microphone::Microphone, public Component {
 public:
  void setup() override { this->audio_stream_info_ = audio::AudioStreamInfo(16, 1, 16000); }
  void start() override { this->state_ = microphone::STATE_RUNNING; }
  void stop() override { this->state_ = microphone::STATE_STOPPED; }
  void loop() override {
    if (!this->is_running()) {
      return;
    }
    std::vector<uint8_t> data(1024);
    data.resize(fread(data.data(), 1, data.size(), stdin));
    // Some loops more, in which the last events are reported.
    if (data.empty() && ++this->silent_loops_ > 50) {
      exit(0);
    }
    this->data_callbacks_.call(data);
  }

 protected:
  int silent_loops_ = 0;
};

}  // namespace esphome::stdin_microphone
