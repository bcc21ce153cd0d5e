"""`keygen`, `public-key`, `sign` and `verify`, beside OpenSSL's command."""

from __future__ import annotations

import hashlib
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from lightsernet_edge import extras
from lightsernet_edge.cli import main
from lightsernet_edge.model.file import ModelFile, default_model_path
from lightsernet_firmware.firmware_model import FirmwareModel
from tests.edge.cli.refusals import tree
from tests.firmware.cli.command_output import json_of

pytest.importorskip("cryptography", reason="not installed: cryptography")

from tests.firmware.update.conftest import Material
from tests.firmware.update.made_updates import HEADER, flipped, packed_update

Capture = pytest.CaptureFixture[str]
needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")


def openssl(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["openssl", *map(str, arguments)], capture_output=True, check=False, timeout=60
    )


def refusal(capsys: Capture, status: int, *arguments: str | Path) -> str:
    """Return the one line that a refused command prints."""
    capsys.readouterr()
    assert main([*map(str, arguments)]) == status
    printed = capsys.readouterr()
    (line,) = printed.err.splitlines()
    assert printed.out == ""
    return line.removeprefix("lightsernet-edge: error: ")


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key.pem"
    assert main(["keygen", "--out", str(path)]) == 0
    return path


@pytest.fixture
def update(key: Path, tmp_path: Path) -> Path:
    path = tmp_path / "update.lsu"
    assert main(["sign", "--key", str(key), "--version", "7", "--out", str(path)]) == 0
    return path


