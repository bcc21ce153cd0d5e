"""From a full-integer `.tflite` to firmware: the home of the C99 engine and its exporter."""
