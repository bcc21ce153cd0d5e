"""From the graph of a full-integer `.tflite` to a plan, and its cost."""
