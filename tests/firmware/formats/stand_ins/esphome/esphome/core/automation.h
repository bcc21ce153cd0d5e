/* A trigger calls what the test gives it. */
#pragma once
#include <functional>
namespace esphome {
template<typename... Ts> struct Trigger {
  std::function<void(Ts...)> then;
  void trigger(const Ts &...values) { this->then(values...); }
};
}
