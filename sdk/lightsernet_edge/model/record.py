"""`ModelRecord`: the JSON description that travels inside a model file.

The upgrade rule: within a schema version, readers ignore fields that they do not know.
So a field with a default may be added without a new version. A change that an old reader
would misread needs a new version, and a function in `UPGRADES` that converts the version
before.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..decision import OTHER, UNCERTAIN, DecisionRule
from ..endpointing.settings import EndpointSettings, settings_from_json
from ..errors import InputError, ModelError
from ..features import FeatureSpec
from ..files.json_fields import Fields, shown

SCHEMA_VERSION = 1
# The precisions that the trainer writes; float32 is that of the training.
PRECISIONS = ("float32", "float16", "int8")
# Schema version -> function that converts its JSON object to the next version's.
UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}

_SHA256 = re.compile(r"[0-9a-f]{64}")
_MAX_LABELS = 256
# Ranges of the fields of `DecisionDefaults`, in seconds.
_TIMES = {
    "smoothing_s": (0.0, 60.0),
    "hold_s": (0.0, 60.0),
    "window_s": (0.5, 30.0),
    "step_s": (0.1, 30.0),
}


@dataclass(frozen=True)
class DecisionDefaults:
    """How posteriors become a decision, unless the caller gives other settings.

    Attributes
    ----------
    temperature : float
        Divides the logits; above 0. Above 1 it softens the posteriors.
    min_seconds : float
        Shorter audio is refused, in seconds; above 0.
    thresholds : mapping of str to float
        A label whose posterior is below its threshold, in 0..1, becomes "uncertain". A
        label without a threshold never does.
    smoothing_s, hold_s : float
        Continuous mode: time constant of the smoothing, and how long a new label must last
        to be reported; in seconds, 0..60.
    window_s, step_s : float
        Continuous mode: length of the audio that is judged, 0.5..30, and time between
        decisions, 0.1..30, in seconds. Provisional events come every `step_s` too. Both are
        rounded to hops of the front end.
    endpointing : EndpointSettings
        Defines what counts as an utterance.
    neutral_log_posteriors : mapping of str to float
        Mean log posterior per output, in nats, at most 0, on neutral speech of the enrolled
        training speakers; empty: enrolment measures no bias. See `profiles.neutral_bias`.
    """

    temperature: float = 1.0
    min_seconds: float = 0.3
    thresholds: Mapping[str, float] = field(default_factory=dict)
    smoothing_s: float = 1.0
    hold_s: float = 1.0
    window_s: float = 3.0
    # 32 hops of 16 ms: the pools of the network reduce them to one row of output.
    step_s: float = 0.512
    endpointing: EndpointSettings = field(default_factory=EndpointSettings)
    neutral_log_posteriors: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        fields = Fields(vars(self), "record: decision.", ModelError)
        for name in ("temperature", "min_seconds"):
            fields.number(name, above=0.0)
        for name, (low, high) in _TIMES.items():
            fields.number(name, low, high, expected=f"{low:g}..{high:g} s")
        fields.numbers_by_name("thresholds", 0.0, 1.0, "a number in 0..1 for each label")
        fields.numbers_by_name(
            "neutral_log_posteriors", high=0.0, expected="a number of at most 0 for each label"
        )

    @classmethod
    def from_json(cls, data: object) -> DecisionDefaults:
        """Build the defaults from a record's JSON; missing fields keep their defaults.

        Parameters
        ----------
        data : object
            The JSON value of ``decision``.

        Raises
        ------
        ModelError
            If a field has another type or is out of its range.
        """
        if isinstance(data, dict) and "endpointing" in data:
            try:
                data = {**data, "endpointing": settings_from_json(data["endpointing"])}
            except InputError as error:
                raise ModelError(f"record: decision.{error}") from None
        return Fields({"decision": data}, "record: ", ModelError).nested("decision").build(cls)

    def step_hops(self, hops_per_s: float) -> int:
        """Return `step_s` in hops, at least 1; `hops_per_s` is the front end's rate of hops."""
        return max(1, round(self.step_s * hops_per_s))

    def window_hops(self, hops_per_s: float) -> int:
        """Return `window_s` in hops, at least 1; `hops_per_s` is the front end's rate of hops."""
        return max(1, round(self.window_s * hops_per_s))

    def rule(self, labels: tuple[str, ...]) -> DecisionRule:
        """Return the decision rule of these defaults for `labels`, in the model's order."""
        return DecisionRule(
            labels, self.temperature, dict(self.thresholds), self.smoothing_s, self.hold_s
        )


@dataclass(frozen=True)
class TrainingData:
    """The data set that a model was trained on.

    Attributes
    ----------
    name : str
    licence, source : str or None
        Name of the licence, and where the data set comes from; None if not known.
    clips : int
        Number of clips.
    speakers : tuple of str
        Empty if not known.

    Raises
    ------
    ModelError
        If a field has another type.
    """

    name: str
    licence: str | None = None
    source: str | None = None
    clips: int = 0
    speakers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        fields = Fields(vars(self), "record: data.", ModelError)
        fields.text("name")
        for name in ("licence", "source"):
            if fields.is_given(name):
                fields.text(name)
        fields.whole("clips")
        fields.texts("speakers")


@dataclass(frozen=True)
class Score:
    """A score and how it was measured.

    Attributes
    ----------
    protocol : str
        Describes who was held out of training.
    precision : str
        One of `PRECISIONS`.
    ua, wa, f1 : float
        Unweighted accuracy (mean recall), accuracy and weighted F1, in 0..1.
    clips : int
        Number of clips scored.

    Raises
    ------
    ModelError
        If a field has another type or is out of its range.
    """

    protocol: str
    precision: str
    ua: float
    wa: float
    f1: float
    clips: int

    def __post_init__(self) -> None:
        fields = Fields(vars(self), "record: scores.", ModelError)
        for name in ("protocol", "precision"):
            fields.text(name)
        for name in ("ua", "wa", "f1"):
            fields.share(name)
        fields.whole("clips")


