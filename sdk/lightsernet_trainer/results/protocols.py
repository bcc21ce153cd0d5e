"""The protocols of cross-validation, and what their scores mean."""

from __future__ import annotations

from collections.abc import Mapping

# What a score under the protocol means; printed wherever such a score is.
PROTOCOLS: Mapping[str, str] = {
    "loso": "Leave one speaker out: the score of a voice that is new to the model. The number of "
    "epochs is fixed beforehand; statistics of the features and ranges of int8 come from the "
    "other speakers alone.",
    "published": "Flattering: folds that mix speakers, and of all epochs the one that scores best "
    "on the test fold. It exists for comparison with the tables of papers that do the same.",
    "random": "Flattering: folds that mix speakers, so that every voice of the test is also in the "
    "training. Nothing is chosen by the test fold.",
    "loso-enrol": "Leave one speaker out; the model is adapted to ten seconds of the speaker's "
    "neutral speech, which are left out of the test.",
    "loso-running": "Leave one speaker out; the features adapt to the speaker's preceding clips, "
    "in random order and without labels.",
}

# Protocols whose folds leave out one speaker each, and those whose folds mix them.
LEAVE_ONE_SPEAKER_OUT = ("loso", "loso-enrol", "loso-running")
STRATIFIED = ("published", "random")
# The protocol that chooses the epoch, by the test fold.
CHOOSES_EPOCH = "published"
# Protocols that adapt the features to the speaker.
ADAPTED = ("loso-enrol", "loso-running")
