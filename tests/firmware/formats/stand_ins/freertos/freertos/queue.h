#pragma once
#include "FreeRTOS.h"

typedef StandInQueue *QueueHandle_t;
inline QueueHandle_t xQueueCreate(UBaseType_t capacity, UBaseType_t size) {
  return new StandInQueue{capacity, size, {}, {}, {}};
}
inline BaseType_t xQueueSend(QueueHandle_t queue, const void *item, TickType_t ticks) {
  std::unique_lock<std::mutex> lock(queue->mutex);
  if (!wait_for(queue, lock, ticks, true)) {
    return pdFALSE;
  }
  const uint8_t *bytes = static_cast<const uint8_t *>(item);
  queue->items.emplace_back(bytes, bytes + queue->size);
  queue->changed.notify_all();
  return pdTRUE;
}
inline BaseType_t xQueueReceive(QueueHandle_t queue, void *item, TickType_t ticks) {
  std::unique_lock<std::mutex> lock(queue->mutex);
  if (!wait_for(queue, lock, ticks, false)) {
    return pdFALSE;
  }
  memcpy(item, queue->items.front().data(), queue->size);
  queue->items.pop_front();
  queue->changed.notify_all();
  return pdTRUE;
}