@dataclass(frozen=True)
class ModelRecord:
    """The record inside a model file.

    Attributes
    ----------
    labels : tuple of str
        In the order of the model's output.
    features : FeatureSpec
        The front end that the model was trained with.
    decision : DecisionDefaults
    data : TrainingData or None
        None if not known.
    scores : tuple of Score
    tools : dict of str to str
        Name -> version of the software that made the model.
    sha256 : str
        Of the model's bytes without the record, 64 hexadecimal digits; empty before the
        record is written.
    size : int
        Number of those bytes.
    other_output : bool
        Whether there is an output more, the last, for what is none of the labels.

    Raises
    ------
    ModelError
        If labels are not 2 to 256 different names, or a field of `decision` does not fit
        them.
    """

    labels: tuple[str, ...]
    features: FeatureSpec
    decision: DecisionDefaults = DecisionDefaults()
    data: TrainingData | None = None
    scores: tuple[Score, ...] = ()
    tools: Mapping[str, str] = field(default_factory=dict)
    sha256: str = ""
    size: int = 0
    other_output: bool = False

    def __post_init__(self) -> None:
        check_labels(self.labels)
        if self.other_output and OTHER in self.labels:
            raise ModelError(f"record: {OTHER!r} is a label, so other_output cannot be used")
        unknown = set(self.decision.thresholds) - set(self.labels)
        if unknown:
            raise ModelError(
                f"record: decision.thresholds names {shown(min(unknown))}, which is not a label"
            )
        logarithms = self.decision.neutral_log_posteriors
        if logarithms and set(logarithms) != set(self.outputs):
            raise ModelError(
                f"record: decision.neutral_log_posteriors names {', '.join(logarithms)}, "
                f"expected {', '.join(self.outputs)}"
            )

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the outputs: the labels, and maybe `OTHER`."""
        return (*self.labels, OTHER) if self.other_output else self.labels

    def to_bytes(self) -> bytes:
        """Return the record as UTF-8 JSON."""
        fields = {**dataclasses.asdict(self), "features": self.features.to_json()}
        if not self.other_output:
            del fields["other_output"]
        data = {"schema": SCHEMA_VERSION, **fields}
        text = json.dumps(data, ensure_ascii=False, allow_nan=False, indent=1)
        # A speaker's name that is not UTF-8: JSON escapes its bytes the same way.
        return text.encode(errors="backslashreplace")

    @classmethod
    def from_bytes(cls, text: bytes) -> ModelRecord:
        """Read a record from the UTF-8 JSON `text`, upgrading an older schema.

        Raises
        ------
        ModelError
            If it is not such JSON, its schema version is unknown, or a field is missing or
            out of range.
        """
        try:
            data = json.loads(text.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise ModelError(f"record: not JSON ({error})") from None
        if not isinstance(data, dict):
            raise ModelError(f"record: found {type(data).__name__}, expected a JSON object")
        return cls._from_json(_upgraded(data))

    @classmethod
    def _from_json(cls, data: dict[str, Any]) -> ModelRecord:
        fields = Fields(data, "record: ", ModelError)
        labels = fields.items("labels", "a list of strings")
        sha256 = fields.text("sha256", _SHA256, "64 hexadecimal digits")
        size = fields.whole("size", 1, expected="a number of bytes")
        try:
            features = FeatureSpec.from_json(data.get("features"))
        except InputError as error:
            raise ModelError(f"record: {error}") from None
        tools = fields.nested("tools") if "tools" in data else Fields({})
        return cls(
            labels=tuple(labels),
            features=features,
            decision=DecisionDefaults.from_json(data.get("decision", {})),
            data=_training_data(fields.nested("data")) if fields.is_given("data") else None,
            scores=tuple(
                score.build(Score)
                for score in (fields.objects("scores") if "scores" in data else ())
            ),
            tools={name: tools.text(name) for name in tools},
            sha256=sha256,
            size=size,
            other_output=fields.flag("other_output") if "other_output" in data else False,
        )


def _training_data(fields: Fields) -> TrainingData:
    speakers = tuple(fields.items("speakers")) if "speakers" in fields else ()
    return Fields({**fields.values, "speakers": speakers}, fields.where, fields.error).build(
        TrainingData
    )


def check_labels(labels: tuple[str, ...]) -> None:
    """Raise ModelError unless there are 2..256 different, non-empty strings."""
    if not 2 <= len(labels) <= _MAX_LABELS:
        raise ModelError(f"labels: found {len(labels)}, expected 2 to {_MAX_LABELS}")
    for label in labels:
        if not isinstance(label, str) or not label.strip() or not label.isprintable():
            raise ModelError(f"labels: found {shown(label)}, expected a printable name")
        if label == UNCERTAIN:
            raise ModelError(
                f"labels: found {label!r}, which is the answer where no label is sure; expected "
                "another name"
            )
    if len(set(labels)) < len(labels):
        twice = next(label for label in labels if labels.count(label) > 1)
        raise ModelError(f"labels: found {shown(twice)} twice, expected it once")


def _upgraded(data: dict[str, Any]) -> dict[str, Any]:
    version = data.get("schema")
    while version != SCHEMA_VERSION:
        if not isinstance(version, int) or version not in UPGRADES:
            raise ModelError(
                f"record: schema version {shown(version)} is unknown, expected at most "
                f"{SCHEMA_VERSION}; a newer lightsernet-edge may read it"
            )
        data = UPGRADES[version](data)
        version = data.get("schema")
    return data
