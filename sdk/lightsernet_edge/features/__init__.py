"""The front end: from samples to rows of coefficients, written down once.

A `FeatureSpec` says what is computed, a `FrontEnd` holds the constants that
follow from it and computes them for whole clips or, for causal specs, as a
stream. Nothing here knows of models.
"""

from .front_end import FeatureStream, FrontEnd
from .recipes import INPUT_TYPES, RECIPES, recipe
from .spec import FeatureSpec

__all__ = ["INPUT_TYPES", "RECIPES", "FeatureSpec", "FeatureStream", "FrontEnd", "recipe"]
