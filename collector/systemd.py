"""What systemd is told, by its datagram socket: ready, alive, how things are, stopping.

Source: sd_notify(3) and sd_watchdog_enabled(3). Without NOTIFY_SOCKET nothing is said.
"""

import os
import socket
from collections.abc import Mapping

from functions.shared.text import printable

_BEATS_PER_PERIOD = 3
_USUAL_INTERVAL = 20.0
_STATUS_LIMIT = 500


class Systemd:
    """`environment` is read once. A message that cannot be sent is dropped: the next one tells the same."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._address = _address(environment.get("NOTIFY_SOCKET", ""))
        self._watchdog = _watchdog_seconds(environment)

    @property
    def is_there(self) -> bool:
        return self._address is not None

    @property
    def interval(self) -> float:
        """Seconds between two signs of life: a third of what systemd waits for one, if it does."""
        if self._watchdog is None:
            return _USUAL_INTERVAL
        return min(_USUAL_INTERVAL, self._watchdog / _BEATS_PER_PERIOD)

    def ready(self) -> None:
        self._send("READY=1")

    def alive(self, status: str) -> None:
        """A sign of life, and the line that `systemctl status` shows."""
        self._send(f"WATCHDOG=1\nSTATUS={_one_line(status)}")

    def stopping(self) -> None:
        self._send("STOPPING=1\nSTATUS=ending")

    def _send(self, message: str) -> None:
        if self._address is None:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                sender.setblocking(False)
                sender.sendto(message.encode("utf-8", "replace"), self._address)
        except OSError:
            pass


def _address(name: str) -> str | None:
    """A path, or (`@`) a name in Linux' abstract space; anything else is none that can be used."""
    if name.startswith("@"):
        return "\0" + name[1:]
    return name if name.startswith("/") else None


def _watchdog_seconds(environment: Mapping[str, str]) -> float | None:
    """None when systemd expects no sign of life of this process."""
    wanted_of = environment.get("WATCHDOG_PID", "")
    if wanted_of and wanted_of != str(os.getpid()):
        return None
    try:
        seconds = int(environment.get("WATCHDOG_USEC", "")) / 1e6
    except ValueError:
        return None
    return seconds if seconds > 0 else None


def _one_line(text: str) -> str:
    return printable(text, " ")[:_STATUS_LIMIT]
