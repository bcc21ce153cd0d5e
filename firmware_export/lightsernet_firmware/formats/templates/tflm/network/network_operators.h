/* SPDX-License-Identifier: Apache-2.0 */
/* The operators that the network needs of TFLite Micro, its arena, and its self-test. */
#ifndef LIGHTSERNET_NETWORK_OPERATORS_H
#define LIGHTSERNET_NETWORK_OPERATORS_H

#include <cstddef>
#include <cstdint>

#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"

constexpr int kNetworkOperators = @OPERATOR_COUNT@;

/* Measured on a 64-bit host, whose pointers are longer, with TFLite Micro's own kernels.
 * Others, such as CMSIS-NN's, may need more: ask interpreter.arena_used_bytes(). */
constexpr std::size_t kNetworkArenaBytes = @ARENA@;

using NetworkResolver = tflite::MicroMutableOpResolver<kNetworkOperators>;

inline TfLiteStatus AddNetworkOperators(NetworkResolver &resolver) {
@OPERATORS@
  return kTfLiteOk;
}

/* Run made-up rows through the network, and compare the posteriors with those of TFLite
 * Micro's own kernels; others, such as CMSIS-NN's, may round otherwise. */
inline bool NetworkSelfTest(tflite::MicroInterpreter &interpreter, int tolerance = 0) {
  static const int8_t kPosteriors[] = {@POSTERIORS@};
  TfLiteTensor *input = interpreter.input(0);
  /* Numerical Recipes' linear congruential generator. */
  uint32_t state = 1;
  for (std::size_t i = 0; i < input->bytes; i++) {
    state = state * 1664525u + 1013904223u;
    input->data.int8[i] = static_cast<int8_t>(static_cast<uint8_t>(state >> 24));
  }
  if (interpreter.Invoke() != kTfLiteOk) {
    return false;
  }
  const TfLiteTensor *output = interpreter.output(0);
  if (output->bytes != sizeof kPosteriors) {
    return false;
  }
  for (std::size_t i = 0; i < sizeof kPosteriors; i++) {
    const int difference = output->data.int8[i] - kPosteriors[i];
    if (difference > tolerance || difference < -tolerance) {
      return false;
    }
  }
  return true;
}

#endif
