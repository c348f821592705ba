"""The databases, read without disturbing a bridge that runs on them."""

import fcntl
import sqlite3
import time
from enum import Enum
from pathlib import Path

from infra.local.config import SIMULATION_FOLDER
from infra.local.doctor.check import Check, CheckResult, Setup
from infra.local.doctor.findings import Finding, Outcome, fine, nothing
from infra.local.stores import DATABASE_FILE

_LOCK_FILE = "running.lock"
_OUTBOX = ("outbox", "outbox.db")
_BUSY_SECONDS = 0.3
_CHECK_SECONDS = 20.0
_OUTBOX_SECONDS = 3.0  # a collector that starts meanwhile waits five for its lock, and ends without it
_STEPS = 1000
_START_ANEW = (
    "Start the bridge (anew): it moves the file aside and begins a fresh one. If it happens again, check the "
    "disk; an SD card may be worn out."
)
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


class Verdict(Enum):
    """What SQLite says of a file: how that is, what is found, and the advice."""

    SOUND = Outcome.FINE, "{file.name} is sound", ""
    MISSING = Outcome.NOTHING, "{file.name} is made at the first start", ""
    SIMULATED_ONLY = Outcome.NOTHING, "{file.name} is not made yet: only the simulation has run", ""
    IN_USE = Outcome.FINE, "{file.name} is in use by what runs, which checked it at its start", ""
    TOO_LONG = Outcome.NOTHING, "{file.name} is large, and was not read to its end", ""
    DAMAGED = Outcome.FAULT, "{file} is damaged ({words})", _START_ANEW
    UNREADABLE = (
        Outcome.FAULT,
        "{file} cannot be opened ({words})",
        "Run the doctor as the user that the bridge runs as; else correct owner and rights of DATA_DIR.",
    )


def run(setup: Setup) -> CheckResult:
    """The embedded run's database and the outbox; on its own the collector has only the latter.

    A bridge that runs holds the lock of DATA_DIR; a simulated one has its state in a folder there.
    """
    data_dir = setup.settings.data_dir
    outbox = data_dir.joinpath(*_OUTBOX)
    if setup.is_cloud:
        verdict, words = read_verdict(outbox, is_running=False, seconds=_OUTBOX_SECONDS)
        return CheckResult([evaluate_database("outbox", outbox, verdict, words)])
    records, simulation = data_dir / DATABASE_FILE, data_dir / SIMULATION_FOLDER
    is_running = is_locked(data_dir / _LOCK_FILE)
    is_simulated = is_running and is_in_use(simulation.joinpath(*_OUTBOX))
    is_used = is_running and not is_simulated
    findings = [evaluate_lock(data_dir, is_running, is_simulated)]
    for subject, file, seconds in (
        ("records and queues", records, _CHECK_SECONDS),
        ("outbox", outbox, _OUTBOX_SECONDS),
    ):
        if file == outbox and is_used and file.exists():
            verdict, words = Verdict.IN_USE, ""
        else:
            verdict, words = read_verdict(file, is_used, seconds)
        if verdict is Verdict.MISSING and simulation.is_dir():
            verdict = Verdict.SIMULATED_ONLY
        findings.append(evaluate_database(subject, file, verdict, words))
    return CheckResult(findings)


CHECK = Check("state", ("DATA_DIR",), run, 45)


def evaluate_lock(data_dir: Path, is_running: bool, is_simulated: bool) -> Finding:
    """Pure. A bridge that runs is no fault."""
    if is_running:
        return fine("bridge", f"one is running on {data_dir}{' (the simulation)' * is_simulated}")
    return nothing("bridge", f"none is running on {data_dir}")


def evaluate_database(subject: str, file: Path, verdict: Verdict, words: str) -> Finding:
    """Pure. `words` are SQLite's."""
    outcome, found, advice = verdict.value
    return Finding(subject, outcome, found.format(file=file, words=words), advice)


def is_locked(file: Path) -> bool:
    """Whether a bridge holds it. Asked with a shared lock that is let go at once."""
    try:
        with file.open("rb") as opened:
            try:
                fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            fcntl.flock(opened, fcntl.LOCK_UN)
            return False
    except OSError:
        return False


def is_in_use(file: Path) -> bool:
    """Whether a process has that outbox to itself."""
    return read_verdict(file, is_running=True)[0] is Verdict.IN_USE


def read_verdict(file: Path, is_running: bool, seconds: float = _CHECK_SECONDS) -> tuple[Verdict, str]:
    """`PRAGMA quick_check`, writing nothing of our own.

    Beside a bridge that runs the file is opened for reading only. Else for writing too, without which
    SQLite could not tidy up its journal after the look (it is what the next start would do).
    """
    try:
        if not file.exists():
            return Verdict.MISSING, ""
        connection = sqlite3.connect(
            f"{file.absolute().as_uri()}?mode={'ro' if is_running else 'rw'}",
            uri=True,
            timeout=_BUSY_SECONDS,
            isolation_level=None,
        )
    except (OSError, sqlite3.Error) as error:
        return Verdict.UNREADABLE, (getattr(error, "strerror", None) or str(error))[:100]
    deadline = time.monotonic() + seconds
    try:
        connection.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
        connection.execute("PRAGMA query_only = ON")
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        return (Verdict.SOUND, "") if verdict == "ok" else (Verdict.DAMAGED, str(verdict)[:100])
    except sqlite3.Error as error:
        code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
        if code in _BUSY:
            return Verdict.IN_USE, ""
        if code == sqlite3.SQLITE_INTERRUPT:
            return Verdict.TOO_LONG, ""
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return Verdict.DAMAGED, str(error)[:100]
        return Verdict.UNREADABLE, str(error)[:100]
    finally:
        connection.close()
