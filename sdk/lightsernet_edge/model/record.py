"""`ModelRecord`: what a model file says of itself, as JSON.

The upgrade rule: within a schema version, readers ignore fields they do not
know, so a field may be added with a default and no new version. A change that
an old reader would get wrong takes a new version, and a function in `UPGRADES`
that turns the version before into it.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..decision import UNCERTAIN, DecisionRule
from ..endpointing.settings import EndpointSettings, settings_from_json
from ..errors import InputError, ModelError
from ..features import FeatureSpec
from ..files.json_fields import is_finite_number

SCHEMA_VERSION = 1
# What a network is converted to, the trained one first.
PRECISIONS = ("float32", "float16", "int8")
# From version -> the function that turns its JSON object into the next one's.
UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}

_SHA256 = re.compile(r"[0-9a-f]{64}")
_MAX_LABELS = 256
# Of decision.*, in seconds.
_TIMES = {
    "smoothing_s": (0.0, 60.0),
    "hold_s": (0.0, 60.0),
    "window_s": (0.5, 30.0),
    "step_s": (0.1, 30.0),
}


def _check_types(where: str, data: object, **types: type) -> None:
    """Raise ModelError unless the fields have these types; None passes where it is the default."""
    defaults = {item.name: item.default for item in dataclasses.fields(data)}  # type: ignore[arg-type]
    for name, kind in types.items():
        value = getattr(data, name)
        if value is None and defaults[name] is None:
            continue
        if not isinstance(value, kind) or isinstance(value, bool):
            raise ModelError(f"record: {where}.{name} is {value!r}, expected {kind.__name__}")


@dataclass(frozen=True)
class DecisionDefaults:
    """How posteriors become a decision, unless the caller says otherwise.

    Attributes
    ----------
    temperature : float
        The logits are divided by it: above 1 softens the posteriors.
    min_seconds : float
        Audio shorter than this is refused.
    thresholds : mapping of str to float
        Posterior, in 0..1, below which a label is not said but "uncertain" is; a
        label without one is always said.
    smoothing_s, hold_s : float
        Continuous mode: time constant of the smoothing over time, and how long a
        new label must last until it is said.
    window_s, step_s : float
        Continuous mode: how much audio is judged, and how often; provisional
        results come as often. Rounded to hops of the front end.
    endpointing : EndpointSettings
        What counts as an utterance.
    neutral_log_posteriors : mapping of str to float
        What the model says of its training speakers' neutral speech, enrolled: natural
        logarithms, means over the speakers. One value a label, or none: then enrolment
        leaves the answers as they are. See `lightsernet_edge.profiles.neutral_bias`.
    """

    temperature: float = 1.0
    min_seconds: float = 0.3
    thresholds: Mapping[str, float] = field(default_factory=dict)
    smoothing_s: float = 1.0
    hold_s: float = 1.0
    window_s: float = 3.0
    # 32 hops of 16 ms: the network's pools make one row of output of them.
    step_s: float = 0.512
    endpointing: EndpointSettings = field(default_factory=EndpointSettings)
    neutral_log_posteriors: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("temperature", "min_seconds"):
            value = getattr(self, name)
            if not is_finite_number(value) or value <= 0:
                raise ModelError(f"record: decision.{name} is {value!r}, expected a number above 0")
        for name, (low, high) in _TIMES.items():
            value = getattr(self, name)
            if not is_finite_number(value) or not low <= value <= high:
                raise ModelError(
                    f"record: decision.{name} is {value!r}, expected {low:g}..{high:g} s"
                )
        if not isinstance(self.thresholds, Mapping) or not all(
            isinstance(label, str) and is_finite_number(value) and 0 <= value <= 1
            for label, value in self.thresholds.items()
        ):
            raise ModelError(
                f"record: decision.thresholds is {self.thresholds!r}, expected a number in 0..1 "
                "a label"
            )
        logarithms = self.neutral_log_posteriors
        if not isinstance(logarithms, Mapping) or not all(
            isinstance(label, str) and is_finite_number(value) and value <= 0
            for label, value in logarithms.items()
        ):
            raise ModelError(
                f"record: decision.neutral_log_posteriors is {logarithms!r}, expected a number "
                "of at most 0 a label"
            )

    @classmethod
    def from_json(cls, data: object) -> DecisionDefaults:
        """Build the defaults from a record's JSON; fields that are missing keep their defaults.

        Raises
        ------
        ModelError
            If a field is of another type or out of its range.
        """
        if isinstance(data, dict) and "endpointing" in data:
            try:
                data = {**data, "endpointing": settings_from_json(data["endpointing"])}
            except InputError as error:
                raise ModelError(f"record: decision.{error}") from None
        decision: DecisionDefaults = _known(cls, data, "decision")
        return decision

    def step_hops(self, hops_per_s: float) -> int:
        """Return `step_s` in hops of the front end, at least 1."""
        return max(1, round(self.step_s * hops_per_s))

    def window_hops(self, hops_per_s: float) -> int:
        """Return `window_s` in hops of the front end, at least 1."""
        return max(1, round(self.window_s * hops_per_s))

    def rule(self, labels: tuple[str, ...]) -> DecisionRule:
        """Return the rule that these defaults are for a model's labels."""
        return DecisionRule(
            labels, self.temperature, dict(self.thresholds), self.smoothing_s, self.hold_s
        )


