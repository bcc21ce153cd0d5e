"""The front end: from samples to rows of coefficients, defined once.

A `FeatureSpec` defines what is computed. A `FrontEnd` holds the constants that follow
from it, and computes whole clips or, if the spec is causal, a stream. Nothing here
knows of models.
"""

from .front_end import FeatureStream, FrontEnd
from .recipes import INPUT_TYPES, RECIPES, recipe
from .spec import FeatureSpec
from .standardization import Standardization

__all__ = [
    "INPUT_TYPES",
    "RECIPES",
    "FeatureSpec",
    "FeatureStream",
    "FrontEnd",
    "Standardization",
    "recipe",
]
