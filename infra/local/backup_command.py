"""`printer-bridge backup FILE` and `restore FILE`: the state in one file, taken beside a bridge that runs."""

import argparse
import io
import json
import logging
import os
import re
import shutil
import sqlite3
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from collector.app import version
from collector.outbox.database import DATABASE, FRAMES, OUTBOX_SCHEMA, new_collector_id
from functions.shared.errors import PermanentError, TransientError
from functions.shared.runtime.private_files import write_for_owner_only
from functions.shared.runtime.sqlite_schema import ALONE, copy_database, fault_in, journal_of
from functions.shared.settings import Settings
from infra.local.doctor.database_check import is_in_use
from infra.local.storage.database import STATE_SCHEMA
from infra.local.stores import (
    DATABASE_FILE,
    LOCK_FILE,
    OUTBOX_FOLDER,
    OwnLock,
    require_known_versions,
    state_databases,
)

_log = logging.getLogger(__name__)

_ABOUT = "backup.json"
_DATA, _IMAGES = "data", "images"
_ALLOWED = re.compile(
    rf"{_ABOUT}|{_DATA}/{re.escape(DATABASE_FILE)}|{_DATA}/{OUTBOX_FOLDER}/{re.escape(DATABASE)}"
    rf"|{_DATA}/{OUTBOX_FOLDER}/{FRAMES}/[A-Za-z0-9_.]+|{_IMAGES}/[^/]+/[^/]+/[^/]+"
)
_TORN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_TRIES = 50
_REST_SECONDS = 0.1  # longer than the finest step of a file's time
_MOVED_ASIDE = "before-restore-"


def back_up(settings: Settings, file: Path, *, with_images: bool) -> str:
    """What was written, in words. Raises PermanentError, TransientError or OSError; then there is no file."""
    write_for_owner_only()
    if file.exists():
        raise PermanentError(f"{file} is there already: name another file")
    if not file.absolute().parent.is_dir():
        raise PermanentError(f"there is no folder {file.parent} to write {file.name} to")
    if not any(path.exists() for path in state_databases(settings.data_dir)):
        raise PermanentError(f"nothing is kept in {settings.data_dir}: is DATA_DIR the one of the bridge?")
    part = file.with_name(f".{file.name}.part")
    pictures = 0
    try:
        with (
            tempfile.TemporaryDirectory(prefix=".backup-", dir=file.absolute().parent) as folder,
            # Of a link what it leads to: `restore` takes plain files only.
            tarfile.open(part, "w", dereference=True) as archive,
        ):
            _add_text(archive, _ABOUT, json.dumps({"version": version(), "at": time.time()}))
            # The outbox first: what it hands over meanwhile is in both, and told once all the same.
            for path in reversed(state_databases(settings.data_dir)):
                if path.exists():
                    copy = Path(folder) / path.name
                    copy_beside_its_user(path, copy)
                    archive.add(copy, f"{_DATA}/{path.relative_to(settings.data_dir).as_posix()}")
            if with_images:
                pictures = _add_pictures(archive, settings)
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(file)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    size = file.stat().st_size / 1e6
    return f"{file} is written: {size:.1f} MB" + (
        f", with {pictures} pictures and films" if with_images else ""
    )


def copy_beside_its_user(path: Path, copy: Path) -> None:
    """A consistent copy of a database that another process may be writing to. Raises TransientError.

    The outbox's owner has it to itself, and SQLite lets nobody else in. Then the bytes are copied: the
    database file changes only when its journal is brought into it, and a journal's last, unfinished entry is
    passed over by its check sums (sqlite.org, "WAL-mode File Format"). If the former happened, again.
    """
    try:
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=1.0)
        ) as connection:
            connection.execute(
                "SELECT count(*) FROM sqlite_master"
            )  # a backup would wait for its lock for ever
            copy_database(connection, copy)
            return
    except sqlite3.Error as error:
        copy.unlink(missing_ok=True)
        if (getattr(error, "sqlite_errorcode", 0) & 0xFF) not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise TransientError(f"{path.name} cannot be copied: {error}") from error
    journal, journal_copy = journal_of(path), Path(f"{copy}-wal")
    for _ in range(_TRIES):
        before = _state_of(path, journal)
        time.sleep(_REST_SECONDS)
        if _state_of(path, journal) != before:
            continue
        shutil.copyfile(path, copy)
        if journal.exists():
            shutil.copyfile(journal, journal_copy)
        if _state_of(path, journal) == before and _is_sound_without_journal(copy):
            return
    raise TransientError(f"{path.name} is being written to all the time: try again")


