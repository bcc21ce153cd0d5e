"""The report: its numbers against scikit-learn, its page in a browser."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import accuracy_score, f1_score, recall_score

from lightsernet_edge import EmotionRecognizer
from lightsernet_edge.cli import main
from lightsernet_edge.errors import DatasetError, InputError
from lightsernet_trainer.report import write_report
from lightsernet_trainer.report.listeners import compare, read_listeners
from lightsernet_trainer.report.missing import MISSING
from lightsernet_trainer.report.playback import Recordings
from lightsernet_trainer.results.file import write_results
from lightsernet_trainer.results.key import ResultKey
from lightsernet_trainer.results.reliability import BINS, reliability
from lightsernet_trainer.results.result import ClipResult, FoldResult, Result
from tests.chromium import Chromium
from tests.places import GOLDEN
from tests.trainer.results.made_up_results import result_of

LABELS = ("anger", "boredom", "neutral")
HOSTILE = "</script><b onclick=alert(1)>&'\""


def make(seed: int = 0, mixed: bool = False, **changes: Any) -> Result:
    """Made up; the truth mostly wins."""
    random = np.random.default_rng(seed)
    speakers = ("03", "08", "09")
    clips = []
    for i in range(60):
        posteriors = random.dirichlet(np.where(np.arange(3) == i % 3, 3.0, 1.0))
        speaker = speakers[i % 4 % 3]
        fold = speakers[i % 3] if mixed else speaker
        clips.append(ClipResult(f"{i}.wav", speaker, fold, LABELS[i % 3], tuple(posteriors)))
    epoch = {"loss": 1.0, "accuracy": 0.5, "learning_rate": 0.001, "seconds": 1.0}
    history = tuple({**epoch, "test_wa": 0.1 * i} if mixed else epoch for i in range(5))
    counts = [sum(clip.fold == name for clip in clips) for name in speakers]
    folds = [
        FoldResult(name, 60 - count, count, 5, 4, history)
        for name, count in zip(speakers, counts, strict=True)
    ]
    fields: dict[str, Any] = {
        "command": "made up",
        "versions": {},
        "labels": LABELS,
        "configuration": {"epochs": 5},
        "clips": clips,
        "folds": folds,
    }
    protocol = "published" if mixed else "loso"
    return result_of(ResultKey(protocol, "edge", "cross-entropy", "int8", seed), fields | changes)


@given(st.lists(st.tuples(st.floats(0.34, 1.0), st.booleans()), min_size=1, max_size=60))
def test_reliability_is_scikit_learns(clips: list[tuple[float, bool]]) -> None:
    confidence = np.array([value for value, _ in clips])
    right = np.array([hit for _, hit in clips])
    rest = (1 - confidence) / 2
    found = reliability(np.where(right, 0, 1), np.stack([confidence, rest, rest], axis=1))
    accuracy, mean = calibration_curve(right, confidence, n_bins=BINS)
    filled = found.counts > 0
    assert found.accuracy[filled] == pytest.approx(accuracy)
    assert found.confidence[filled] == pytest.approx(mean)
    weights = found.counts[filled] / len(clips)
    assert found.ece == pytest.approx(np.sum(weights * np.abs(accuracy - mean)))


def test_listeners_are_those_of_the_data(emodb: Path) -> None:
    rates = read_listeners(emodb)
    assert rates is not None
    published = [rates[path.name] for path in sorted((emodb / "wav").glob("*.wav"))]
    # Said of the data set: 20 listeners, 93.5 % on average, hardly any clip below 80 %.
    assert len(published) == 535
    assert np.mean(published) == pytest.approx(0.935, abs=0.0005)
    assert np.mean(np.array(published) >= 0.8) > 0.99
    assert read_listeners(emodb / "wav") is None


def test_comparison_with_listeners_by_hand() -> None:
    result = make()
    rates = {clip.file: 1.0 if clip.truth == "anger" else 0.9 for clip in result.clips}
    found = compare([result, make(1)], rates)
    assert found is not None
    assert found.listeners.tolist() == pytest.approx([1.0, 0.9, 0.9])
    hits = [
        [np.argmax(c.posteriors) == LABELS.index(c.truth) for c in r.clips if c.truth == "anger"]
        for r in (result, make(1))
    ]
    assert found.model[0] == pytest.approx(np.mean(hits))
    assert [(high, count) for _, high, count, _ in found.by_rate] == [(0.9, 40), (1.0, 20)]
    assert compare([result], {"0.wav": 1.0}) is None


def test_damaged_listeners_are_named(tmp_path: Path) -> None:
    (tmp_path / "erkennung.txt").write_text("Nr.\tSatz\terkannt\n1\ta.wav\t65,00\n2\tb.wav\tno\n")
    with pytest.raises(DatasetError, match=r"erkennung\.txt:3: found"):
        read_listeners(tmp_path)


def test_recordings_keep_to_their_budget(tmp_path: Path) -> None:
    for folder, name in (("a", "one"), ("a", "two"), ("a", "twice"), ("b", "twice")):
        (tmp_path / folder).mkdir(exist_ok=True)
        soundfile.write(tmp_path / folder / f"{name}.wav", np.zeros(16000), 16000)
    recordings = Recordings(tmp_path, 8000)
    assert recordings.add("one.wav")
    assert recordings.add("one.wav")
    assert not recordings.add("two.wav")
    # Which of the two is meant cannot be said.
    assert not Recordings(tmp_path, 10**6).add("twice.wav")
    assert not Recordings(None, 10**6).add("one.wav")
    with pytest.raises(InputError, match="no such folder"):
        Recordings(tmp_path / "absent", 1)


class Page(HTMLParser):
    """Tags, and addresses that a browser would fetch."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "br"):
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("src", "href", "xlink:href") and not (value or "").startswith("#"):
                self.addresses.append(value or "")
            if name.startswith("on"):
                self.handlers.append(name)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in ("meta", "br"):
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_page_is_whole_and_fetches_nothing(tmp_path: Path) -> None:
    results = [make(), make(1), make(precision="float32"), make(mixed=True)]
    results += [make(condition="gain:-24"), make(condition="noise:cat:10", command=HOSTILE)]
    results += [make(recipe=HOSTILE, versions={HOSTILE: HOSTILE})]
    out = tmp_path / "report.html"
    write_report(results, out, fresh=("03",))
    text = out.read_text()
    page = Page(text)
    assert not page.open
    assert not page.addresses
    assert not page.handlers
    assert len(set(page.ids)) == len(page.ids)
    assert not re.search(r"url\((?!#)|@import", text)
    # What a picture refers to is in that picture.
    assert set(re.findall(r'(?:url\(|href=")#([^)"]+)', text)) <= set(page.ids)


