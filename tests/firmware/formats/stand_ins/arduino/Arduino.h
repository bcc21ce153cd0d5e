/* Of Arduino's core what the sketches use: on a host, Serial is stdout. */
#ifndef ARDUINO_H
#define ARDUINO_H
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct SerialPort {
  void begin(unsigned long) {}
  explicit operator bool() const { return true; }
  bool operator!() const { return false; }
  void print(const char *text) { fputs(text, stdout); }
  void print(double value, int digits) { printf("%.*f", digits, value); }
  void println(const char *text) { puts(text); }
  void println(double value, int digits) { printf("%.*f\n", digits, value); }
};
static SerialPort Serial;

/* A sketch that stops waits for ever. */
inline void delay(unsigned long) { exit(3); }
inline void noInterrupts() {}
inline void interrupts() {}
#endif
