/* TFLite Micro's resolver, of which the names of the kernels are TFLite Micro's. */
#pragma once
#include <cstdint>
#include <cstdio>

enum TfLiteStatus { kTfLiteOk, kTfLiteError };
#define TF_LITE_ENSURE_STATUS(call) do { if ((call) != kTfLiteOk) return kTfLiteError; } while (0)
namespace tflite {
template <int kCount>
struct MicroMutableOpResolver {
  int added = 0;
  TfLiteStatus Add(const char *name) {
    std::puts(name);
    return added++ < kCount ? kTfLiteOk : kTfLiteError;
  }
  TfLiteStatus AddAveragePool2D() { return Add("AVERAGE_POOL_2D"); }
  TfLiteStatus AddConcatenation() { return Add("CONCATENATION"); }
  TfLiteStatus AddConv2D() { return Add("CONV_2D"); }
  TfLiteStatus AddFullyConnected() { return Add("FULLY_CONNECTED"); }
  TfLiteStatus AddMean() { return Add("MEAN"); }
  TfLiteStatus AddQuantize() { return Add("QUANTIZE"); }
  TfLiteStatus AddSoftmax() { return Add("SOFTMAX"); }
};
}
