"""A microphone for ESPHome that is stdin."""
