"""The datagram socket of systemd, as a service meets it."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Self

from tests.support.timeouts import TIMEOUT


class SystemdSocket:
    """`messages` are those received so far, one dictionary each (`{"READY": "1"}`)."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "notify"
        self.messages: list[dict[str, str]] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def take(self, timeout: float = TIMEOUT) -> dict[str, str]:
        """The next message. Raises TimeoutError."""
        self._socket.settimeout(timeout)
        text = self._socket.recv(4096).decode()
        message = dict(line.split("=", 1) for line in text.split("\n"))
        self.messages.append(message)
        return message

    def take_until(self, condition: Callable[[dict[str, str]], bool]) -> dict[str, str]:
        """The first message for which it holds. Raises TimeoutError when none comes for a while."""
        while not condition(message := self.take()):
            pass
        return message

    def take_all(self) -> list[dict[str, str]]:
        """Those that wait now."""
        taken = []
        while True:
            try:
                taken.append(self.take(0.0001))
            except (TimeoutError, BlockingIOError):
                return taken
