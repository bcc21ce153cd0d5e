"""A model as C: its array and headers, and a self-test."""
