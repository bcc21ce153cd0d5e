// The operators (stdout, before a blank line), whether the self-test believes the output that is
// given in words, and its input (stderr).
#include <cstdlib>

#include "network.h"
#include "network_operators.h"

int main(int count, char **words) {
  static int8_t input[NETWORK_ROWS * NETWORK_COEFFICIENTS];
  static int8_t output[256];
  NetworkResolver resolver;
  if (AddNetworkOperators(resolver) != kTfLiteOk || resolver.added != kNetworkOperators) {
    return 1;
  }
  for (int i = 1; i < count; i++) {
    output[i - 1] = static_cast<int8_t>(std::atoi(words[i]));
  }
  tflite::MicroInterpreter interpreter{};
  interpreter.in.bytes = sizeof input;
  interpreter.in.data.int8 = input;
  interpreter.out.bytes = static_cast<std::size_t>(count - 1);
  interpreter.out.data.int8 = output;
  std::printf("\n%d %zu\n", NetworkSelfTest(interpreter), kNetworkArenaBytes);
  return 0;
}