def test_page_is_the_same_again(tmp_path: Path) -> None:
    pages = [tmp_path / name for name in ("one.html", "two.html")]
    for out in pages:
        write_report([make()], out)
    assert pages[0].read_bytes() == pages[1].read_bytes()


def test_only_conditions_and_no_history(tmp_path: Path) -> None:
    folds = [FoldResult(f.name, f.train_clips, f.test_clips, 5, 5) for f in make().folds]
    out = tmp_path / "report.html"
    write_report([make(condition="room", folds=folds)], out)
    assert "room" in out.read_text()
    write_report([make(folds=folds)], out)
    assert "Learning curves" not in out.read_text()


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result, out = tmp_path / "result.json", tmp_path / "report.html"
    write_results(result, [make()])
    assert main(["report", str(result), "--out", str(out)]) == 0
    assert out.exists()
    assert capsys.readouterr() == (f"{out}\n", "")
    data = json.loads(result.read_text())
    (scored,) = data["trainings"][0]["results"]
    for changed, arguments, says in (
        ({"ua": 0.1}, [], r"ua is 0\.1, expected 0\.\d+, which the posteriors give"),
        ({"ua": "x"}, [], r"result\.json: .*\.ua is 'x'"),
        ({}, ["--data", str(tmp_path / "absent")], "absent: no such folder"),
        ({}, ["--out", str(tmp_path / "absent" / "x.html")], "x.html: cannot be written"),
    ):
        data["trainings"][0]["results"] = [scored | changed]
        result.write_text(json.dumps(data))
        assert main(["report", str(result), "--out", str(out), *arguments]) == 2
        printed = capsys.readouterr()
        assert re.search(says, printed.err)
        assert printed.err.count("\n") == 1
        assert printed.out == ""


