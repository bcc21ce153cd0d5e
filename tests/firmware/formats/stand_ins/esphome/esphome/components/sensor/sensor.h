#pragma once
namespace esphome::sensor {
struct Sensor {
  float state = -1;
  void publish_state(float value) { this->state = value; }
};
}
