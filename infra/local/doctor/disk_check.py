"""The folders: tried by writing into them, and whether their disks have room."""

import contextlib
import errno
import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from functions.shared.settings import Settings
from infra.local.doctor import rights_check
from infra.local.doctor.check import Check, CheckResult, Setup
from infra.local.doctor.findings import Finding, fault, fine, warning

_OUTBOX_FOLDER = "outbox"
_CONTENT = b"printer-bridge doctor\n" * 200
_SHALLOW = 2  # `/` and one name
_OF_THE_SYSTEM = frozenset({"bin", "boot", "dev", "etc", "lib", "proc", "root", "run", "sbin", "sys", "usr"})
_FEWEST_BYTES = 100 * 1024 * 1024
_FRAME_BYTES = 100_000
_JOBS_A_DAY = 4
_DAYS = 7.0
_LESS = {"DATA_DIR": ", or a smaller OUTBOX_MAX_BYTES", "IMAGES_DIR": ", or a shorter IMAGE_RETENTION_DAYS"}


@dataclass(frozen=True, slots=True)
class FolderFacts:
    """`error`: the errno of what failed at `place`, 0 for nothing; owner and rights are of that place.

    `free` in bytes, None when the system does not tell; `used`: bytes of what lies in a folder inside it.
    """

    error: int = 0
    place: Path = Path()
    owner: int | None = None
    mode: int | None = None
    free: int | None = None
    used: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What shall lie in a folder: its variable, bytes that it may take, and these in words."""

    variable: str
    bytes: int
    words: str


def run(setup: Setup) -> CheckResult:
    settings, user = setup.settings, os.geteuid()
    wider = rights_check.look(setup)  # first: the trial may make the folders for a moment
    data = probe(settings.data_dir, _OUTBOX_FOLDER)
    findings = [evaluate_folder(outbox_wanted(settings), str(settings.data_dir), data, user)]
    if not setup.is_cloud:
        images = probe(settings.images_dir)
        findings.append(evaluate_folder(frames_wanted(settings), str(settings.images_dir), images, user))
    return CheckResult([*findings, *wider])


CHECK = Check(
    "disk",
    ("DATA_DIR", "IMAGES_DIR", "OUTBOX_MAX_BYTES", "STORAGE_MAX_BYTES", "IMAGE_RETENTION_DAYS"),
    run,
    30,
)


def probe(folder: Path, used_in: str | None = None) -> FolderFacts:
    """Write, fsync, rename, delete: nothing stays behind, not even the folder if it was made for the try."""
    try:
        with _present(folder):
            _write_in(folder)
            used = _size_of(folder / used_in) if used_in else 0
            return FolderFacts(place=folder, free=shutil.disk_usage(folder).free, used=used)
    except OSError as error:
        return _facts_of(folder, error.errno or 0)


@contextlib.contextmanager
def _present(folder: Path) -> Iterator[None]:
    missing = [path for path in (folder, *folder.parents) if not os.path.lexists(path)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    finally:
        for path in missing:
            with contextlib.suppress(OSError):  # somebody uses it by now
                path.rmdir()


def _write_in(folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=".doctor-", dir=folder) as inside:
        written = Path(inside) / "written"
        with written.open("xb") as file:
            file.write(_CONTENT)
            file.flush()
            os.fsync(file.fileno())
        written.replace(Path(inside) / "renamed")
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _facts_of(folder: Path, error: int) -> FolderFacts:
    """Owner and rights of the folder, or of the nearest one above it that is there."""
    for path in (folder, *folder.parents):
        with contextlib.suppress(OSError):
            stat = path.stat()
            return FolderFacts(error, path, stat.st_uid, stat.st_mode & 0o7777)
    return FolderFacts(error, folder)


def _size_of(folder: Path) -> int:
    total = 0
    for base, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += (Path(base) / name).lstat().st_size
    return total


def outbox_wanted(settings: Settings) -> Wanted:
    size = settings.outbox_max_bytes
    return Wanted("DATA_DIR", size, f"the outbox may take {_size(size)} in an outage (OUTBOX_MAX_BYTES)")


def frames_wanted(settings: Settings) -> Wanted:
    """One printer's frames of a week, or of the time they are kept: four jobs a day, 100 kB a frame."""
    frames = settings.timelapse_target_duration_seconds * settings.timelapse_fps_cap
    days = min(_DAYS, settings.image_retention_days)
    size = int(days * _JOBS_A_DAY * frames * _FRAME_BYTES)
    if settings.storage_max_bytes is not None and settings.storage_max_bytes < size:
        size = settings.storage_max_bytes
        return Wanted("IMAGES_DIR", size, f"frames and films may take {_size(size)} (STORAGE_MAX_BYTES)")
    words = f"a printer's frames may take {_size(size)} in {days:g} days ({_JOBS_A_DAY} prints a day)"
    return Wanted("IMAGES_DIR", size, words)


