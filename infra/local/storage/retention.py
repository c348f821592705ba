"""What is too old is removed: frames, films, and expired or forgotten rows of the database."""

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from functions.shared.domain.keys import film_stamp_of, present_key, taken_at_of
from infra.local.storage.clock_history import Spans
from infra.local.storage.database import SqliteDatabase
from infra.local.storage.frames import LATEST_FOLDER, PART_ENDING

_log = logging.getLogger(__name__)

DATABASE_RETENTION_DAYS = 14.0  # as the cloud's queues keep their messages

_DAY = 86_400.0
_PRINTER_DEPTH, _JOB_DEPTH = 1, 2


@dataclass(frozen=True, slots=True)
class RemovedFiles:
    """How many of each were removed."""

    frames: int = 0
    films: int = 0
    folders: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class RemovedRows:
    """How many of each were removed; `messages` were never delivered."""

    marks: int = 0
    deduplications: int = 0
    messages: int = 0
    dead_letters: int = 0


WrongTimes = Callable[[float], Spans]  # see `ClockHistory.wrong_times`
_IsOld = Callable[[float], bool]


def _always_right(_days: float) -> Spans:
    return []


def remove_old_files(
    images_dir: Path,
    now: float,
    image_retention_days: float,
    film_retention_days: float,
    wrong_times: WrongTimes = _always_right,
) -> RemovedFiles:
    """Remove frames by the time in their name, films by that and their file's time, then folders that are
    empty.

    Only files that are named as ours are, in a job's folder, are touched; links are not followed. Thumbnails
    of 0.1.0, whose names made them look like frames, are given the name of today.
    """
    is_old_film = _old_after(film_retention_days, now, wrong_times)
    is_old_frame = _old_after(image_retention_days, now, wrong_times)
    frames = films = folders = size = 0
    for folder, depth in _folders(images_dir):
        for entry in _entries(folder):
            if not entry.is_file(follow_symlinks=False):
                continue
            is_of_film = film_stamp_of(entry.name) is not None
            removed = _remove_if_old(entry, depth, is_old_film if is_of_film else is_old_frame)
            if removed is None:
                _give_present_name(entry, depth)
                continue
            size += removed
            films += is_of_film and entry.name.endswith(".mp4")
            frames += not is_of_film
        folders += _is_removed_if_empty(folder)
    return RemovedFiles(frames, films, folders, size)


def _old_after(days: float, now: float, wrong_times: WrongTimes) -> _IsOld:
    oldest, spared = now - days * _DAY, wrong_times(days)
    return lambda stamp: stamp < oldest and not any(begin <= stamp <= end for begin, end in spared)


def remove_old_rows(
    database: SqliteDatabase,
    now: float,
    retention_days: float = DATABASE_RETENTION_DAYS,
    wrong_times: WrongTimes = _always_right,
    timer: float | None = None,
) -> RemovedRows:
    """Remove expired marks and deduplication ids, and messages and dead letters older than so many days.

    `timer`: now, by what the queues measure delays with; None: they have no other clock.
    Writes nothing if there is nothing to remove. Raises TransientError.
    """
    oldest = now - retention_days * _DAY
    with database.writing(durable=False) as connection:
        connection.create_function("is_old", 1, _old_after(retention_days, now, wrong_times))
        removed = RemovedRows(
            connection.execute("DELETE FROM record WHERE expires_at <= ?", (now,)).rowcount,
            connection.execute(
                "DELETE FROM deduplication WHERE expires_at <= ?", (now if timer is None else timer,)
            ).rowcount,
            connection.execute(
                "DELETE FROM message WHERE sent_at < ? AND is_old(sent_at)", (oldest,)
            ).rowcount,
            connection.execute(
                "DELETE FROM dead_letter WHERE dead_at < ? AND is_old(dead_at)", (oldest,)
            ).rowcount,
        )
        if removed.messages:
            connection.execute(
                "DELETE FROM delivery WHERE NOT EXISTS (SELECT 1 FROM message AS m"
                " WHERE m.queue = delivery.queue AND m.number = delivery.number)"
            )
    if removed.messages:
        _log.error("%d messages could not be delivered in %g days: dropped", removed.messages, retention_days)
    return removed


def _folders(images_dir: Path) -> Iterator[tuple[Path, int]]:
    """The folders of jobs and printers (with their depth), a folder after those inside it."""
    latest = images_dir / LATEST_FOLDER
    if latest.is_dir():
        yield latest, _JOB_DEPTH
    for printer in _sub_folders(images_dir):
        for job in _sub_folders(printer):
            yield job, _JOB_DEPTH
        yield printer, _PRINTER_DEPTH


def _sub_folders(folder: Path) -> list[Path]:
    return [
        Path(entry.path)
        for entry in _entries(folder)
        if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)
    ]


def _entries(folder: Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except FileNotFoundError:
        return []
    except OSError as error:
        _log.warning("%s cannot be read, nothing in it is removed: %s", folder, error.strerror)
        return []


def _remove_if_old(entry: "os.DirEntry[str]", depth: int, is_old: _IsOld) -> int | None:
    """The removed file's size, None if it stays."""
    try:
        facts = entry.stat(follow_symlinks=False)
        if depth != _JOB_DEPTH or not _is_too_old(entry, facts.st_mtime, is_old):
            return None
        os.unlink(entry.path)
    except FileNotFoundError:
        return None
    except OSError as error:
        _log.warning("%s cannot be removed: %s", entry.path, error.strerror)
        return None
    return facts.st_size


def _is_too_old(entry: "os.DirEntry[str]", modified_at: float, is_old: _IsOld) -> bool:
    taken_at = taken_at_of(entry.name)
    if taken_at is not None:
        return is_old(taken_at)
    if (film_stamp := film_stamp_of(entry.name)) is not None:
        return is_old(modified_at) and is_old(_seconds(film_stamp, modified_at))
    is_latest = Path(entry.path).parent.name == LATEST_FOLDER and entry.name.endswith(".jpg")
    is_rest_of_a_put = entry.name.startswith(".") and entry.name.endswith(PART_ENDING)
    return (is_latest or is_rest_of_a_put) and is_old(modified_at)


def _give_present_name(entry: "os.DirEntry[str]", depth: int) -> None:
    name = present_key(entry.name)
    if depth != _JOB_DEPTH or name == entry.name:
        return
    try:
        os.rename(entry.path, Path(entry.path).with_name(name))
    except OSError as error:
        _log.warning("%s cannot be renamed: %s", entry.path, error.strerror)


def _seconds(stamp: str, otherwise: float) -> float:
    try:
        return datetime.strptime(stamp + "+0000", "%Y%m%dT%H%M%S%z").timestamp()
    except ValueError:
        return otherwise


def _is_removed_if_empty(folder: Path) -> bool:
    try:
        os.rmdir(folder)  # fails for a folder that is not empty
    except OSError:
        return False
    return True
