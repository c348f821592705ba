"""On a 32-bit Pi, where some libraries have no wheels, the collector does the same, only slower."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.timeouts import TIMEOUT

ROOT = Path(__file__).parents[2]
NO_WHEELS = ("msgspec", "uvloop", "PIL", "imageio_ffmpeg")
NOT_NEEDED = ("pybase64", "httptools", "openai", "fastapi", "uvicorn")


def told(folder: Path, *blocked: str) -> tuple[list[str], list[str]]:
    """The quick libraries that were loaded, and all that arrived at the remote backend."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.collector.edge_replay", str(folder), *blocked],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert not run.stderr
    first, *lines = run.stdout.splitlines()
    return json.loads(first), lines


def test_recorded_prints_arrive_the_same_without_the_quick_libraries(tmp_path: Path) -> None:
    with ThreadPoolExecutor() as pool:
        rich = pool.submit(told, tmp_path / "rich")
        poor = pool.submit(told, tmp_path / "poor", *NO_WHEELS, *NOT_NEEDED)
        loaded, with_them = rich.result()
        missing, without = poor.result()
    assert {"msgspec", "pybase64"} <= set(loaded)
    assert missing == []
    assert len(with_them) > 100
    assert without == with_them