@dataclass(frozen=True)
class TrainingData:
    """What a model was trained on.

    Attributes
    ----------
    name : str
    licence, source : str or None
    clips : int
    speakers : tuple of str
    """

    name: str
    licence: str | None = None
    source: str | None = None
    clips: int = 0
    speakers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_types("data", self, name=str, licence=str, source=str, clips=int, speakers=tuple)
        if not all(isinstance(speaker, str) for speaker in self.speakers):
            raise ModelError(f"record: data.speakers is {self.speakers!r}, expected strings")


@dataclass(frozen=True)
class Score:
    """A score, and how it was obtained.

    Attributes
    ----------
    protocol : str
        Who was held out, and that nothing else of them was used.
    precision : str
        One of `PRECISIONS`.
    ua, wa, f1 : float
        Unweighted accuracy (mean recall), accuracy and weighted F1, in 0..1.
    clips : int
        Number of clips scored.
    """

    protocol: str
    precision: str
    ua: float
    wa: float
    f1: float
    clips: int

    def __post_init__(self) -> None:
        _check_types("scores", self, protocol=str, precision=str, clips=int)
        for name in ("ua", "wa", "f1"):
            value = getattr(self, name)
            if not is_finite_number(value) or not 0 <= value <= 1:
                raise ModelError(f"record: scores.{name} is {value!r}, expected 0..1")


