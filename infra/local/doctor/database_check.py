"""The databases, read without disturbing a bridge that runs on them."""

import fcntl
import sqlite3
import time
from enum import Enum
from pathlib import Path

from collector.outbox.database import DATABASE, OUTBOX_SCHEMA
from collector.outbox.origin import is_copy
from functions.shared.runtime.sqlite_schema import Schema, stored_version
from infra.local.config import SIMULATION_FOLDER
from infra.local.doctor.check import Check, CheckResult, Setup
from infra.local.doctor.findings import Finding, Outcome, fine, nothing, warning
from infra.local.storage.database import STATE_SCHEMA
from infra.local.stores import DATABASE_FILE, LOCK_FILE, OUTBOX_FOLDER

_OUTBOX = (OUTBOX_FOLDER, DATABASE)
_BUSY_SECONDS = 0.3
_CHECK_SECONDS = 20.0
_OUTBOX_SECONDS = 3.0  # a collector that starts meanwhile waits five for its lock, and ends without it
_STEPS = 1000
_START_ANEW = (
    "Start the bridge (anew): it moves the file aside and begins a fresh one. If it happens again, check the "
    "disk; an SD card may be worn out."
)
_GO_FORWARD = (
    "Install the newer version again. To stay with this one, put the copy that was made before the change "
    "({0}.version-N) or a backup in its place: what was written since is not in it."
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
    NEWER = Outcome.FAULT, "{file} was written by a newer version ({words})", _GO_FORWARD
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
        verdict, words = _verdict_of(outbox, OUTBOX_SCHEMA, is_running=False, seconds=_OUTBOX_SECONDS)
        return CheckResult([evaluate_database("outbox", outbox, verdict, words), *_copied(outbox)])
    records, simulation = data_dir / DATABASE_FILE, data_dir / SIMULATION_FOLDER
    is_running = is_locked(data_dir / LOCK_FILE)
    is_simulated = is_running and is_in_use(simulation.joinpath(*_OUTBOX))
    is_used = is_running and not is_simulated
    findings = [evaluate_lock(data_dir, is_running, is_simulated)]
    for subject, file, schema, seconds in (
        ("records and queues", records, STATE_SCHEMA, _CHECK_SECONDS),
        ("outbox", outbox, OUTBOX_SCHEMA, _OUTBOX_SECONDS),
    ):
        if file == outbox and is_used and file.exists():
            verdict, words = Verdict.IN_USE, ""
        else:
            verdict, words = _verdict_of(file, schema, is_running=is_used, seconds=seconds)
        if verdict is Verdict.MISSING and simulation.is_dir():
            verdict = Verdict.SIMULATED_ONLY
        findings.append(evaluate_database(subject, file, verdict, words))
    findings += _copied(outbox)
    return CheckResult(findings)


CHECK = Check("state", ("DATA_DIR",), run, 45)


def _copied(outbox: Path) -> list[Finding]:
    if not is_copy(outbox.parent):
        return []
    return [
        warning(
            "copy",
            f"{outbox.parent} was used on another machine, or in another folder",
            "It goes on as a new collector at its next start. If the other one still runs, end one of both.",
        )
    ]


def evaluate_lock(data_dir: Path, is_running: bool, is_simulated: bool) -> Finding:
    """Pure. A bridge that runs is no fault."""
    if is_running:
        return fine("bridge", f"one is running on {data_dir}{' (the simulation)' * is_simulated}")
    return nothing("bridge", f"none is running on {data_dir}")


def evaluate_database(subject: str, file: Path, verdict: Verdict, words: str) -> Finding:
    """Pure. `words` are SQLite's."""
    outcome, found, advice = verdict.value
    return Finding(subject, outcome, found.format(file=file, words=words), advice.format(file.name))


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


def _verdict_of(file: Path, schema: Schema, *, is_running: bool, seconds: float) -> tuple[Verdict, str]:
    """As `read_verdict`; a file that this version must not open is not opened."""
    try:
        version = stored_version(file)
    except OSError as error:
        return Verdict.UNREADABLE, error.strerror or str(error)
    if version > len(schema):
        return Verdict.NEWER, f"format {version}, this one knows {len(schema)}"
    return read_verdict(file, is_running, seconds)


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
