"""Light-SERNet in Keras: layers, losses, learning rates, and the conversion to TFLite."""
