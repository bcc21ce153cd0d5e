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
