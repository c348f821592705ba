"""The databases, read without disturbing a bridge that runs on them."""

import fcntl
import sqlite3
import time
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from infra.local.config import SIMULATION_FOLDER
from infra.local.doctor.findings import CheckResult, Finding, fault, fine, nothing
from infra.local.stores import DATABASE_FILE

CHECK = "state"
_LOCK_FILE = "running.lock"
_OUTBOX = ("outbox", "outbox.db")
_BUSY_SECONDS = 0.3
_CHECK_SECONDS = 20.0
_OUTBOX_SECONDS = 3.0  # a collector that starts meanwhile waits five for its lock, and ends without it
_STEPS = 1000
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


class Verdict(Enum):
    """What SQLite says of a file."""

    SOUND = auto()
    MISSING = auto()
    SIMULATED_ONLY = auto()
    IN_USE = auto()
    TOO_LONG = auto()
    DAMAGED = auto()
    UNREADABLE = auto()


@dataclass(frozen=True, slots=True)
class DatabaseCheck:
    """Blocking. The embedded run's database and the outbox; on its own the collector has only the latter."""

    data_dir: Path
    is_cloud: bool

    def look(self) -> CheckResult:
        """A bridge that runs holds the lock of DATA_DIR; a simulated one has its state in a folder there."""
        simulation = self.data_dir / SIMULATION_FOLDER
        is_running = not self.is_cloud and is_locked(self.data_dir / _LOCK_FILE)
        is_simulated = is_running and is_in_use(simulation.joinpath(*_OUTBOX))
        is_used = is_running and not is_simulated
        missing = (Verdict.MISSING, "")
        if not self.is_cloud and simulation.is_dir():
            missing = (Verdict.SIMULATED_ONLY, "")
        findings = []
        if not self.is_cloud:
            findings.append(evaluate_lock(self.data_dir, is_running, is_simulated))
            file = self.data_dir / DATABASE_FILE
            verdict = read_verdict(file, is_used)
            verdict = missing if verdict[0] is Verdict.MISSING else verdict
            findings.append(evaluate_database("records and queues", file, *verdict))
        file = self.data_dir.joinpath(*_OUTBOX)
        verdict = read_verdict(file, is_used) if not is_used or not file.exists() else (Verdict.IN_USE, "")
        verdict = missing if verdict[0] is Verdict.MISSING else verdict
        findings.append(evaluate_database("outbox", file, *verdict))
        return CheckResult(tuple(findings))


def evaluate_lock(data_dir: Path, is_running: bool, is_simulated: bool) -> Finding:
    """Pure. A bridge that runs is no fault."""
    if is_running:
        return fine(CHECK, "bridge", f"one is running on {data_dir}{' (the simulation)' * is_simulated}")
    return nothing(CHECK, "bridge", f"none is running on {data_dir}")


def evaluate_database(subject: str, file: Path, verdict: Verdict, words: str) -> Finding:
    """Pure."""
    match verdict:
        case Verdict.SOUND:
            return fine(CHECK, subject, f"{file.name} is sound")
        case Verdict.MISSING:
            return nothing(CHECK, subject, f"{file.name} is made at the first start")
        case Verdict.SIMULATED_ONLY:
            return nothing(CHECK, subject, f"{file.name} is not made yet: only the simulation has run")
        case Verdict.IN_USE:
            return fine(CHECK, subject, f"{file.name} is in use by what runs, which checked it at its start")
        case Verdict.TOO_LONG:
            return nothing(CHECK, subject, f"{file.name} is large, and was not read to its end")
        case Verdict.DAMAGED:
            return fault(
                CHECK,
                subject,
                f"{file} is damaged ({words})",
                "Start the bridge (anew): it moves the file aside and begins a fresh one. If it happens "
                "again, check the disk; an SD card may be worn out.",
            )
        case Verdict.UNREADABLE:
            return fault(
                CHECK,
                subject,
                f"{file} cannot be opened ({words})",
                "Run the doctor as the user that the bridge runs as; else correct owner and rights "
                "of DATA_DIR.",
            )


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
