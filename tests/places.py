"""Where in the checkout things lie."""

from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
DOCS = CHECKOUT / "docs"
EXAMPLES = CHECKOUT / "examples"
CLIPS = EXAMPLES / "clips"
# The recordings in it, in order of their names.
CLIP_FILES = sorted(CLIPS.glob("*.wav"))
# Models trained without speakers 13 and 15, and their scores.
GOLDEN = CHECKOUT / "tests" / "golden" / "without_speakers_13_15"
KEPT_RESULTS = DOCS / "results"
KEPT_ANSWERS = DOCS / "answers"


def kept_results(model: str) -> Path:
    """Return the folder of the cross-validations of a model that ships."""
    return KEPT_RESULTS if model == "edge" else KEPT_RESULTS / model


def kept_answers(model: str) -> Path:
    """Return the folder of what a model that ships said of strangers."""
    return KEPT_ANSWERS if model == "edge" else KEPT_ANSWERS / model
