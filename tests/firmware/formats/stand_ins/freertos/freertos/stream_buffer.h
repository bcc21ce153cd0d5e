#pragma once
#include "FreeRTOS.h"

typedef StandInQueue *StreamBufferHandle_t;
inline StreamBufferHandle_t xStreamBufferCreate(size_t capacity, size_t) {
  streams.push_back(new StandInQueue{capacity, 1, {}, {}, {}});
  return streams.back();
}
inline size_t xStreamBufferSpacesAvailable(StreamBufferHandle_t buffer) {
  std::lock_guard<std::mutex> lock(buffer->mutex);
  return buffer->capacity - buffer->items.size();
}
inline BaseType_t xStreamBufferIsEmpty(StreamBufferHandle_t buffer) {
  std::lock_guard<std::mutex> lock(buffer->mutex);
  return buffer->items.empty();
}
inline size_t xStreamBufferSend(StreamBufferHandle_t buffer, const void *data, size_t size, TickType_t) {
  std::lock_guard<std::mutex> lock(buffer->mutex);
  const uint8_t *bytes = static_cast<const uint8_t *>(data);
  size_t sent = 0;
  for (; sent < size && buffer->items.size() < buffer->capacity; sent++) {
    buffer->items.push_back({bytes[sent]});
  }
  buffer->changed.notify_all();
  return sent;
}
inline size_t xStreamBufferReceive(StreamBufferHandle_t buffer, void *data, size_t size, TickType_t ticks) {
  std::unique_lock<std::mutex> lock(buffer->mutex);
  size_t got = 0;
  for (wait_for(buffer, lock, ticks, false); got < size && !buffer->items.empty(); got++) {
    static_cast<uint8_t *>(data)[got] = buffer->items.front()[0];
    buffer->items.pop_front();
  }
  return got;
}
