"""The real program as a process of its own, with a folder to run in and nothing of this environment.

with Program(tmp_path, PORT="0", ...) as program:
    program.wait_for("Ctrl-C ends it")
    assert program.stop() == 0
"""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, Self

from tests.support.timeouts import TIMEOUT


class Program:
    """Started by `with`, or by `start`, as often as wanted; what all runs have said adds up."""

    module = "infra.local"
    descriptors: int | None = None  # all that it may have

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        # Prints here are faster than life.
        self.settings = {"PORT": "0", "CHANGES_PER_MINUTE": "0"} | settings
        self._lines: list[tuple[str, str]] = []
        self._changed = threading.Condition()
        self._process: subprocess.Popen[str] | None = None
        self._readers: list[threading.Thread] = []
        self._run_begins = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self.kill()

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._run_begins = len(self._lines)
        inherited = {
            name: os.environ[name] for name in ("PATH", "PYTHONPATH", "SYSTEMROOT") if name in os.environ
        }
        limit = ["sh", "-c", f'ulimit -n {self.descriptors}; exec "$@"', "sh"] if self.descriptors else []
        self._process = subprocess.Popen(
            [*limit, sys.executable, "-m", self.module],
            cwd=self.folder,
            env={**inherited, "HOME": str(self.folder), **self.settings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._readers = [
            threading.Thread(target=self._read, args=(name, stream), daemon=True)
            for name, stream in (("out", self._process.stdout), ("err", self._process.stderr))
            if stream is not None
        ]
        for reader in self._readers:
            reader.start()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end; the exit code. Raises TimeoutError if it takes longer than it may."""
        assert self._process is not None
        self._process.send_signal(number)
        return self.wait()

    def kill(self) -> None:
        """As a power cut ends it."""
        assert self._process is not None
        self._process.kill()
        self.wait()

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def process_id(self) -> int:
        assert self._process is not None
        return self._process.pid

    def wait(self, timeout: float = TIMEOUT) -> int:
        """The exit code, once it has ended and all that it said is here. Raises TimeoutError."""
        assert self._process is not None
        begun = time.monotonic()
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"still running after {time.monotonic() - begun:.1f} s:\n{self.all}") from None
        for reader in self._readers:
            reader.join(TIMEOUT)
        self._process = None
        return code

    @property
    def out(self) -> str:
        """Everything on stdout so far."""
        return self._said("out")

    @property
    def err(self) -> str:
        """Everything on stderr so far."""
        return self._said("err")

    @property
    def all(self) -> str:
        """Both, in the order in which it came."""
        with self._changed:
            return "".join(line for _, line in self._lines)

    @property
    def newest(self) -> str:
        """What the newest run has said so far."""
        with self._changed:
            return "".join(line for _, line in self._lines[self._run_begins :])

    @property
    def url(self) -> str:
        """Where the API of the newest run is; waits until that is said."""
        words = self.wait_for(r"  API +(http://\S+)/api/printers")
        return words[1]

    def wait_for(self, pattern: str, timeout: float = TIMEOUT, *, times: int = 1) -> re.Match[str]:
        """The last match once the newest run has said so many. Raises TimeoutError with what it said."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                said = "".join(line for _, line in self._lines[self._run_begins :])
                found = list(re.finditer(pattern, said, re.MULTILINE))
                if len(found) >= times:
                    return found[-1]
                left = deadline - time.monotonic()
                if left <= 0 or not any(reader.is_alive() for reader in self._readers):
                    raise TimeoutError(
                        f"{pattern!r} was not said {times} times within {timeout:g} s:\n{said}"
                    )
                self._changed.wait(min(left, 0.5))

    def _said(self, name: str) -> str:
        with self._changed:
            return "".join(line for stream, line in self._lines if stream == name)

    def _read(self, name: str, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                with self._changed:
                    self._lines.append((name, line))
                    self._changed.notify_all()
