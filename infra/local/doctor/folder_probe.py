"""What a folder lets us do, found out by doing it: write, fsync, rename, delete. Nothing stays behind."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_CONTENT = b"printer-bridge doctor\n" * 200


@dataclass(frozen=True, slots=True)
class FolderFacts:
    """`error`: the errno of what failed at `place`, 0 for nothing; owner and rights are of that place.

    `free` and `total` in bytes, None when the system does not tell; `used`: bytes of what lies in
    `used_in`, a folder inside it.
    """

    error: int = 0
    place: Path = Path()
    owner: int | None = None
    group: int | None = None
    mode: int | None = None
    is_folder: bool = True
    free: int | None = None
    total: int | None = None
    used: int = 0


def probe(folder: Path, used_in: str | None = None) -> FolderFacts:
    """Try it. A folder that is not there is made for the try, and removed with what was made above it."""
    try:
        with _present(folder):
            _write_in(folder)
            usage = shutil.disk_usage(folder)
            return FolderFacts(
                place=folder,
                free=usage.free,
                total=usage.total,
                used=_size_of(folder / used_in) if used_in else 0,
            )
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
    first = folder / f".doctor-{os.getpid()}.part"
    second = first.with_suffix(".done")
    try:
        with first.open("xb") as file:
            file.write(_CONTENT)
            file.flush()
            os.fsync(file.fileno())
        first.replace(second)
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    finally:
        for path in (first, second):
            with contextlib.suppress(OSError):
                path.unlink()


def _facts_of(folder: Path, error: int) -> FolderFacts:
    """Owner and rights of the folder, or of the nearest one above it that is there."""
    for path in (folder, *folder.parents):
        try:
            stat = path.stat()
        except OSError:
            continue
        return FolderFacts(error, path, stat.st_uid, stat.st_gid, stat.st_mode & 0o7777, path.is_dir())
    return FolderFacts(error, folder)


def _size_of(folder: Path) -> int:
    total = 0
    for base, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += (Path(base) / name).lstat().st_size
    return total
