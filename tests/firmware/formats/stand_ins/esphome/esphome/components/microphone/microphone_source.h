#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>
namespace esphome::microphone {
struct MicrophoneSource {
  std::function<void(const std::vector<uint8_t> &)> callback;
  std::atomic<bool> is_started{false};
  template<typename F> void add_data_callback(F &&function) { this->callback = function; }
  void start() { this->is_started = true; }
  void stop() { this->is_started = false; }
};
}