@dataclass(frozen=True)
class ModelRecord:
    """The record that travels in a model file.

    Attributes
    ----------
    labels : tuple of str
        In the order of the model's output.
    features : FeatureSpec
    decision : DecisionDefaults
    data : TrainingData or None
    scores : tuple of Score
    tools : dict of str to str
        Versions of what made the model.
    sha256 : str
        Of the model's bytes without the record; empty until it is written.
    size : int
        Number of those bytes.
    """

    labels: tuple[str, ...]
    features: FeatureSpec
    decision: DecisionDefaults = DecisionDefaults()
    data: TrainingData | None = None
    scores: tuple[Score, ...] = ()
    tools: Mapping[str, str] = field(default_factory=dict)
    sha256: str = ""
    size: int = 0

    def __post_init__(self) -> None:
        check_labels(self.labels)
        unknown = set(self.decision.thresholds) - set(self.labels)
        if unknown:
            raise ModelError(
                f"record: decision.thresholds names {min(unknown)!r}, which is no label"
            )
        logarithms = self.decision.neutral_log_posteriors
        if logarithms and set(logarithms) != set(self.labels):
            raise ModelError(
                f"record: decision.neutral_log_posteriors is of {', '.join(logarithms)}, "
                f"expected {', '.join(self.labels)}"
            )
        if self.decision.thresholds and UNCERTAIN in self.labels:
            raise ModelError(
                f"record: {UNCERTAIN!r} is a label, so decision.thresholds cannot be used"
            )

    def to_bytes(self) -> bytes:
        """Return the record as UTF-8 JSON."""
        data = {"schema": SCHEMA_VERSION, **dataclasses.asdict(self)}
        return json.dumps(data, ensure_ascii=False, allow_nan=False, indent=1).encode()

    @classmethod
    def from_bytes(cls, text: bytes) -> ModelRecord:
        """Read a record from UTF-8 JSON, upgrading an older schema.

        Raises
        ------
        ModelError
            If it is no such JSON, its schema version is unknown, or a field is
            missing or out of range.
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
        labels = data.get("labels")
        if not isinstance(labels, list):
            raise ModelError(f"record: labels is {labels!r}, expected a list of strings")
        sha256, size = data.get("sha256"), data.get("size")
        if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
            raise ModelError(f"record: sha256 is {sha256!r}, expected 64 hexadecimal digits")
        if not isinstance(size, int) or size <= 0:
            raise ModelError(f"record: size is {size!r}, expected a number of bytes")
        tools = data.get("tools", {})
        if not isinstance(tools, dict):
            raise ModelError(f"record: tools is {tools!r}, expected an object")
        scores = data.get("scores", [])
        if not isinstance(scores, list):
            raise ModelError(f"record: scores is {scores!r}, expected a list")
        training = data.get("data")
        if isinstance(training, dict):
            speakers = training.get("speakers", [])
            if not isinstance(speakers, list):
                raise ModelError(f"record: data.speakers is {speakers!r}, expected a list")
            training = {**training, "speakers": tuple(speakers)}
        try:
            features = FeatureSpec.from_json(data.get("features"))
        except InputError as error:
            raise ModelError(f"record: {error}") from None
        return cls(
            labels=tuple(labels),
            features=features,
            decision=DecisionDefaults.from_json(data.get("decision", {})),
            data=None if training is None else _known(TrainingData, training, "data"),
            scores=tuple(_known(Score, score, "scores") for score in scores),
            tools=tools,
            sha256=sha256,
            size=size,
        )


def check_labels(labels: tuple[str, ...]) -> None:
    """Raise ModelError unless there are 2..256 different, non-empty strings."""
    if not 2 <= len(labels) <= _MAX_LABELS:
        raise ModelError(f"labels: found {len(labels)}, expected 2 to {_MAX_LABELS}")
    for label in labels:
        if not isinstance(label, str) or not label.strip() or not label.isprintable():
            raise ModelError(f"labels: found {label!r}, expected a printable name")
    if len(set(labels)) < len(labels):
        twice = next(label for label in labels if labels.count(label) > 1)
        raise ModelError(f"labels: {twice!r} stands there twice")


def _upgraded(data: dict[str, Any]) -> dict[str, Any]:
    version = data.get("schema")
    while version != SCHEMA_VERSION:
        if not isinstance(version, int) or version not in UPGRADES:
            raise ModelError(
                f"record: schema version {version!r} is unknown, expected at most "
                f"{SCHEMA_VERSION}; a newer lightsernet-edge may read it"
            )
        data = UPGRADES[version](data)
        version = data.get("schema")
    return data


def _known(kind: type[Any], data: object, where: str) -> Any:
    """Build a dataclass from the fields it knows."""
    if not isinstance(data, dict):
        raise ModelError(f"record: {where} is {data!r}, expected an object")
    names = {item.name for item in dataclasses.fields(kind)}
    try:
        return kind(**{name: value for name, value in data.items() if name in names})
    except TypeError as error:
        raise ModelError(f"record: {where}: {error}") from None
