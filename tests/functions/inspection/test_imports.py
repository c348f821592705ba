"""The worker starts light: the client and the image library are loaded with the first check only."""

import subprocess
import sys

from tests.support.timeouts import TIMEOUT


def test_heavy_libraries_are_not_loaded_at_the_start() -> None:
    program = (
        "import sys, functions.inspection.service, functions.inspection.model;"
        "print([name for name in ('openai', 'PIL', 'pydantic', 'httpx') if name in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=TIMEOUT)
    assert ended.stdout.strip() == "[]", ended.stderr
