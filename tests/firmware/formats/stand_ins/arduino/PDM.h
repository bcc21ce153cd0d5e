/* Arduino's PDM library: the microphone is stdin, 16 kHz mono s16le. */
#ifndef PDM_H
#define PDM_H
#include <stdio.h>

struct PDMClass {
  void (*receive)() = nullptr;
  char waiting[512];
  int count = 0;
  int begin(int channels, long rate) { return channels == 1 && rate == 16000; }
  void onReceive(void (*function)()) { receive = function; }
  int available() { return count; }
  int read(void *buffer, size_t size) {
    int given = count < (int)size ? count : (int)size;
    for (int i = 0; i < given; i++) {
      ((char *)buffer)[i] = waiting[i];
    }
    count = 0;
    return given;
  }
  /* The next interrupt; false at the end of the recording. */
  bool interrupt() {
    count = (int)fread(waiting, 1, sizeof waiting, stdin);
    if (count > 0 && receive != nullptr) {
      receive();
    }
    return count > 0 || !feof(stdin);
  }
};
static PDMClass PDM;
#endif
