"""The protocols of cross-validation, and what their scores say."""

from __future__ import annotations

from collections.abc import Mapping

# What a protocol's score says, in the words that stand wherever it is printed.
PROTOCOLS: Mapping[str, str] = {
    "loso": "Leave one speaker out: what a stranger's voice gets. Epochs are fixed beforehand; "
    "statistics of the features and ranges of int8 come from the other speakers alone.",
    "published": "Flattering: folds that mix speakers, and of all epochs the one that does "
    "best on the test fold. It exists to be compared with the tables of papers that do the same.",
    "random": "Flattering: folds that mix speakers, so every voice was heard in training. "
    "No look at the test fold.",
    "loso-enrol": "Leave one speaker out, after ten seconds of the speaker's neutral speech. "
    "Those clips are left out of the test.",
    "loso-running": "Leave one speaker out, the features adapting to what was heard of the "
    "speaker so far, in random order and without labels.",
}

# Protocols whose folds leave out one speaker each, and those whose folds mix them.
LEAVE_ONE_SPEAKER_OUT = ("loso", "loso-enrol", "loso-running")
STRATIFIED = ("published", "random")
# The protocol that chooses the epoch, by the test fold.
CHOOSES_EPOCH = "published"
# Protocols that adapt the features to the speaker.
ADAPTED = ("loso-enrol", "loso-running")
