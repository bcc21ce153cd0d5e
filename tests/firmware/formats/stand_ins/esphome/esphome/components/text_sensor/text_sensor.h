#pragma once
#include <string>
namespace esphome::text_sensor {
struct TextSensor {
  std::string state;
  void publish_state(const std::string &value) { this->state = value; }
};
}
