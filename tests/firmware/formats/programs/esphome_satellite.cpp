/* What ESPHome generates, by hand: the component with a microphone that is stdin, 16 kHz mono s16le.
 * An argument: a chunk of so many samples that no buffer takes comes before the recording. */
#include <cassert>
#include <cstdio>
#include <cstdlib>

#include "lightsernet_component.h"

using namespace esphome;

/* Waits until the task waits for samples, and has waited in vain some times more. */
static void settle(int timeouts = 0) {
  StandInQueue *stream = streams.at(0);
  std::unique_lock<std::mutex> lock(stream->mutex);
  timeouts += stream->timeouts;
  while (!(stream->items.empty() && stream->is_awaited && stream->timeouts >= timeouts)) {
    stream->changed.wait_for(lock, std::chrono::milliseconds(1));
  }
}

int main(int argc, char **argv) {
  microphone::MicrophoneSource source;
  sensor::Sensor probability;
  text_sensor::TextSensor label;
  lightsernet::LightSernet component;
  component.set_microphone_source(&source);
  component.set_probability_sensor(&probability);
  component.set_label_sensor(&label);
  component.get_utterance_trigger()->then = [&](std::string said, float sure, float seconds) {
    assert(label.state == said && probability.state == 100.0f * sure);
    printf("utterance %s %.3f %.2f\n", said.c_str(), sure, seconds);
  };
  component.get_emotion_trigger()->then = [](std::string said, float sure, float seconds) {
    printf("emotion %s %.3f %.2f\n", said.c_str(), sure, seconds);
  };
  component.setup();
  component.dump_config();
  while (!source.is_started && !component.is_failed()) {
    std::this_thread::yield();
    component.loop();
  }
  if (component.is_failed()) {
    return 3;
  }
  if (argc > 1) {
    settle();
    source.callback(std::vector<uint8_t>(2 * atoi(argv[1])));
    /* When there are no samples, the task tells the engine of those lost. */
    settle(2);
  }
  std::vector<uint8_t> data(1024);
  while (size_t size = fread(data.data(), 1, data.size(), stdin)) {
    settle();
    source.callback(std::vector<uint8_t>(data.begin(), data.begin() + size));
    component.loop();
  }
  settle();
  component.loop();
  fflush(stdout);
  _Exit(0);
}
