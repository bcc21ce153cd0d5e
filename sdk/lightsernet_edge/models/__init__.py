"""The model that ships: package data."""
