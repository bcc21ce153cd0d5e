"""What `export` does to a folder: all of it, or nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lightsernet_edge.cli import main
from lightsernet_edge.errors import InputError
from lightsernet_edge.model.file import ModelFile
from lightsernet_firmware.formats.output_folder import LIST_NAME, write_folder

FILES = {"README.md": b"a page", "src/a.c": b"int a;", "src/b.c": b"int b;"}


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_new_folder(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "yet"
    written = write_folder(folder, "c", FILES, force=False)
    assert {path.relative_to(folder).as_posix() for path in written} == {*FILES, LIST_NAME}
    assert FILES.items() <= tree(folder).items()
    assert [path.name for path in folder.parent.iterdir()] == ["yet"]
    # As the umask has it, not as a temporary folder.
    made = tmp_path / "made"
    made.mkdir()
    assert folder.stat().st_mode == made.stat().st_mode


def test_an_empty_folder_stays_the_one_that_it_was(tmp_path: Path) -> None:
    before = tmp_path.stat().st_ino
    write_folder(tmp_path, "c", FILES, force=False)
    assert tmp_path.stat().st_ino == before
    assert set(tree(tmp_path)) == {*FILES, LIST_NAME}


def test_an_earlier_export_is_replaced_and_its_rest_removed(tmp_path: Path) -> None:
    write_folder(tmp_path, "c", {**FILES, "old/only.c": b"x"}, force=False)
    write_folder(tmp_path, "c", {"src/a.c": b"long a;", "new.c": b""}, force=False)
    assert set(tree(tmp_path)) == {"src/a.c", "new.c", LIST_NAME}
    assert (tmp_path / "src" / "a.c").read_bytes() == b"long a;"
    assert not (tmp_path / "old").exists()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("mine.txt", b"", "mine.txt, which no export wrote"),
        ("src/mine.c", b"", "src/mine.c, which no export wrote"),
        ("src/a.c", b"int mine;", "src/a.c, which has been changed"),
    ],
)
def test_what_somebody_else_wrote_is_kept(
    name: str, content: bytes, says: str, tmp_path: Path
) -> None:
    write_folder(tmp_path, "c", FILES, force=False)
    (tmp_path / name).write_bytes(content)
    before = tree(tmp_path)
    with pytest.raises(InputError, match=says):
        write_folder(tmp_path, "c", {"src/a.c": b"another"}, force=False)
    assert tree(tmp_path) == before
    write_folder(tmp_path, "c", {"new.c": b"another"}, force=True)
    # Even then, what the earlier export did not leave so.
    assert (tmp_path / name).read_bytes() == content
    assert not (tmp_path / "src" / "b.c").exists()


def test_links_are_somebody_elses(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "src").symlink_to(tmp_path)
    with pytest.raises(InputError, match="src, which no export wrote"):
        write_folder(tmp_path / "out", "c", FILES, force=False)


@pytest.mark.parametrize("listed", ["", "[]", "{}", '{"files": 1}', '{"files": {"../x": "y"}}'])
def test_a_list_that_is_none(listed: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("x")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / LIST_NAME).write_text(listed)
    write_folder(folder, "c", FILES, force=True)
    assert (tmp_path / "x").read_text() == "x"


def test_a_list_cannot_name_what_lies_outside(tmp_path: Path) -> None:
    import hashlib

    (tmp_path / "x").write_text("x")
    folder = tmp_path / "out"
    folder.mkdir()
    digest = hashlib.sha256(b"x").hexdigest()
    (folder / LIST_NAME).write_text(json.dumps({"files": {"../x": digest}}))
    write_folder(folder, "c", FILES, force=True)
    assert (tmp_path / "x").read_text() == "x"


def test_a_disk_that_is_full_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    write_folder(tmp_path / "there", "c", FILES, force=False)
    before = tree(tmp_path)
    monkeypatch.setattr(Path, "write_bytes", full)
    for folder in (tmp_path / "there", tmp_path / "new"):
        with pytest.raises(InputError, match=f"{folder}: cannot be written .No space"):
            write_folder(folder, "c", {"new.c": b"x"}, force=False)
    assert tree(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "src").write_text("mine")
    with pytest.raises(InputError, match="cannot be written"):
        write_folder(tmp_path, "c", FILES, force=True)
    assert tree(tmp_path) == {"src": b"mine"}
    (tmp_path / "README.md").mkdir()
    with pytest.raises(InputError, match=r"README.md: is a folder"):
        write_folder(tmp_path, "c", {"README.md": b""}, force=True)


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs Linux's /proc")
def test_where_nobody_may_write(smallest: ModelFile, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["export", str(smallest.path), "--format", "c", "--out", "/proc/self/exported"]
    assert main(command) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "/proc/self/exported: cannot be written" in line


def test_unknown_formats_and_folders_in_use(
    smallest: ModelFile, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["export", str(smallest.path), "--format", "cobol", "--out", str(out)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("lightsernet-edge: error: --format: found 'cobol', expected one of c, ")
    assert not out.exists()
    (tmp_path / "mine").write_text("mine")
    command = ["export", str(smallest.path), "--format", "c", "--out", str(tmp_path)]
    assert main(command) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"lightsernet-edge: error: {tmp_path}: holds mine, ")
    assert tree(tmp_path) == {"mine": b"mine"}
    assert main([*command, "--force"]) == 0
    assert (tmp_path / "mine").read_text() == "mine"


def test_without_a_compiler_nothing_is_written(smallest: ModelFile, tmp_path: Path) -> None:
    command = ["-m", "lightsernet_edge", "export", str(smallest.path), "--format", "c"]
    done = subprocess.run(
        [sys.executable, *command, "--out", str(tmp_path / "out")],
        env={"PATH": "/nowhere", "XDG_CACHE_HOME": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "compiler" in line
    assert not (tmp_path / "out").exists()
