/* SPDX-License-Identifier: Apache-2.0 */
/* Compares every integer of a made-up utterance with what it should be. Any board will do. */
#include <LightSernetEdge.h>

alignas(LSN_ALIGNMENT) static uint8_t ram[MODEL_RAM_BYTES];
static lsn_model model;
static lsn_stream *stream;

void setup()
{
  Serial.begin(115200);
  while (!Serial) {
  }
  if (lsn_model_open(&model, model_blob, MODEL_BLOB_BYTES) != LSN_OK ||
      lsn_stream_open(&stream, &model, ram, sizeof ram) != LSN_OK) {
    Serial.println("self-test: the model does not open");
  } else if (model_self_test(stream) != 0) {
    Serial.println("self-test: an integer differs");
  } else {
    Serial.println("self-test ok: " MODEL_SHA256);
  }
}

void loop()
{
}
