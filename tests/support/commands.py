"""A command as a person types it."""

import os
import subprocess
from collections.abc import Mapping

from tests.support.timeouts import TIMEOUT


def run(
    command: list[str], environment: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """To its end, with those variables besides ours; what it says is kept, and it is told nothing."""
    return subprocess.run(
        command,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
