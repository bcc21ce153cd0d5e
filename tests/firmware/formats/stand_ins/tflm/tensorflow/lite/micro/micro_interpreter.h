/* Of TFLite Micro's interpreter what the self-test uses: it prints its input, and gives the
 * output that the test hands it. */
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include "micro_mutable_op_resolver.h"

struct TfLiteTensor {
  std::size_t bytes;
  union { int8_t *int8; } data;
};
namespace tflite {
struct MicroInterpreter {
  TfLiteTensor in, out;
  TfLiteTensor *input(int) { return &in; }
  TfLiteTensor *output(int) { return &out; }
  TfLiteStatus Invoke() {
    std::fwrite(in.data.int8, 1, in.bytes, stderr);
    return kTfLiteOk;
  }
};
}
