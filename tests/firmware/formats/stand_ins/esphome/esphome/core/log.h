/* The log is stderr. */
#pragma once
#include <cstdio>
#define STAND_IN_LOG(tag, ...) (fprintf(stderr, "%s: ", tag), fprintf(stderr, __VA_ARGS__), fputc('\n', stderr))
#define ESP_LOGE STAND_IN_LOG
#define ESP_LOGW STAND_IN_LOG
#define ESP_LOGI STAND_IN_LOG
#define ESP_LOGD STAND_IN_LOG
#define ESP_LOGCONFIG STAND_IN_LOG
