"""The worker starts light: the client and the picture library are loaded with the first look only."""

import subprocess
import sys

from tests.fakes.patience import PATIENCE


def test_heavy_libraries_are_not_loaded_at_the_start() -> None:
    program = (
        "import sys, functions.inspection.service, functions.inspection.model;"
        "print([name for name in ('openai', 'PIL', 'pydantic', 'httpx') if name in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=PATIENCE)
    assert ended.stdout.strip() == "[]", ended.stderr
