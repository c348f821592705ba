"""What systemd does for a service, for the program in a container, where Docker has nothing like it.

A program that gives no sign of life is killed, and Docker starts it again; settings that cannot be used are
said once and waited with, as starting again would not help; a folder that cannot be written to is told with
its remedy. Any other command is started as it is.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from types import FrameType

from functions.shared.errors import EXIT_CONFIGURATION, EXIT_FAULT

# As in the units (infra/raspberry-pi): a look at the time-outs may be a minute away.
WATCHDOG_SECONDS = 180.0
START_SECONDS = 120.0
_SERVICES = (["printer-bridge"], ["printer-bridge", "run"], ["printer-collector"])
_TICK = 1.0


def main(
    command: Sequence[str] | None = None,
    environment: Mapping[str, str] | None = None,
    start_seconds: float = START_SECONDS,
    watchdog_seconds: float = WATCHDOG_SECONDS,
) -> int:
    """The exit code of the program; 1 if it was killed for its silence."""
    command = list(sys.argv[1:] if command is None else command)
    environment = dict(os.environ if environment is None else environment)
    if command not in _SERVICES:
        os.execvpe(command[0], command, environment)  # noqa: S606 - what the person typed
    program: list[subprocess.Popen[bytes]] = []
    is_asked_to_end = False

    def end(number: int, _: FrameType | None) -> None:
        nonlocal is_asked_to_end
        is_asked_to_end = True
        for it in program:
            it.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    for words in advice(environment):
        _say(words)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as signs:
        name = f"printer-bridge-{os.getpid()}"  # abstract: the file system may be read-only
        signs.bind("\0" + name)
        signs.settimeout(_TICK)
        told = {"NOTIFY_SOCKET": f"@{name}", "WATCHDOG_USEC": str(int(watchdog_seconds * 1e6))}
        program.append(subprocess.Popen(command, env={**environment, **told}))  # noqa: S603 - one of ours
        code = _watch(program[0], signs, start_seconds, watchdog_seconds, lambda: is_asked_to_end)
    if code == EXIT_CONFIGURATION and not is_asked_to_end:
        _say(
            "Starting again would not help, so this container waits: correct the settings, then make it anew."
        )
        while not is_asked_to_end:
            time.sleep(_TICK)  # a signal ends the sleep's loop within a second
    return code


def advice(environment: Mapping[str, str], can_be_used: Callable[[str, int], bool] = os.access) -> list[str]:
    """What in a container is most likely not meant."""
    said = []
    if environment.get("HOST", "").startswith("127.") or environment.get("HOST") == "localhost":
        said.append(
            f"HOST={environment['HOST']}: a port that is published leads nowhere. Leave HOST out of the "
            "settings (only with --network host it is right)."
        )
    for name in ("DATA_DIR", "IMAGES_DIR"):
        folder = environment.get(name, "")
        while folder and not os.path.exists(folder):
            folder = os.path.dirname(folder)
        if folder and not can_be_used(folder, os.W_OK):
            said.append(
                f"{name}: {folder} cannot be written to. A folder of yours that is mounted there has to "
                f"belong to this user: sudo chown -R {os.getuid()}:{os.getgid()} FOLDER"
            )
    return said


def _watch(
    program: "subprocess.Popen[bytes]",
    signs: socket.socket,
    start_seconds: float,
    watchdog_seconds: float,
    is_ending: Callable[[], bool],
) -> int:
    """The exit code. A program that is ending is Docker's to kill, after the time that it was given."""
    deadline = time.monotonic() + start_seconds
    while program.poll() is None:
        try:
            words = signs.recv(4096).split(b"\n")
        except TimeoutError:
            words = []
        if {b"READY=1", b"WATCHDOG=1"} & set(words):
            deadline = time.monotonic() + watchdog_seconds
        elif time.monotonic() > deadline and not is_ending():
            _say("No sign of life of the program for too long: it is killed, to be started again.")
            program.kill()
            program.wait()
            return EXIT_FAULT
    code = program.returncode
    return code if code >= 0 else 128 - code


def _say(text: str) -> None:
    sys.stderr.write(f"supervise: {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
