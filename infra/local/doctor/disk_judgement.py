"""Whether a folder can be used, and whether its disk has room. Pure."""

import errno
import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from functions.shared.settings import Settings
from infra.local.doctor.findings import Finding, fault, fine, warning
from infra.local.doctor.folder_probe import FolderFacts

CHECK = "disk"
_SHALLOW = 2  # `/` and one name
_OF_THE_SYSTEM = frozenset({"bin", "boot", "dev", "etc", "lib", "proc", "root", "run", "sbin", "sys", "usr"})
_FEWEST_BYTES = 100 * 1024 * 1024
_FRAME_BYTES = 100_000
_JOBS_A_DAY = 4
_DAYS = 7.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What shall lie in a folder: its variable, bytes that it may take, and these in words."""

    variable: str
    bytes: int
    words: str


def outbox_wanted(settings: Settings) -> Wanted:
    return Wanted(
        "DATA_DIR",
        settings.outbox_max_bytes,
        f"the outbox may take {_size(settings.outbox_max_bytes)} in an outage (OUTBOX_MAX_BYTES)",
    )


def frames_wanted(settings: Settings) -> Wanted:
    """One printer's frames of a week, or of the time they are kept: four jobs a day, 100 kB a frame."""
    frames = settings.timelapse_target_duration_seconds * settings.timelapse_fps_cap
    days = min(_DAYS, settings.image_retention_days)
    needed = int(days * _JOBS_A_DAY * frames * _FRAME_BYTES)
    return Wanted(
        "IMAGES_DIR",
        needed,
        f"a printer's frames may take {_size(needed)} in {days:g} days ({_JOBS_A_DAY} prints a day)",
    )


def evaluate_folder(wanted: Wanted, shown: str, facts: FolderFacts, user: int) -> Finding:
    """`shown` is the folder as it is set, `user` the uid that tried."""
    if facts.error:
        return _unusable(wanted.variable, shown, facts, user)
    free = facts.free
    if free is None:
        return fine(CHECK, wanted.variable, f"{shown} can be written")
    if free < _FEWEST_BYTES:
        return fault(
            CHECK,
            wanted.variable,
            f"{shown}: only {_size(free)} are free",
            f"Make room, or set {wanted.variable} to a folder on another disk.",
        )
    if free < wanted.bytes - facts.used:
        advice = f"Make room, or set {wanted.variable} to a folder on another disk"
        other = {
            "DATA_DIR": ", or a smaller OUTBOX_MAX_BYTES.",
            "IMAGES_DIR": ", or a shorter IMAGE_RETENTION_DAYS.",
        }
        return warning(
            CHECK,
            wanted.variable,
            f"{shown} can be written; {_size(free)} are free, and {wanted.words}",
            advice + other.get(wanted.variable, "."),
        )
    return fine(CHECK, wanted.variable, f"{shown} can be written, {_size(free)} free")


def _unusable(variable: str, shown: str, facts: FolderFacts, user: int) -> Finding:
    other = f"set {variable} to a folder that can be written"
    place = str(facts.place)
    if facts.error == errno.EROFS:
        return fault(
            CHECK,
            variable,
            f"{shown} is on a file system that is read-only",
            "An SD card that is worn out turns read-only: look into `dmesg`. Mount it for writing (in "
            f"Docker: without `:ro`), or {other}.",
        )
    if facts.error in (errno.EACCES, errno.EPERM):
        mode = f", rights {facts.mode:o}" if facts.mode is not None else ""
        return fault(
            CHECK,
            variable,
            f"{_name(user)} may not write in {place}: it belongs to {_name(facts.owner)}{mode}",
            _leave_to(user, Path(shown).absolute(), facts.place, other),
        )
    if facts.error in (errno.ENOSPC, errno.EDQUOT):
        return fault(CHECK, variable, f"{shown}: the disk is full", f"Make room, or {other}.")
    if facts.error in (errno.ENOTDIR, errno.EEXIST):
        return fault(CHECK, variable, f"{place} is no folder", f"Remove that file, or {other}.")
    return fault(
        CHECK,
        variable,
        f"{shown} cannot be written ({os.strerror(facts.error)})",
        f"Look into `dmesg` whether the disk is sound, or {other}.",
    )


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
