"""The models that ship: package data."""
