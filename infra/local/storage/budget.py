"""Frames and films within STORAGE_MAX_BYTES: what lies there, and what goes first.

The frames of finished jobs go first, the job that ended first before the others; then films, oldest first;
last every second frame of jobs that run. The newest frame of a job that runs never goes.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import TypeVar

from functions.shared.domain.keys import film_stamp_of, taken_at_of

Found = TypeVar("Found")

_SHARE = 0.8
_JUST_ENDED_SECONDS = 3600.0  # its film may still be made
_STAMP = "%Y%m%dT%H%M%S"

Running = Mapping[str, float]
"""The folders of jobs that run (`<printer>/<job>`), each with the time at which its job began."""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A frame, a film or its thumbnail: folder (`<printer>/<job>`), name, bytes, time by its name."""

    folder: str
    name: str
    size: int
    at: float
    is_frame: bool


@dataclass(frozen=True, slots=True)
class DiskRoom:
    """Bytes of a disk: all of it, and what is free for a program like ours."""

    total: int
    free: int


def room_on(folder: Path) -> DiskRoom:
    """Raises OSError."""
    disk = os.statvfs(folder)
    return DiskRoom(disk.f_blocks * disk.f_frsize, disk.f_bavail * disk.f_frsize)


def budget_of(setting: int | None, used: int, free: int) -> int:
    """The bytes that frames and films may take: as set, or four fifths of what they have and what is free."""
    return setting if setting is not None else int(_SHARE * (used + free))


def _is_left_out(_folder: Path) -> None:
    pass


def kept_files(images_dir: Path, on_closed: Callable[[Path], None] = _is_left_out) -> list[KeptFile]:
    """Only what is named as ours, in a job's folder. Raises OSError for a folder that cannot be read.

    What lies in one that this user has no right to (the `lost+found` of a disk, what another user has made)
    is not ours to remove either: it is told to `on_closed`, and costs the others nothing.
    """

    def readable(folders: list[Path], read: Callable[[Path], Iterable[Found]]) -> Iterator[Found]:
        for folder in folders:
            try:
                yield from read(folder)
            except PermissionError:
                on_closed(folder)

    jobs = list(readable(_folders(images_dir), _folders))
    return list(readable(jobs, _files))


def _folders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [
                Path(entry.path)
                for entry in entries
                if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)
            ]
    except FileNotFoundError:
        return []


def _files(job: Path) -> Iterator[KeptFile]:
    folder = f"{job.parent.name}/{job.name}"
    try:
        with os.scandir(job) as entries:
            for entry in entries:
                taken_at, stamp = taken_at_of(entry.name), film_stamp_of(entry.name)
                at = taken_at if taken_at is not None else _seconds(stamp)
                if at is None or not entry.is_file(follow_symlinks=False):
                    continue
                try:
                    size = entry.stat(follow_symlinks=False).st_blocks * 512
                except FileNotFoundError:
                    continue
                yield KeptFile(folder, entry.name, size, at, taken_at is not None)
    except FileNotFoundError:
        return


def _seconds(stamp: str | None) -> float | None:
    try:
        return None if stamp is None else datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def plan_eviction(files: Sequence[KeptFile], bytes_to_free: int, running: Running) -> list[KeptFile]:
    """What has to go so that so many bytes are free, and nothing more."""
    return _until(bytes_to_free, _in_order(files, running))


def plan_relief(
    files: Sequence[KeptFile], bytes_to_free: int, running: Running, now: float
) -> list[KeptFile]:
    """The same where others fill the disk: only frames of finished jobs whose films are long made."""
    runs = _finished_runs(files, running)
    made = (run for run in runs if now - max(frame.at for frame in run) > _JUST_ENDED_SECONDS)
    return _until(bytes_to_free, (frame for run in made for frame in run))


def _until(bytes_to_free: int, files: Iterator[KeptFile]) -> list[KeptFile]:
    gone: list[KeptFile] = []
    while bytes_to_free > 0 and (file := next(files, None)) is not None:
        gone.append(file)
        bytes_to_free -= file.size
    return gone


def _in_order(files: Sequence[KeptFile], running: Running) -> Iterator[KeptFile]:
    for run in _finished_runs(files, running):
        yield from run
    yield from sorted((file for file in files if not file.is_frame), key=lambda file: (file.at, file.name))
    left = _by_folder(file for file in files if file.is_frame and _is_running(file, running))
    while any(len(frames) > 1 for frames in left):
        for frames in sorted(left, key=len, reverse=True):
            thinned = frames[-2::-2]  # the newest stays
            yield from thinned
            frames[:] = [frame for frame in frames if frame not in set(thinned)]


def _is_running(file: KeptFile, running: Running) -> bool:
    begun = running.get(file.folder)
    return begun is not None and file.at >= begun - 1.0  # names carry whole seconds


def _finished_runs(files: Sequence[KeptFile], running: Running) -> list[list[KeptFile]]:
    """The frames of each job that is over; runs of one name are told apart by the films made after them."""
    runs: dict[tuple[str, float], list[KeptFile]] = {}
    films: dict[str, list[float]] = {}
    for file in files:
        if not file.is_frame:
            films.setdefault(file.folder, []).append(file.at)
    for file in files:
        if file.is_frame and not _is_running(file, running):
            filmed_at = min((at for at in films.get(file.folder, ()) if at >= file.at), default=float("inf"))
            runs.setdefault((file.folder, filmed_at), []).append(file)
    for run in runs.values():
        run.sort(key=lambda frame: (frame.at, frame.name))
    return sorted(runs.values(), key=lambda run: run[-1].at)


def _by_folder(frames: Iterator[KeptFile]) -> list[list[KeptFile]]:
    ordered = sorted(frames, key=lambda frame: (frame.folder, frame.at, frame.name))
    return [list(group) for _, group in groupby(ordered, key=lambda frame: frame.folder)]
