"""From a full-integer `.tflite` to a plan, its cost and the model blob."""
