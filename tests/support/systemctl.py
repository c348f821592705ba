"""What stands for `systemctl` below a folder: it really starts the programs of the units there, and waits
until they are ready.

SYSTEMCTL=<a script that starts this> DESTDIR=<the folder>. It knows what install.sh asks for and no more: no
restarts by itself, so a program that ended is inactive.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(os.environ.get("DESTDIR", "/nowhere"))
READY_SECONDS = 60.0


def main(arguments: list[str]) -> int:
    verb, *words = [word for word in arguments if not word.startswith("--")]
    if verb in ("daemon-reload", "enable", "status"):
        return 0
    if verb == "show":
        sys.stdout.write("0\n")
        return 0
    (unit,) = [word for word in words if word.startswith("printer-")]
    if verb == "is-active":
        return 0 if is_running(unit) else 3
    stop(unit)
    return start(unit) if verb in ("restart", "start") else 0


def process_id(unit: str) -> int | None:
    """Of the program that runs; None when none does."""
    try:
        number = int((ROOT / f"{unit}.pid").read_text(encoding="ascii"))
        stat = Path(f"/proc/{number}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    return None if stat.rpartition(")")[2].split()[0] == "Z" else number


def is_running(unit: str) -> bool:
    return process_id(unit) is not None


def stop(unit: str) -> None:
    number = process_id(unit)
    if number is None:
        return
    os.kill(number, signal.SIGTERM)
    end = time.monotonic() + READY_SECONDS
    while is_running(unit) and time.monotonic() < end:
        time.sleep(0.02)


def start(unit: str) -> int:
    """Exit code 0 once it is ready, 1 if it ends before."""
    states = ROOT / "var/lib"
    values: dict[str, str] = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    command = ""
    for line in (ROOT / f"etc/systemd/system/{unit}.service").read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition("=")
        if key == "ExecStart":
            command = str(ROOT) + value
        elif key == "Environment":
            values |= dict(pair.split("=", 1) for pair in value.replace("%S", str(states)).split())
        elif key == "EnvironmentFile":
            lines = (ROOT / value.lstrip("/")).read_text(encoding="utf-8").splitlines()
            values |= dict(line.split("=", 1) for line in lines if "=" in line and line[0] != "#")
    (states / unit).mkdir(parents=True, exist_ok=True)
    address = f"\0{os.getpid()}{unit}"  # without a path, as those of tests are too long for one
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready,
        (ROOT / f"{unit}.said").open("ab") as said,
    ):
        ready.bind(address)
        ready.settimeout(0.05)
        program = subprocess.Popen(
            [str(Path(command).resolve())],  # so that its version can be seen from outside
            cwd=states / unit,
            env=values | {"NOTIFY_SOCKET": "@" + address[1:]},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        (ROOT / f"{unit}.pid").write_text(str(program.pid), encoding="ascii")
        end = time.monotonic() + READY_SECONDS
        while program.poll() is None and time.monotonic() < end:
            try:
                if ready.recv(4096).startswith(b"READY=1"):
                    return 0
            except TimeoutError:
                pass
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