def evaluate_folder(wanted: Wanted, shown: str, facts: FolderFacts, user: int) -> Finding:
    """Pure. `shown` is the folder as it is set, `user` the uid that tried."""
    variable, free = wanted.variable, facts.free
    if facts.error:
        return fault(variable, *_unusable(variable, shown, facts, user))
    if free is None:
        return fine(variable, f"{shown} can be written")
    advice = f"Make room, or set {variable} to a folder on another disk"
    if free < _FEWEST_BYTES:
        return fault(variable, f"{shown}: only {_size(free)} are free", f"{advice}.")
    if free < wanted.bytes - facts.used:
        found = f"{shown} can be written; {_size(free)} are free, and {wanted.words}"
        return warning(variable, found, f"{advice}{_LESS[variable]}.")
    return fine(variable, f"{shown} can be written, {_size(free)} free")


def _unusable(variable: str, shown: str, facts: FolderFacts, user: int) -> tuple[str, str]:
    """What is found, and the advice."""
    place, other = facts.place, f"set {variable} to a folder that can be written"
    match facts.error:
        case errno.EROFS:
            advice = "An SD card that is worn out turns read-only: look into `dmesg`. Mount it for writing"
            return (
                f"{shown} is on a file system that is read-only",
                f"{advice} (in Docker: without `:ro`), or {other}.",
            )
        case errno.EACCES | errno.EPERM:
            mode = f", rights {facts.mode:o}" if facts.mode is not None else ""
            return (
                f"{_name(user)} may not write in {place}: it belongs to {_name(facts.owner)}{mode}",
                _leave_to(user, Path(shown).absolute(), place, other),
            )
        case errno.ENOSPC | errno.EDQUOT:
            return f"{shown}: the disk is full", f"Make room, or {other}."
        case errno.ENOTDIR | errno.EEXIST:
            return f"{place} is no folder", f"Remove that file, or {other}."
    found = f"{shown} cannot be written ({os.strerror(facts.error)})"
    return found, f"Look into `dmesg` whether the disk is sound, or {other}."


def _leave_to(user: int, folder: Path, place: Path, other: str) -> str:
    """No command that would hand a folder of the system to somebody, should it be pasted."""
    if len(folder.parts) <= _SHALLOW or folder.parts[1] in _OF_THE_SYSTEM:
        return f"{other[:1].upper()}{other[1:]}."
    if place.absolute() == folder:
        return f"Let that user write there (`sudo chown {user} {folder}`), or {other}."
    return f"Make it for that user (`sudo install -d -o {user} {folder}`), or {other}."


def _name(user: int | None) -> str:
    if user is None:
        return "somebody"
    try:
        return f"{pwd.getpwuid(user).pw_name} (uid {user})"
    except KeyError:
        return f"uid {user}"


def _size(amount: int) -> str:
    return f"{amount / 1e9:.1f} GB" if amount >= 1e9 else f"{amount / 1e6:.0f} MB"