def test_scores_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One object per score, by scikit-learn from the posteriors, and nothing else."""
    monkeypatch.chdir(tmp_path)
    results = [make(), make(1), make(2, condition="gain:-24", loss="focal"), make(mixed=True)]
    # Clips in two orders are as many clips.
    orders = [
        dataclasses.replace(clip, order=order, preceding=i)
        for order in (0, 1)
        for i, clip in enumerate(make().clips)
    ]
    results.append(make(protocol="loso-running", clips=orders))
    write_results(tmp_path / "one.json", results[:2])
    write_results(tmp_path / "more.json", results[2:])
    assert main(["report", "one.json", "more.json", "--json"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    for line, result in zip(printed.out.splitlines(), results, strict=True):
        truth = [clip.truth for clip in result.clips]
        answers = [LABELS[int(np.argmax(clip.posteriors))] for clip in result.clips]
        assert json.loads(line) == {
            "protocol": result.key.protocol,
            "recipe": "edge",
            "loss": result.key.loss,
            "precision": "int8",
            "seed": result.key.seed,
            "condition": "gain:-24" if result is results[2] else "clean",
            "ua": pytest.approx(recall_score(truth, answers, average="macro")),
            "wa": pytest.approx(accuracy_score(truth, answers)),
            "f1": pytest.approx(f1_score(truth, answers, average="weighted")),
            "clips": 60,
        }
    assert not (tmp_path / "report.html").exists()


def test_command_line_says_where_the_page_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_results(tmp_path / "result.json", [make()])
    assert main(["report", "result.json"]) == 0
    assert capsys.readouterr() == ("report.html\n", "")
    assert (tmp_path / "report.html").is_file()


@pytest.fixture(scope="module")
def twin_report(emodb: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report on the golden model, scored on the two speakers it never heard, and made-up ones."""
    from rich.console import Console

    from lightsernet_trainer.datasets import load
    from lightsernet_trainer.training.evaluation import hear

    summary = json.loads((GOLDEN / "summary.json").read_text())
    clips = [clip for clip in load("emodb", emodb).clips if clip.speaker in ("13", "15")]
    recognizer = EmotionRecognizer(GOLDEN / "int8.tflite")
    heard = hear(recognizer, clips, Console(quiet=True))
    fold = FoldResult("13, 15", 418, len(clips), 60, 60, tuple(summary["history"]))
    result = Result(
        key=ResultKey("loso", "edge", "cross-entropy", "int8", 0),
        command="make golden",
        versions={},
        labels=recognizer.labels,
        configuration=summary["configuration"],
        folds=(fold,),
        clips=tuple(
            ClipResult(
                clip.path.name,
                clip.speaker,
                fold.name,
                clip.label,
                tuple(emotion.posteriors.values()),
            )
            for clip, emotion in zip(clips, heard, strict=True)
        ),
    )
    others = [
        make(i, recipe="other", precision=name) for i in (0, 1) for name in ("int8", "float32")
    ]
    others += [make(mixed=True), make(recipe="other", condition="gain:-24")]
    out = tmp_path_factory.mktemp("report") / "report.html"
    write_report([result, *others], out, emodb, fresh=("13",))
    return out


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        pytest.skip("no browser: Debian's package chromium is not installed")
    profile = tmp_path_factory.mktemp("browser") / "profile"
    profile.mkdir()
    with Chromium(executable, profile, (1200, 900)) as chromium:
        yield chromium


SIZES = """[...document.querySelectorAll("svg.picture")].map(picture => {
  const frame = picture.getBoundingClientRect();
  const drawn = [...picture.querySelectorAll("path, use, text")]
    .map(part => part.getBoundingClientRect()).filter(part => part.width || part.height).length;
  const name = picture.getAttribute("aria-label");
  return {name, width: frame.width, height: frame.height, drawn};
})"""
CONTRASTS = """(() => {
  const probe = document.body.appendChild(document.createElement("i"));
  const luminance = variable => {
    probe.style.color = `var(--${variable})`;
    const [r, g, b] = getComputedStyle(probe).color.match(/[0-9]+/g).map(value => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, two) => {
    const [low, high] = [luminance(one), luminance(two)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  return Object.fromEntries([
    ...["ink", "muted", "accent", "second", "flattering"].flatMap(name =>
      ["card", "paper"].map(ground => [`${name} on ${ground}`, contrast(name, ground)])),
    ["on-accent on accent", contrast("on-accent", "accent")],
    ["on-accent on second", contrast("on-accent", "second")],
    ["card", luminance("card")]]);
})()"""
SOUND = """(async () => {
  const {audio, button} = playing;
  while (audio.currentTime < 0.1 && !audio.error)
    await new Promise(resolve => setTimeout(resolve, 20));
  return {seconds: audio.duration, error: audio.error && audio.error.message,
          paused: audio.paused, file: button.dataset.file, source: audio.src.slice(0, 22)};
})()"""


