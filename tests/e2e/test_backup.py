"""The commands as they are typed, beside a program that runs."""

import os
import subprocess
import sys
from pathlib import Path

from tests.e2e.program import Program
from tests.support.samples import copied
from tests.support.timeouts import TIMEOUT


def test_a_running_program_is_backed_up_and_never_restored_over(tmp_path: Path) -> None:
    folder, file = copied("embedded", tmp_path), tmp_path / "bridge.tar"
    settings = {
        "SIMULATE": "0",
        "PRINTERS_API_URL": "http://127.0.0.1:9/api/printers",
        "WS_URL_TEMPLATE": "ws://127.0.0.1:9/{printer_id}",
        "DATA_DIR": str(folder / "data_dir"),
        "IMAGES_DIR": str(folder / "images_dir"),
    }

    def typed(*words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "infra.local", *words],
            env=os.environ | settings,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )

    with Program(tmp_path / "here", **settings) as program:
        program.wait_for("Ctrl-C ends it")
        written = typed("backup", str(file))
        assert (written.returncode, written.stderr) == (0, "")
        refused = typed("restore", str(file))
        assert refused.returncode == 1
        assert "another run uses the data folder" in refused.stderr
        assert program.stop() == 0
    restored = typed("restore", str(file))
    assert (restored.returncode, restored.stderr) == (0, "")
    assert "what was there is in" in restored.stdout
    with Program(tmp_path / "here", **settings) as program:
        program.wait_for("Ctrl-C ends it")
        assert program.stop() == 0
    assert "broken" not in program.all
