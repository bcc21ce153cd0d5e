"""The decision on a processor whose registers are wider than a float."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from lightsernet_firmware.engine_files import engine_sources, include_flags

HARNESS = Path(__file__).parent / "wide_registers.c"
X87 = ("gcc", "-m32", "-mfpmath=387", "-mno-sse", "-std=gnu99", "-O1")


@pytest.mark.skipif(not shutil.which("gcc"), reason="needs gcc")
def test_posteriors_on_x87(tmp_path: Path) -> None:
    probe = tmp_path / "probe.c"
    probe.write_text("#include <stdint.h>\nint main(void) { return 0; }\n")
    if subprocess.run([*X87, probe, "-o", tmp_path / "probe"], capture_output=True).returncode:
        pytest.skip("needs gcc for 32-bit x86: the package gcc-multilib")
    program = tmp_path / "wide_registers"
    (decision,) = (path for path in engine_sources() if path.name == "lsn_decision.c")
    subprocess.run(
        [*X87, *include_flags(), decision, HARNESS, "-lm", "-o", program], check=True, timeout=60
    )
    done = subprocess.run([program], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout == "0\n"