def test_a_key_is_its_owners_alone(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "key.pem"
    facts = json_of(capsys, "keygen", "--out", str(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert facts["file"] == str(path)
    before = path.read_bytes()
    assert refusal(capsys, 2, "keygen", "--out", path).startswith(f"{path}: exists, expected")
    assert path.read_bytes() == before
    link = tmp_path / "link.pem"
    link.symlink_to(tmp_path / "elsewhere.pem")
    refusal(capsys, 2, "keygen", "--out", link)
    refusal(capsys, 2, "keygen", "--out", tmp_path / "nowhere" / "key.pem")
    assert set(tree(tmp_path)) == {"key.pem", "link.pem"}
    json_of(capsys, "keygen", "--out", str(tmp_path / "other.pem"))
    assert (tmp_path / "other.pem").read_bytes() != before


@needs_openssl
def test_openssl_reads_our_keys_and_we_read_its(key: Path, tmp_path: Path, capsys: Capture) -> None:
    ours, theirs = tmp_path / "public.pem", tmp_path / "theirs.pem"
    facts = json_of(capsys, "public-key", "--key", str(key), "--out", str(ours))
    assert openssl("pkey", "-in", key, "-pubout").stdout == ours.read_bytes()
    raw = openssl("pkey", "-in", key, "-pubout", "-outform", "DER").stdout[-32:]
    assert facts == {"file": str(ours), "public_key": raw.hex()}
    assert openssl("genpkey", "-algorithm", "ed25519", "-out", theirs).returncode == 0
    update = tmp_path / "update.lsu"
    facts = json_of(capsys, "sign", "--key", str(theirs), "--version", "1", "--out", str(update))
    raw = openssl("pkey", "-in", theirs, "-pubout", "-outform", "DER").stdout[-32:]
    assert facts["public_key"] == raw.hex()
    assert json_of(capsys, "verify", str(update), "--key", str(theirs))["version"] == 1


def test_the_header_for_the_firmware(key: Path, tmp_path: Path, capsys: Capture) -> None:
    header = tmp_path / "update_key.h"
    facts = json_of(capsys, "public-key", "--key", str(key), "--out", str(header))
    values = re.findall(r"0x([0-9a-f]{2}),", header.read_text())
    assert "".join(values) == facts["public_key"]
    pem = tmp_path / "public.pem"
    main(["public-key", "--key", str(key), "--out", str(pem)])
    again = tmp_path / "again.h"
    main(["public-key", "--key", str(pem), "--out", str(again)])
    assert again.read_bytes() == header.read_bytes()


@needs_openssl
def test_openssl_verifies_what_we_sign(key: Path, update: Path, tmp_path: Path) -> None:
    content = update.read_bytes()
    signed, signature, public = (tmp_path / name for name in ("signed", "signature", "p.pem"))
    main(["public-key", "--key", str(key), "--out", str(public)])
    signature.write_bytes(content[128:HEADER])
    command = ("pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin", "-sigfile", signature)
    signed.write_bytes(content[:128])
    assert openssl(*command, "-in", signed).returncode == 0
    signed.write_bytes(flipped(content[:128], 12))
    assert openssl(*command, "-in", signed).returncode != 0
    assert content[64:128] == hashlib.sha512(content[HEADER:]).digest()


@needs_openssl
def test_we_verify_what_openssl_signs(
    key: Path, update: Path, tmp_path: Path, capsys: Capture
) -> None:
    theirs, signed = tmp_path / "theirs.pem", tmp_path / "signed"
    assert openssl("genpkey", "-algorithm", "ed25519", "-out", theirs).returncode == 0
    content = update.read_bytes()
    signed.write_bytes(content[:128])
    done = openssl("pkeyutl", "-sign", "-inkey", theirs, "-rawin", "-in", signed)
    assert len(done.stdout) == 64
    update.write_bytes(content[:128] + done.stdout + content[HEADER:])
    assert json_of(capsys, "verify", str(update), "--key", str(theirs))["version"] == 7
    line = refusal(capsys, 1, "verify", update, "--key", key)
    assert line == f"{update}: the signature does not hold for this key"


def test_what_is_signed(key: Path, shipped: ModelFile, tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "update.lsu"
    arguments = ("--version", "9", "--product", "0x12", "--key", str(key))
    facts = json_of(capsys, "sign", str(shipped.path), *arguments, "--out", str(path))
    blob = FirmwareModel(shipped).blob
    content = path.read_bytes()
    assert content[HEADER : HEADER + len(blob)] == blob
    assert len(content) == HEADER + len(blob) + 2 * len(shipped.record.outputs) == facts["bytes"]
    assert (facts["version"], facts["product"], facts["flash_bytes"]) == (9, 18, len(blob))
    verified = json_of(capsys, "verify", str(path), "--key", str(key))
    assert verified == {
        "file": str(path),
        "version": 9,
        "product": 18,
        "flash_bytes": len(blob),
        "labels": list(shipped.record.outputs),
    }
    # Again: the same bytes, in place of those that were there.
    json_of(capsys, "sign", str(shipped.path), *arguments, "--out", str(path))
    assert path.read_bytes() == content


def test_an_update_packed_by_the_page_is_the_same(material: Material) -> None:
    from lightsernet_firmware.update.signed_update import signed_update

    assert signed_update(material.blob, material.key, 3, 4) == packed_update(
        material.key, material.blob, material.expected, version=3, product=4
    )


def test_what_verify_refuses(material: Material, tmp_path: Path, capsys: Capture) -> None:
    from lightsernet_firmware.update.keys import public_pem

    public, path = tmp_path / "public.pem", tmp_path / "update.lsu"
    public.write_bytes(public_pem(material.key.public_key()))
    key, blob, expected = material.key, material.blob, material.expected
    right = packed_update(key, blob, expected)
    for update, says in (
        (b"", "is no update"),
        (right[: HEADER - 1], "is no update"),
        (flipped(right, 0), "is no update"),
        (flipped(right, 12), "the signature does not hold for this key"),
        (flipped(right, 64), "the signature does not hold for this key"),
        (flipped(right, HEADER - 1), "the signature does not hold for this key"),
        (right[:-1], f"has {len(right) - 1} bytes, expected {len(right)}"),
        (right + b"\0", f"has {len(right) + 1} bytes, expected {len(right)}"),
        (flipped(right, 5000), "is damaged: its SHA-512 is another"),
        (packed_update(key, blob, expected, update_format=2), "has format 2, expected 1"),
        (packed_update(key, blob, expected, blob_version=6), "has a blob of version 6, expected"),
        (packed_update(key, flipped(blob, 5000), expected), "the engine refuses the blob: BAD_CRC"),
        (packed_update(key, blob, flipped(expected, 1)), "its self-test expects other integers"),
        (packed_update(key, blob, expected, rows=3), "its self-test expects other integers"),
    ):
        path.write_bytes(update)
        line = refusal(capsys, 1, "verify", path, "--key", public)
        assert line.startswith(f"{path}: {says}")
    assert refusal(capsys, 2, "verify", tmp_path / "none", "--key", public).startswith(
        f"{tmp_path / 'none'}: no such file, expected an update"
    )


def test_keys_that_are_none(key: Path, tmp_path: Path, capsys: Capture) -> None:
    public, text, other = (tmp_path / name for name in ("public.pem", "text.pem", "other.pem"))
    main(["public-key", "--key", str(key), "--out", str(public)])
    text.write_text("-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----\n")
    found = {public: "holds no private key", text: "holds no private key", tmp_path: "directory"}
    if shutil.which("openssl"):
        openssl("genpkey", "-algorithm", "ed448", "-out", other)
        found[other] = "is a key of another algorithm"
        locked = tmp_path / "locked.pem"
        openssl("pkey", "-in", key, "-aes256", "-passout", "pass:x", "-out", locked)
        found[locked] = "is encrypted"
    before = tree(tmp_path)
    out = tmp_path / "update.lsu"
    for path, says in found.items():
        line = refusal(capsys, 2, "sign", "--key", path, "--version", "1", "--out", out)
        assert line.startswith(f"{path}: ")
        assert says in line
    refusal(capsys, 2, "public-key", "--key", text, "--out", tmp_path / "key.h")
    assert tree(tmp_path) == before


def test_flags_that_are_wrong(key: Path, tmp_path: Path, capsys: Capture) -> None:
    before, out = tree(tmp_path), tmp_path / "update.lsu"
    for version, product, says in (
        ("0", "0", "--version: found 0, expected 1 to 4294967295"),
        ("4294967296", "0", "--version: found 4294967296"),
        ("1", "-1", "--product: found -1, expected 0 to 4294967295"),
    ):
        flags = ("--version", version, f"--product={product}", "--out", out)
        assert refusal(capsys, 2, "sign", "--key", key, *flags).startswith(says)
    for where in (key, default_model_path()):
        line = refusal(capsys, 2, "sign", "--key", key, "--version", "1", "--out", where)
        assert line == f"{where}: is an input as well, expected another name"
    line = refusal(capsys, 2, "public-key", "--key", key, "--out", key)
    assert line == f"{key}: is an input as well, expected another name"
    line = refusal(capsys, 2, "public-key", "--key", key, "--out", tmp_path / "key.txt")
    assert line.endswith("expected a name that ends with .h or .pem")
    assert tree(tmp_path) == before


def test_without_the_package(
    key: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    for arguments in (
        ("keygen", "--out", tmp_path / "new.pem"),
        ("public-key", "--key", key, "--out", tmp_path / "key.h"),
        ("sign", "--key", key, "--version", "1", "--out", tmp_path / "update.lsu"),
        ("verify", tmp_path / "update.lsu", "--key", key),
    ):
        line = refusal(capsys, 1, *arguments)
        assert "cryptography is not installed" in line
        assert 'pip install ".[sign]"' in line
    assert set(tree(tmp_path)) == {"key.pem"}


def test_flash_takes_an_update_for_a_slot(update: Path, capsys: Capture) -> None:
    if not shutil.which("openocd"):
        pytest.skip("needs openocd")
    flags = ("--board", "NUCLEO-F411RE", "--tool", "openocd", "--dry-run")
    facts = json_of(capsys, "flash", *flags, "--firmware", str(update), "--address", "0x08040000")
    assert f"program {{{update}}} 0x08040000 verify reset exit" in facts["command"]
