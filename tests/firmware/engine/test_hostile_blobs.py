"""Damaged and hostile blobs: each gets its status, and none leaves its memory.

The engine runs under AddressSanitizer and UndefinedBehaviorSanitizer in a
program of its own (`mutate.c`), which mutates a blob, seals it with a right
CRC, opens it and, if that works, runs it.
"""

from __future__ import annotations

import dataclasses
import re
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest

from lightsernet_edge.errors import ModelError
from lightsernet_edge.model.file import ModelFile
from lightsernet_edge.model.quantization import Quantization
from lightsernet_firmware.blob.build import CRC_START, OLDEST_VERSION, VERSION, build_blob, seal
from lightsernet_firmware.engine_files import engine_sources, include_flags
from lightsernet_firmware.firmware_model import FirmwareModel
from lightsernet_firmware.host.build import FIXED_POINT_FRONT_END
from lightsernet_firmware.host.stream import (
    STATUS_NAMES,
    EmotionStruct,
    HostModel,
    ModelStruct,
    aligned_bytes,
    library,
)
from lightsernet_firmware.planner.network_plan import Head, NetworkPlan, Requantization, Stage
from lightsernet_firmware.planner.network_plan import Path as ConvolutionPath
from lightsernet_firmware.planner.requantization import Multiplier, SoftmaxScale
from tests.places import DOCS

PAGE = DOCS / "reference" / "blob-format.md"
HARNESS = Path(__file__).parent / "mutate.c"
MUTATIONS = 35_000
FUZZER_RUNS = 2000
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def status_of(blob: bytes, size: int | None = None, offset: int = 0) -> str:
    import ctypes

    memory = aligned_bytes(len(blob) + 16)
    memory[offset : offset + len(blob)] = np.frombuffer(blob, np.uint8)
    status = library().lsn_model_open(
        ctypes.byref(ModelStruct()),
        memory.ctypes.data + offset,
        len(blob) if size is None else size,
    )
    return STATUS_NAMES[status]


def with_word(blob: bytes, offset: int, value: int) -> bytes:
    return seal(blob[:offset] + struct.pack("<I", value) + blob[offset + 4 :])