def test_page_opens_without_a_complaint(
    browser: Chromium, twin_report: Path, figure: Callable[[str], None]
) -> None:
    browser.complaints.clear()
    browser.requests.clear()
    browser.open(twin_report)
    sizes = browser.evaluate(SIZES)
    names = [size["name"] for size in sizes]
    assert {
        "UA of every run with its interval", "Confusion matrix", "Learning curves",
        "UA of each speaker", "Reliability diagram", "Model and human listeners",
    } == set(names)  # fmt: skip
    for size in sizes:
        assert size["width"] > 200, size
        assert size["height"] > 80, size
        assert size["drawn"] > 20, size
    assert browser.complaints == []
    assert browser.requests == [twin_report.resolve().as_uri()]
    megabytes = twin_report.stat().st_size / 1e6
    figure(f"{len(sizes)} pictures, page of {megabytes:.2f} MB")
    assert megabytes < 10


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out(browser: Chromium, twin_report: Path, scheme: str) -> None:
    browser.prefer(scheme)
    browser.open(twin_report)
    contrasts = browser.evaluate(CONTRASTS)
    assert (contrasts.pop("card") > 0.5) == (scheme == "light")
    # WCAG 2.1, level AA, for text of any size.
    assert {name: value for name, value in contrasts.items() if value < 4.5} == {}


@pytest.mark.parametrize("width", [1200, 400])
def test_nothing_sticks_out(browser: Chromium, twin_report: Path, width: int) -> None:
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.ask("Emulation.setDeviceMetricsOverride", **size)
    browser.open(twin_report)
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    browser.ask("Emulation.clearDeviceMetricsOverride")


def test_play_button_plays(browser: Chromium, twin_report: Path, emodb: Path) -> None:
    browser.complaints.clear()
    browser.open(twin_report)
    assert browser.evaluate("document.querySelectorAll('button.play').length") == 12
    browser.click("button.play")
    heard = browser.evaluate(SOUND)
    assert heard["error"] is None
    assert not heard["paused"]
    assert heard["source"] == "data:audio/mpeg;base64"
    recording = soundfile.info(emodb / "wav" / heard["file"])
    # A frame or two of silence before and after.
    assert heard["seconds"] == pytest.approx(recording.duration, abs=0.15)
    # A second button stops the first; clicked again it stops as well.
    browser.evaluate("first = playing.audio")
    for _ in range(2):
        browser.click("tr:nth-child(2) button.play")
    assert browser.evaluate("[first.paused, playing]") == [True, None]
    assert browser.complaints == []


def broken(*_: object, **__: object) -> None:
    raise RuntimeError("no such font")


def test_a_picture_that_fails_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The page has everything else; `crossval` writes the same one."""
    results, out = tmp_path / "r.json", tmp_path / "page.html"
    write_results(results, [make(), make(mixed=True)])
    assert main(["report", str(results), "--out", str(out)]) == 0
    whole = out.read_text()
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", broken)
    capsys.readouterr()
    assert main(["report", str(results), "--out", str(out)]) == 0
    says = "lightsernet-edge: warning: a picture is missing (RuntimeError: no such font)"
    assert capsys.readouterr().err.splitlines() == [says]
    page = out.read_text()
    assert "<svg" in whole
    assert "<svg" not in page
    assert page.count(MISSING) == whole.count("<svg")
    assert re.sub(r"<svg.*?</svg>\s*", MISSING, whole, flags=re.DOTALL) == page


def test_matplotlib_that_cannot_be_imported(tmp_path: Path) -> None:
    results, package = tmp_path / "r.json", tmp_path / "matplotlib"
    write_results(results, [make()])
    package.mkdir()
    (package / "__init__.py").write_text("raise AttributeError('_ARRAY_API not found')")
    done = subprocess.run(
        [sys.executable, "-m", "lightsernet_edge", "report", str(results)],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    says = "matplotlib cannot be imported (AttributeError: _ARRAY_API not found)"
    assert done.stderr.splitlines() == [f"lightsernet-edge: error: {says}"]


def test_pictures_of_a_calibration_that_fail_are_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "r.json"
    write_results(results, [make()])
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", broken)
    command = ["calibrate", str(results), "--json", "--pictures", str(tmp_path / "pictures")]
    assert main(command) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["temperature"] > 0
    assert "warning: a picture is missing (RuntimeError: no such font)" in said.err
    assert not list((tmp_path / "pictures").iterdir())
