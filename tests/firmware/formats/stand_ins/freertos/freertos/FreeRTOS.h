/* Of FreeRTOS what the component for ESPHome uses, with the threads of this machine. */
#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

typedef unsigned UBaseType_t;
typedef int BaseType_t;
typedef uint32_t TickType_t;
enum { pdFALSE, pdTRUE, pdPASS = 1 };
#define portMAX_DELAY 0xffffffffu
#define pdMS_TO_TICKS(ms) (ms)

/* Items of a fixed size; a stream of bytes is a queue of items of one. */
struct StandInQueue {
  size_t capacity, size;
  std::deque<std::vector<uint8_t>> items;
  std::mutex mutex;
  std::condition_variable changed;
  bool is_awaited = false; /* somebody waits for items, and there are none */
  int timeouts = 0;        /* how often somebody waited in vain */
};
/* The streams that there are, for a program that waits until all is taken. */
inline std::vector<StandInQueue *> streams;
inline bool wait_for(StandInQueue *queue, std::unique_lock<std::mutex> &lock, TickType_t ticks, bool room) {
  auto ready = [=] { return room ? queue->items.size() < queue->capacity : !queue->items.empty(); };
  queue->is_awaited = !room && !ready();
  if (queue->is_awaited) {
    queue->changed.notify_all();
  }
  bool is_ready = true;
  if (ticks == portMAX_DELAY) {
    queue->changed.wait(lock, ready);
  } else {
    is_ready = queue->changed.wait_for(lock, std::chrono::milliseconds(ticks), ready);
  }
  queue->is_awaited = false;
  queue->timeouts += !is_ready;
  return is_ready;
}
