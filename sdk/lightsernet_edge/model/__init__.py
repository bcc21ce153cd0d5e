"""A model file: the `.tflite`, the record inside it, and the graph it holds."""
