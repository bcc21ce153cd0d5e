"""The label that enrolment and decisions know; all others are a model's own."""

# Speech without emotion, in every reader of the trainer; enrolment takes such speech.
NEUTRAL = "neutral"