def test_each_damage_has_its_status(smallest_blob: bytes) -> None:
    blob = smallest_blob
    assert status_of(blob) == "OK"
    assert status_of(blob, offset=4) == "BAD_ALIGNMENT"
    assert status_of(b"LSN2" + blob[4:]) == "BAD_MAGIC"
    assert status_of(blob[:4] + struct.pack("<I", 1) + blob[8:]) == "BAD_VERSION"
    for size in (0, 3, 95, 96, len(blob) - 1):
        assert status_of(blob, size=size) == "TRUNCATED"
    for position in (CRC_START, len(blob) // 2, len(blob) - 1):
        damaged = bytearray(blob)
        damaged[position] ^= 1
        assert status_of(bytes(damaged)) == "BAD_CRC"


def test_longer_memory_than_the_blob_is_fine(smallest_blob: bytes) -> None:
    assert status_of(smallest_blob + bytes(64)) == "OK"


# Words of each record for which any of these is absurd, and those that are
# signed or floats, for which some are.
ABSURD = (0x80000000, 0x7FFFFFFF, 0x7FC00000)
HEADER_WORDS, STAGE_WORDS, PATH_WORDS = (*range(4, 16), *range(20, 24)), range(8), range(12)
ENDPOINTING_WORDS = 20


@pytest.mark.parametrize("word", HEADER_WORDS)
@pytest.mark.parametrize("value", ABSURD)
def test_absurd_header(word: int, value: int, smallest_blob: bytes) -> None:
    assert status_of(with_word(smallest_blob, 4 * word, value)) == "BAD_MODEL"


@pytest.mark.parametrize("value", ABSURD)
def test_absurd_dimensions(value: int, smallest_blob: bytes) -> None:
    (stages,) = struct.unpack_from("<I", smallest_blob, 20)
    (paths,) = struct.unpack_from("<I", smallest_blob, stages + 28)
    for word in STAGE_WORDS:
        assert status_of(with_word(smallest_blob, stages + 4 * word, value)) == "BAD_MODEL"
    for word in PATH_WORDS:
        # Any positive number is a multiplier.
        if word != 8 or value >= 0x80000000:
            assert status_of(with_word(smallest_blob, paths + 4 * word, value)) == "BAD_MODEL"


@pytest.mark.parametrize("value", ABSURD)
def test_absurd_endpointing(value: int, smallest_blob: bytes) -> None:
    (record,) = struct.unpack_from("<I", smallest_blob, 80)
    for word in range(ENDPOINTING_WORDS):
        assert status_of(with_word(smallest_blob, record + 4 * word, value)) == "BAD_MODEL", word


def test_endpointing_and_decision_may_be_missing_together(smallest_blob: bytes) -> None:
    for offset in (80, 84):
        assert status_of(with_word(smallest_blob, offset, 0)) == "BAD_MODEL"
    assert status_of(with_word(with_word(smallest_blob, 80, 0), 84, 0)) == "OK"


def test_endpointing_needs_a_front_end(smallest_blob: bytes) -> None:
    """Its hop would have the length of the front end that there is not: a division by 0."""
    (record,) = struct.unpack_from("<I", smallest_blob, 80)
    features_only = with_word(smallest_blob, 28, 0)
    assert status_of(features_only) == "BAD_MODEL"
    assert status_of(with_word(features_only, record, 0)) == "BAD_MODEL"


@pytest.mark.parametrize(
    ("word", "value"),
    [
        (0, 0),
        (2, 0x80000000),
        (2, 0x7FFFFFFF),
        (2, 2),
        (3, 0),
        (3, 0x200001),
        # Below 0, above 1, infinite, NaN.
        (4, 0xBF800000),
        (4, 0x3F800001),
        (4, 0x7F800000),
        (4, 0x7FC00000),
        (6, 1),
        (7, 1),
    ],
)
def test_absurd_decision(word: int, value: int, smallest_blob: bytes) -> None:
    (record,) = struct.unpack_from("<I", smallest_blob, 84)
    assert status_of(with_word(smallest_blob, record + 4 * word, value)) == "BAD_MODEL"


# NaN, infinite, below 0, above 2.
@pytest.mark.parametrize("value", [0x7FC00000, 0x7F800000, 0xBF800000, 0x40000001])
def test_absurd_threshold(value: int, smallest_blob: bytes) -> None:
    (record,) = struct.unpack_from("<I", smallest_blob, 84)
    (thresholds,) = struct.unpack_from("<I", smallest_blob, record + 8)
    assert status_of(with_word(smallest_blob, thresholds + 4, value)) == "BAD_MODEL"
    assert status_of(with_word(smallest_blob, thresholds + 4, 0x3F800000)) == "OK"


# Those that the arithmetic or an array depends on, and what is one too many or too few.
@pytest.mark.parametrize(
    ("word", "value"),
    [(0, 255), (1, 0), (1, 33), (9, 257), (12, 0), (13, 32), (14, 0), (15, 0), (18, 0), (19, 9)],
)
def test_endpointing_just_out_of_range(word: int, value: int, smallest_blob: bytes) -> None:
    (record,) = struct.unpack_from("<I", smallest_blob, 80)
    assert status_of(with_word(smallest_blob, record + 4 * word, value)) == "BAD_MODEL"


# Seconds, bounds and scales that profiles divide by or are held to.
@pytest.mark.parametrize("word", range(20, 25))
@pytest.mark.parametrize("value", [0, 0xBF800000, 0x7F800000, 0x7FC00000])
def test_absurd_profile_limits(word: int, value: int, smallest_blob: bytes) -> None:
    (front_end,) = struct.unpack_from("<I", smallest_blob, 28)
    (scales,) = struct.unpack_from("<I", smallest_blob, front_end + 76)
    for offset in (front_end + 4 * word, scales):
        assert status_of(with_word(smallest_blob, offset, value)) == "BAD_MODEL"


def test_a_stretch_below_one(smallest_blob: bytes) -> None:
    (front_end,) = struct.unpack_from("<I", smallest_blob, 28)
    for stretch, status in ((1.0, "OK"), (0.999, "BAD_MODEL")):
        (word,) = struct.unpack("<I", struct.pack("<f", stretch))
        assert status_of(with_word(smallest_blob, front_end + 4 * 24, word)) == status


def test_too_large_accumulators(smallest_blob: bytes) -> None:
    (stages,) = struct.unpack_from("<I", smallest_blob, 20)
    (paths,) = struct.unpack_from("<I", smallest_blob, stages + 28)
    (biases,) = struct.unpack_from("<I", smallest_blob, paths + 16)
    assert status_of(with_word(smallest_blob, biases, 1 << 20)) == "OK"
    assert status_of(with_word(smallest_blob, biases, 1 << 30)) == "BAD_MODEL"


# Left shift and smallest difference of the softmax: 1 << 31 is no int, nor is -2 << 30.
@pytest.mark.parametrize(
    ("shift", "difference", "status"),
    [
        (30, 0, "OK"),
        (30, -1, "OK"),
        (30, -2, "BAD_MODEL"),
        (31, 0, "BAD_MODEL"),
        (0, -0x7FFFFFFF, "OK"),
        (0, -0x80000000, "BAD_MODEL"),
        (-1, 0, "BAD_MODEL"),
    ],
)
def test_softmax_shifts(shift: int, difference: int, status: str, smallest_blob: bytes) -> None:
    (head,) = struct.unpack_from("<I", smallest_blob, 24)
    blob = with_word(smallest_blob, head + 48, shift & 0xFFFFFFFF)
    blob = with_word(blob, head + 52, difference & 0xFFFFFFFF)
    assert status_of(blob) == status
    if status == "OK":
        # test_sanitizers.py looks at what it computes.
        model = HostModel(blob)
        stream = model.stream()
        stream.push_features(np.zeros((40, model.struct.n_coefficients), np.int8))
        stream.finish()
        assert stream.result() is not None


def test_null_pointers(smallest_host: HostModel) -> None:
    import ctypes

    engine = library()
    stream, struct_ = ctypes.c_void_p(), ctypes.byref(smallest_host.struct)
    ram = aligned_bytes(smallest_host.ram_bytes + 16)
    size = smallest_host.ram_bytes
    names = {name: index for index, name in enumerate(STATUS_NAMES)}
    bad = names["BAD_ARGUMENT"]
    assert engine.lsn_model_open(None, ram.ctypes.data, 10) == bad
    assert engine.lsn_model_open(struct_, None, 10) == bad
    smallest_host.__init__(bytes(smallest_host._blob))  # opened anew: the call above closed it
    struct_ = ctypes.byref(smallest_host.struct)
    assert engine.lsn_stream_open(None, struct_, ram.ctypes.data, size) == bad
    assert engine.lsn_stream_open(ctypes.byref(stream), None, ram.ctypes.data, size) == bad
    assert engine.lsn_stream_open(ctypes.byref(stream), struct_, None, size) == bad
    closed = ctypes.byref(ModelStruct())
    assert engine.lsn_stream_open(ctypes.byref(stream), closed, ram.ctypes.data, size) == bad
    assert (
        engine.lsn_stream_open(ctypes.byref(stream), struct_, ram.ctypes.data + 4, size)
        == names["BAD_ALIGNMENT"]
    )
    assert (
        engine.lsn_stream_open(ctypes.byref(stream), struct_, ram.ctypes.data, size - 1)
        == names["RAM_TOO_SMALL"]
    )
    assert stream.value is None
    for call in (engine.lsn_push(None, ram.ctypes.data, 1), engine.lsn_finish(None)):
        assert call == bad
    emotion = EmotionStruct(label=7)
    assert engine.lsn_result(None, ctypes.byref(emotion)) == bad
    assert not any(bytes(emotion))
    floats = aligned_bytes(4 * 40).ctypes.data
    assert engine.lsn_set_profile(None, floats, floats, 1.0) == bad
    assert engine.lsn_profile(None, floats, floats, ctypes.c_float()) == bad
    assert engine.lsn_adapt(None) == bad
    opened = smallest_host.stream()
    for pointers in ((None, floats), (floats, None)):
        assert engine.lsn_set_profile(opened._stream, *pointers, 1.0) == bad
        assert engine.lsn_profile(opened._stream, *pointers, ctypes.c_float()) == bad
    assert engine.lsn_profile(opened._stream, floats, floats, None) == bad
    assert engine.lsn_rows(None) == 0
    assert not engine.lsn_last_features(None)
    assert engine.lsn_label(struct_, 99) is None
    assert engine.lsn_ram_size(None) == 0
    engine.lsn_reset(None)


def test_the_engine_refuses_with_a_typed_error(smallest_blob: bytes) -> None:
    with pytest.raises(ModelError, match="BAD_MAGIC"):
        HostModel(b"nonsense" + smallest_blob[8:])


@pytest.mark.no_preload
@pytest.mark.skipif(not shutil.which("gcc"), reason="needs gcc with its sanitizers")
@pytest.mark.parametrize(
    ("prior_s", "flags"),
    [(None, ()), (3.0, ()), (3.0, FIXED_POINT_FRONT_END)],
    ids=["plain", "running mean", "fixed point"],
)
def test_mutated_blobs(
    prior_s: float | None, flags: tuple[str, ...], smallest: ModelFile, tmp_path: Path
) -> None:
    program, blob = tmp_path / "mutate", tmp_path / "blob"
    features = dataclasses.replace(smallest.record.features, utterance_mean_prior_s=prior_s)
    record = dataclasses.replace(smallest.record, features=features)
    blob.write_bytes(FirmwareModel(dataclasses.replace(smallest, record=record)).blob)
    # -march=native: with the kernels that this processor has, as on the host.
    command = ["gcc", "-std=c99", "-O2", "-g", "-march=native", *SANITIZERS, *flags]
    command += [*include_flags(), *map(str, engine_sources()), str(HARNESS), "-lm"]
    subprocess.run([*command, "-o", str(program)], check=True)
    done = subprocess.run(
        [str(program), str(blob), str(MUTATIONS), "1"],
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    opened = int(done.stdout.split()[0])
    # Many must get past the verifier, or nothing behind it was tried.
    assert opened > MUTATIONS // 20


@pytest.mark.no_preload
def test_fuzz_target(smallest_blob: bytes, tmp_path: Path) -> None:
    """A short run; docs/reference/engine.md says how to start a long one."""
    compiler = ["clang", "-std=c99", "-O1", "-g", "-march=native", "-DLIBFUZZER"]
    compiler.append("-fno-sanitize-recover=all")
    compiler.append("-fsanitize=fuzzer,address,undefined")
    if not shutil.which("clang") or not links(compiler, tmp_path):
        pytest.skip("needs clang with its fuzzer runtime (Debian: clang libclang-rt-dev)")
    program, corpus = tmp_path / "fuzz", tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "smallest").write_bytes(smallest_blob[CRC_START:])
    command = [*compiler, *include_flags()]
    command += [*map(str, engine_sources()), str(HARNESS), "-lm", "-o", str(program)]
    subprocess.run(command, check=True)
    # As long as the blob itself: shorter inputs would be cut off and get nowhere.
    longest = 2 * len(smallest_blob)
    fuzzer = (str(program), f"-runs={FUZZER_RUNS}", "-seed=1")
    done = subprocess.run(
        # Through a shell: the fuzzer's limit counts what the process that starts it takes.
        ["sh", "-c", '"$@"; exit $?', "sh", *fuzzer, f"-max_len={longest}", str(corpus)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-2000:]


def links(compiler: list[str], folder: Path) -> bool:
    """Whether a fuzz target of nothing builds: the runtime may be another package."""
    source = folder / "nothing.c"
    source.write_text(
        "#include <stddef.h>\nint LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);\n"
        "int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)\n"
        "{\n    return data == NULL && size > 0;\n}\n"
    )
    command = [*compiler, str(source), "-o", str(folder / "nothing")]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_stages_must_fit_each_other(smallest_blob: bytes) -> None:
    count, stages = struct.unpack_from("<II", smallest_blob, 16)
    for stage in range(count):
        for word, what in ((0, "width"), (1, "channels")):
            offset = stages + 32 * stage + 4 * word
            (value,) = struct.unpack_from("<I", smallest_blob, offset)
            for other in {max(1, value - 1), value + 1} - {value}:
                blob = with_word(smallest_blob, offset, other)
                assert status_of(blob) == "BAD_MODEL", f"{what} of stage {stage}"


def test_columns_whose_sum_fits_no_int16(smallest_blob: bytes) -> None:
    """A network of one stage, on as many coefficients as the bound and one more."""
    (head,) = struct.unpack_from("<I", smallest_blob, 24)
    (stages,) = struct.unpack_from("<I", smallest_blob, 20)
    (paths,) = struct.unpack_from("<I", smallest_blob, stages + 28)
    (filters,) = struct.unpack_from("<I", smallest_blob, paths + 8)
    features_only = with_word(with_word(with_word(smallest_blob, 28, 0), 80, 0), 84, 0)
    one_stage = with_word(features_only, 16, 1)
    one_path = with_word(with_word(one_stage, stages + 24, 1), head + 4, filters)
    for columns, status in ((256, "OK"), (257, "BAD_MODEL")):
        blob = with_word(with_word(one_path, 44, columns), stages, columns)
        blob = with_word(with_word(blob, stages + 16, 1), stages + 20, 4)
        assert status_of(with_word(blob, head, columns)) == status


def test_work_of_a_row_has_a_limit() -> None:
    """The widest row under the largest kernels: 2^21 multiply-accumulates a filter."""
    for filters, status in ((128, "OK"), (129, "BAD_MODEL")):
        requantization = Requantization(
            np.zeros(filters, np.int64), (Multiplier(0, 0),) * filters, 0
        )
        weights = np.zeros((filters, 32, 32, 1), np.int8)
        path = ConvolutionPath("path", weights, requantization, 0, None)
        stage = Stage("stage 1", 1024, 1, 0, (path,), (2, 64), 64)
        dense = Requantization(np.zeros(2, np.int64), (Multiplier(0, 0),) * 2, 0)
        weights = np.zeros((2, filters), np.int8)
        head = Head(
            16, filters, 0, 0, Multiplier(0, 0), weights, dense, SoftmaxScale.from_logits(1, 1)
        )
        plan = NetworkPlan(Quantization(1.0, 0), (stage,), head)
        assert (stage.most_macs <= 2**28) == (status == "OK")
        assert status_of(build_blob(plan, None, ["a", "b"])) == status


def test_the_page_names_the_version_that_is_written() -> None:
    text = PAGE.read_text(encoding="utf-8")
    title, *_ = text.splitlines()
    (word_1,) = (line for line in text.splitlines() if line.startswith("| 1 | format version"))
    (reader,) = re.findall(r"A reader of version \d+", text)
    for line in (title, word_1, reader):
        assert re.findall(r"version,? (\d+)", line) == [str(VERSION)], line
    assert f"also opens version {OLDEST_VERSION}:" in text


def test_every_section_begins_at_a_multiple_of_16(smallest_blob: bytes) -> None:
    """As docs/reference/blob-format.md promises to readers that load vectors."""

    def words(offset: int, *indices: int) -> list[int]:
        return [struct.unpack_from("<I", smallest_blob, offset + 4 * i)[0] for i in indices]

    n_stages, stages, head, front_end, labels, *live = words(0, 4, 5, 6, 7, 8, 20, 21)
    offsets = [stages, head, front_end, labels, *live, *words(live[1], 2)]
    for stage in range(stages, stages + 32 * n_stages, 32):
        n_paths, paths = words(stage, 6, 7)
        offsets.append(paths)
        for path in range(paths, paths + 48 * n_paths, 48):
            offsets += words(path, 3, 4)
    offsets += words(head, 6, 7)
    offsets += words(front_end, 11, 12, 13, 14, 15, 17, 18, 19)
    assert len(offsets) == len(set(offsets))
    assert not [offset for offset in offsets if offset % 16]


# Header words that hold a record's offset, and the record's words.
@pytest.mark.parametrize(("word", "words"), [(5, 8 * 6), (6, 14), (7, 25), (20, 20), (21, 8)])
@pytest.mark.parametrize("shift", [0, 2, 4])
def test_records_may_lie_at_any_word(
    word: int, words: int, shift: int, smallest_blob: bytes
) -> None:
    """A copy of a record behind all else is as good as the record."""
    (offset,) = struct.unpack_from("<I", smallest_blob, 4 * word)
    blob = smallest_blob + bytes(-len(smallest_blob) % 16 + shift)
    moved = blob + smallest_blob[offset : offset + 4 * words]
    moved = moved[: 4 * word] + struct.pack("<I", len(blob)) + moved[4 * word + 4 :]
    sealed = seal(moved + bytes(-len(moved) % 4))
    assert status_of(sealed) == ("BAD_MODEL" if shift % 4 else "OK")
