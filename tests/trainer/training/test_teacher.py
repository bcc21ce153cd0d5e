"""A teacher's answers: as an interpreter gives them, and of nobody that the pupil may not hear."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from lightsernet_edge import InputError
from lightsernet_edge.cli import main
from lightsernet_edge.model.file import ModelFile, default_model_path, read_model
from lightsernet_trainer.configuration import TrainingConfiguration
from lightsernet_trainer.datasets.clip import Clip, Corpus
from lightsernet_trainer.datasets.splits import Split
from lightsernet_trainer.training.checkpoint import run_facts
from lightsernet_trainer.training.teacher import Teacher, expect_allowed
from tests.places import GOLDEN

TEACHER = GOLDEN / "float32.tflite"
N_FRAMES = 184


def split_of(train: tuple[str, ...], test: tuple[str, ...] = ()) -> Split:
    both = [
        tuple(Clip(Path(f"{name}.wav"), "anger", name) for name in names) for names in (train, test)
    ]
    return Split(*both, "made up")


def crops_and_targets(file: ModelFile, count: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    shape = (count, N_FRAMES, file.record.features.n_coefficients, 1)
    targets = np.eye(len(file.record.labels), dtype=np.float32)[np.arange(count)]
    return random.normal(size=shape).astype(np.float32), targets


@pytest.mark.parametrize("path", [TEACHER, default_model_path()], ids=["float32", "shipped"])
@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_targets_are_labels_and_answers_in_the_shares_asked_for(path: Path, share: float) -> None:
    """The answers by LiteRT as a user calls it; an output for what is no emotion left out."""
    file = read_model(path)
    crops, targets = crops_and_targets(file, 5)
    interpreter = Interpreter(
        model_content=file.model,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    interpreter.allocate_tensors()
    given, gives = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    answers = []
    for crop in crops:
        values = crop[None]
        if given["dtype"] == np.int8:
            scale, zero = given["quantization"]
            values = np.clip(np.round(values / scale) + zero, -128, 127).astype(np.int8)
        interpreter.resize_tensor_input(given["index"], values.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(given["index"], values)
        interpreter.invoke()
        answer = interpreter.get_tensor(gives["index"])[0].astype(np.float64)
        if gives["dtype"] == np.int8:
            answer = (answer + 128) / 256
        answer = answer[: targets.shape[1]]
        answers.append(answer / answer.sum())
    found = Teacher(file, file.record.features, share).targets(crops, targets)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(found, (1 - share) * targets + share * np.array(answers), atol=1e-5)


def test_a_teacher_that_hears_otherwise_is_refused() -> None:
    file = read_model(TEACHER)
    spec = file.record.features
    assert spec.mean is not None
    other = dataclasses.replace(spec, mean=(spec.mean[0] + 0.1, *spec.mean[1:]))
    with pytest.raises(InputError, match="another front end, mean or scale"):
        Teacher(file, other, 0.5)


def test_nobody_is_heard_by_way_of_the_teacher() -> None:
    teacher = read_model(TEACHER)
    record = teacher.record
    assert record.data is not None
    theirs = record.data.speakers
    expect_allowed(None, split_of(theirs), record.labels)
    expect_allowed(teacher, split_of(theirs, ("another",)), record.labels)
    expect_allowed(teacher, split_of((*theirs, "one more")), record.labels)
    # Held out, nowhere, and on both sides.
    for train, test in ((theirs[1:], theirs[:1]), (theirs[1:], ()), (theirs, theirs[:1])):
        with pytest.raises(InputError, match=f"was trained on speakers {theirs[0]}, expected none"):
            expect_allowed(teacher, split_of(train, test), record.labels)
    with pytest.raises(InputError, match="found labels"):
        expect_allowed(teacher, split_of(theirs), record.labels[1:])
    nameless = dataclasses.replace(teacher, record=dataclasses.replace(record, data=None))
    with pytest.raises(InputError, match="none that are named"):
        expect_allowed(nameless, split_of(theirs), record.labels)


def test_another_teacher_is_another_run() -> None:
    split = split_of(("a",), ("b",))
    corpus = Corpus("made up", ("anger",), split.clips)
    configuration = TrainingConfiguration(distillation=0.5)
    facts = [
        run_facts(corpus, split, configuration, None, teacher)
        for teacher in (None, read_model(TEACHER), read_model(default_model_path()))
    ]
    assert facts[0] != facts[1] != facts[2]
    assert "distillation" not in TrainingConfiguration().to_json()
    kept = configuration.to_json()
    assert TrainingConfiguration.from_json(kept) == configuration


@pytest.mark.parametrize("verb", ["train", "crossval"])
def test_a_teacher_and_a_share_of_its_answers_go_together(
    verb: str, emodb: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--dataset", "emodb", "--data", str(emodb), "--out", str(tmp_path / "out")]
    assert main([verb, *arguments, "--distillation", "0.5"]) == 2
    assert "--distillation: found 0.5 and no teacher, expected" in capsys.readouterr().err
    flag = "--teacher" if verb == "train" else "--teachers"
    assert main([verb, *arguments, flag, str(TEACHER)]) == 2
    assert f"--distillation: found 0 and teacher {TEACHER}, expected" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