def _is_sound_without_journal(copy: Path) -> bool:
    try:
        with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
            connection.execute(ALONE)
            sound: bool = connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.DatabaseError as error:
        if (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _TORN:
            return False
        raise TransientError(f"{copy.name} cannot be copied: {error}") from error
    return sound


def _state_of(path: Path, journal: Path) -> tuple[int, int, bytes]:
    """What changes when a journal is brought into its database, or begun anew."""
    facts = path.stat()
    header = b""
    if journal.exists():
        with journal.open("rb") as file:
            header = file.read(32)
    return facts.st_mtime_ns, facts.st_size, header


def _add_text(archive: tarfile.TarFile, name: str, text: str) -> None:
    data = text.encode()
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), 0o600
    archive.addfile(entry, io.BytesIO(data))


def _add_pictures(archive: tarfile.TarFile, settings: Settings) -> int:
    """How many there were; what is removed or moved on meanwhile is left out."""
    waiting = sorted((settings.data_dir / OUTBOX_FOLDER / FRAMES).glob("*.jpg"))
    files = [(path, f"{_DATA}/{OUTBOX_FOLDER}/{FRAMES}/{path.name}") for path in waiting]
    kept = sorted(settings.images_dir.glob("*/*/*"))
    files += [
        (path, f"{_IMAGES}/{path.relative_to(settings.images_dir).as_posix()}")
        for path in kept
        if path.is_file() and not path.name.startswith(".")
    ]
    count = 0
    for path, name in files:
        try:
            archive.add(path, name, recursive=False)
        except FileNotFoundError:
            continue
        count += 1
    return count


def restore(settings: Settings, file: Path) -> str:
    """What was done, in words. Raises PermanentError (NewerVersionError too) or OSError; then the state is as
    it was, and at the most some pictures are there already."""
    write_for_owner_only()
    data_dir = settings.data_dir
    images_dir = settings.images_dir
    with ExitStack() as held:
        held.enter_context(_alone(data_dir))
        sizes = _sizes(file)

        def folder_in(place: Path) -> Path:
            return Path(held.enter_context(tempfile.TemporaryDirectory(prefix=".restore-", dir=place)))

        folders = {_DATA: folder_in(data_dir)}
        if _IMAGES in sizes:  # where they will stay: that disk may be the only one with room for them
            images_dir.mkdir(parents=True, exist_ok=True)
            folders[_IMAGES] = folder_in(images_dir)
        _require_room(file, sizes, folders)
        _extract(file, folders)
        fresh = folders[_DATA] / _DATA
        if not any(path.exists() for path in state_databases(fresh)):
            raise PermanentError(f"{file} is no backup of this program")
        require_known_versions(fresh)
        _require_sound(file, fresh)
        _give_new_identity(fresh / OUTBOX_FOLDER / DATABASE)
        if _IMAGES in folders:
            _put_images(folders[_IMAGES] / _IMAGES, images_dir)  # first: it is what may be in somebody's way
        aside = data_dir / f"{_MOVED_ASIDE}{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
        moved = [
            it for it in data_dir.glob("*") if it.name.startswith(DATABASE_FILE) or it.name == OUTBOX_FOLDER
        ]
        for path in moved:
            aside.mkdir(exist_ok=True)
            path.replace(aside / path.name)
        placed = [path.replace(data_dir / path.name) for path in fresh.iterdir()]
        _give_to_owner_of(data_dir, [*placed, *([aside] if moved else []), data_dir / LOCK_FILE])
    return f"{file} is in place in {data_dir}" + (f"; what was there is in {aside}" if moved else "")


@contextmanager
def _alone(data_dir: Path) -> Iterator[None]:
    """Raises PermanentError while a bridge or a collector uses the folder."""
    lock = OwnLock(data_dir)
    try:
        outbox = data_dir / OUTBOX_FOLDER / DATABASE
        if outbox.exists() and is_in_use(outbox):
            raise PermanentError(f"a collector uses the data folder {data_dir}: stop it first")
        yield
    finally:
        lock.release()


