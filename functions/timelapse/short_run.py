"""A program that shall be done soon, and is killed with all it has started if it is not."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence


def run_briefly(command: Sequence[str], fed: bytes, limit_seconds: float) -> tuple[bytes, bytes]:
    """What it says on stdout and stderr, whatever its exit code. Raises OSError and TimeoutExpired."""
    with subprocess.Popen(  # noqa: S603 (the command is ours, never a shell)
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        try:
            return process.communicate(fed, limit_seconds)
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):  # it has ended, as it should
                os.killpg(process.pid, signal.SIGKILL)
