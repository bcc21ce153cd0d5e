/* SPDX-License-Identifier: Apache-2.0 */
/* A microphone that is always on: one line for each utterance, when it has ended.
 *
 * For boards with a PDM microphone and Arduino's PDM library, such as the Nano 33 BLE Sense,
 * the Nano RP2040 Connect, the Nicla Vision and the Portenta's Vision Shield. A board that is too
 * slow for the model says that samples were lost; `lightsernet-edge info --boards` tells which. */
#include <LightSernetEdge.h>
#include <PDM.h>

static const size_t QUEUE = 8192; /* half a second; a power of two */
static int16_t queue[QUEUE];
static volatile uint32_t written; /* samples; only the interrupt changes it */
static volatile uint32_t lost;
static volatile uint32_t taken; /* only the loop changes it */

alignas(LSN_ALIGNMENT) static uint8_t ram[MODEL_LISTENER_RAM_BYTES];
static lsn_model model;
static lsn_listener *listener;

static void onSamples()
{
  static int16_t block[256];
  while (PDM.available() > 0) {
    size_t bytes = PDM.available() < (int)sizeof block ? PDM.available() : sizeof block;
    size_t count = PDM.read(block, bytes) / sizeof *block;
    if (count == 0) {
      break;
    }
    for (size_t i = 0; i < count; i++) {
      if (written - taken < QUEUE) {
        queue[written % QUEUE] = block[i];
        written = written + 1;
      } else {
        lost = lost + 1;
      }
    }
  }
}

static void onEvent(void *, const lsn_event *event)
{
  Serial.print((double)event->start / model.sample_rate, 2);
  Serial.print(" ");
  Serial.print((double)event->end / model.sample_rate, 2);
  Serial.print(" ");
  Serial.print(event->label == LSN_UNCERTAIN ? "uncertain" : lsn_label(&model, event->label));
  Serial.print(" ");
  Serial.println(event->confidence, 3);
}

static void stop(const char *reason)
{
  Serial.println(reason);
  for (;;) {
    delay(1000);
  }
}

void setup()
{
  Serial.begin(115200);
  while (!Serial) {
  }
  if (lsn_model_open(&model, model_blob, MODEL_BLOB_BYTES) != LSN_OK ||
      lsn_listener_open(&listener, &model, ram, sizeof ram, NULL, onEvent, NULL) != LSN_OK) {
    stop("the model does not open");
  }
  if (model_self_test(lsn_listener_stream(listener)) != 0) {
    stop("self-test: an integer differs");
  }
  Serial.println("self-test ok: " MODEL_SHA256);
  PDM.onReceive(onSamples);
  if (!PDM.begin(1, model.sample_rate)) {
    stop("the microphone does not start at the model's rate");
  }
}

void loop()
{
  while (written != taken) {
    size_t first = taken % QUEUE;
    size_t count = written - taken;
    if (count > QUEUE - first) {
      count = QUEUE - first;
    }
    if (count > 160) {
      count = 160; /* 10 ms at a time, so that the queue has room again soon */
    }
    lsn_listener_process(listener, queue + first, count);
    taken = taken + count;
  }
  if (lost != 0) {
    noInterrupts();
    uint32_t missing = lost;
    lost = 0;
    interrupts();
    lsn_listener_mark_broken(listener, missing);
    Serial.println("samples were lost: the board is too slow for this model");
  }
}