def _sizes(file: Path) -> Counter[str]:
    """The bytes of all entries by their first folder. Raises PermanentError if one is not to be extracted."""
    sizes: Counter[str] = Counter()
    with _faults_in_words(file), tarfile.open(file, "r:") as archive:
        for entry in archive:
            _require_ours(file, entry)
            sizes[entry.name.partition("/")[0]] += entry.size
    return sizes


def _require_room(file: Path, sizes: Mapping[str, int], folders: Mapping[str, Path]) -> None:
    """By disk, as both folders may be on one."""
    needed: Counter[int] = Counter()
    free: dict[int, int] = {}
    for place, size in sizes.items():
        folder = folders.get(place, folders[_DATA])
        disk = folder.stat().st_dev
        needed[disk] += size
        free[disk] = shutil.disk_usage(folder).free
    missing = sum(max(0, size - free[disk]) for disk, size in needed.items())
    if missing > 0:
        raise PermanentError(f"{file} needs {missing / 1e6:.0f} MB more than are free: nothing was changed")


def _require_sound(file: Path, fresh: Path) -> None:
    for path, schema in zip(state_databases(fresh), (STATE_SCHEMA, OUTBOX_SCHEMA), strict=True):
        fault = fault_in(path, schema) if path.exists() else None
        if fault is not None:
            raise PermanentError(
                f"{file} cannot be used: its {path.name} is damaged or none of ours ({fault})"
            )


def _extract(file: Path, folders: Mapping[str, Path]) -> None:
    with _faults_in_words(file), tarfile.open(file, "r:") as archive:
        for entry in archive:
            _require_ours(file, entry)
            content = archive.extractfile(entry)
            assert content is not None
            target = folders.get(entry.name.partition("/")[0], folders[_DATA]) / entry.name
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as written:
                shutil.copyfileobj(content, written)
                os.fsync(written.fileno())


def _require_ours(file: Path, entry: tarfile.TarInfo) -> None:
    """Plain files with names of ours only: an archive is taken for what anybody may have made."""
    is_plain = entry.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and not entry.issparse()
    if not is_plain or not _ALLOWED.fullmatch(entry.name) or {".", "..", ""} & set(entry.name.split("/")):
        raise PermanentError(f"{file} is no backup of this program: it holds {entry.name[:80]!r}")


@contextmanager
def _faults_in_words(file: Path) -> Iterator[None]:
    try:
        yield
    except (
        tarfile.TarError,
        FileExistsError,
        ValueError,
    ) as error:  # the last: numbers or names that are none
        raise PermanentError(f"{file} is no backup of this program: {error}") from error


def _give_new_identity(outbox: Path) -> None:
    """Numbers that were given after the backup are not known here: under the old identity they would come
    again, and be taken for what was heard already."""
    if not outbox.exists():
        return
    with closing(sqlite3.connect(outbox)) as connection, connection:
        connection.execute("UPDATE identity SET collector_id = ?", (new_collector_id(),))
        connection.execute("UPDATE printers SET sequences = 0")


def _put_images(found: Path, images_dir: Path) -> None:
    for path in sorted(found.glob("*/*/*")):
        target = images_dir / path.relative_to(found)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, target)
    _give_to_owner_of(images_dir, [images_dir / printer.name for printer in found.glob("*")])


def _give_to_owner_of(folder: Path, paths: Iterable[Path]) -> None:
    """Root restores for the user of a service, who could open nothing of root's."""
    if os.geteuid() != 0:
        return
    owner = folder.stat()
    for path in paths:
        for it in (path, *path.rglob("*")):
            os.chown(it, owner.st_uid, owner.st_gid, follow_symlinks=False)


def run(arguments: argparse.Namespace, settings: Settings, say: Callable[[str], object]) -> None:
    """As asked. Raises what `back_up` and `restore` raise."""
    if arguments.command == "backup":
        say(back_up(settings, arguments.file, with_images=arguments.images))
    else:
        say(restore(settings, arguments.file))
