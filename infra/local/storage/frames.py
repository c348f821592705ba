"""The FrameStore port on a directory tree.

`images/<printer>/<job>/<name>` lies at `<images_dir>/<printer>/<job>/<name>`, `latest/<name>` at
`<images_dir>/.latest/<name>` (no printer's folder begins with a dot). Other keys are refused.
"""

import errno
import math
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from functions.shared.domain.keys import (
    FILM_NAMES,
    IMAGES,
    KEY_DEPTH_LIMIT,
    LATEST,
    film_made_at,
    is_key,
    present_key,
    taken_at_of,
)
from functions.shared.errors import ContractError, NotFoundError, PermanentError, TransientError
from functions.shared.ports import StoredFrame
from functions.shared.runtime.files import is_there
from functions.shared.runtime.private_files import access_list

PART_ENDING = ".part"
LATEST_FOLDER = ".latest"

_FRAME_ENDING = ".jpg"
_PUT_ATTEMPTS = 5
_NOWHERE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG})
_NEVER = frozenset({errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ENOTEMPTY})


class FileFrameStore:
    """Thread-safe: a file appears whole or not at all. Nothing is forced to the disk: a frame is no alert."""

    def __init__(self, images_dir: Path) -> None:
        self.images_dir = images_dir

    def put(self, key: str, source: Path) -> None:
        """As the port has it; quiet if the source is gone because the key was put before.

        Raises ContractError for a key that is none, NotFoundError if the source is missing,
        PermanentError if something else lies in the way, TransientError for a full or failing disk.
        """
        target = self._path(key)
        try:
            _move(source, target)
        except FileNotFoundError as error:
            if _is_there(source):
                raise TransientError(f"{key} cannot be stored: its folder is being removed") from error
            if not _is_there(target):
                raise NotFoundError(f"{source} is gone, and {key} is not stored") from None
        except OSError as error:
            message = f"{key} cannot be stored: {error.strerror}"
            if error.errno in _NEVER:
                raise PermanentError(message) from error
            raise TransientError(f"{message} (check IMAGES_DIR and the disk)") from error

    def get(self, key: str) -> bytes:
        with self.open(key) as stream:
            return stream.read()

    def open(self, key: str) -> BinaryIO:
        try:
            return open(self._path(key), "rb")
        except ContractError:
            raise NotFoundError("nothing is stored under such a key") from None
        except OSError as error:
            if error.errno in _NOWHERE:
                if (renamed := present_key(key)) != key:
                    return self.open(renamed)
                raise NotFoundError(f"{key} is not stored") from None
            raise TransientError(f"{key} cannot be read: {error.strerror}") from error

    def list(
        self, prefix: str, since: float | None = None, until: float | None = None
    ) -> Iterator[StoredFrame]:
        """As the port has it. Names carry whole seconds, so the second in which `since` lies is included.

        Raises TransientError for a folder that cannot be read: only one that is not there is empty.
        """
        earliest = -math.inf if since is None else math.floor(since)
        latest = math.inf if until is None else until
        for key, path in sorted(self._files(prefix)):
            taken_at = taken_at_of(key)
            if taken_at is not None and not earliest <= taken_at <= latest:
                continue
            try:
                facts = path.stat()
            except FileNotFoundError:
                continue  # removed in the meantime
            except OSError as error:
                raise _unreadable(path, error) from error
            if taken_at is None:
                taken_at = facts.st_mtime
                if not (key.startswith(f"{LATEST}/") and earliest <= taken_at <= latest):
                    continue
            yield StoredFrame(key, facts.st_size, taken_at)

    def films(self, prefix: str) -> Iterator[StoredFrame]:
        """As the port has it. Raises TransientError for a folder that cannot be read."""
        for key, path in sorted(_walk(f"{IMAGES}/", self.images_dir, prefix + FILM_NAMES)):
            made_at = film_made_at(key) if key.startswith(prefix + FILM_NAMES) and is_key(key) else None
            if made_at is None:
                continue
            try:
                size = path.stat().st_size
            except FileNotFoundError:
                continue  # removed in the meantime
            except OSError as error:
                raise _unreadable(path, error) from error
            yield StoredFrame(key, size, made_at)

    def _path(self, key: str) -> Path:
        if not is_key(key):
            raise ContractError(f"{key[:200]!r} is no key of a frame or film")
        space, _, rest = key.partition("/")
        return (self.images_dir if space == IMAGES else self.images_dir / LATEST_FOLDER) / rest

    def _files(self, prefix: str) -> Iterator[tuple[str, Path]]:
        """Every file whose key begins with the prefix and ends like a frame."""
        for space, root in ((IMAGES, self.images_dir), (LATEST, self.images_dir / LATEST_FOLDER)):
            for key, path in _walk(f"{space}/", root, prefix):
                if key.startswith(prefix) and key.endswith(_FRAME_ENDING) and is_key(key):
                    yield key, path


def _walk(folder_key: str, folder: Path, prefix: str) -> Iterator[tuple[str, Path]]:
    """Only folders that lead to the prefix or lie under it are read."""
    is_on_the_way = folder_key.startswith(prefix) or prefix.startswith(folder_key)
    if not is_on_the_way or folder_key.count("/") > KEY_DEPTH_LIMIT:
        return
    try:
        with os.scandir(folder) as found:
            entries = [(entry, entry.is_dir()) for entry in found if not entry.name.startswith(".")]
    except OSError as error:
        if error.errno in _NOWHERE:
            return
        raise _unreadable(folder, error) from error
    for entry, is_folder in entries:
        if is_folder:
            yield from _walk(f"{folder_key}{entry.name}/", Path(entry.path), prefix)
        else:
            yield folder_key + entry.name, Path(entry.path)


def _is_there(path: Path) -> bool:
    """Raises TransientError when that cannot be told."""
    try:
        return is_there(path)
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> TransientError:
    return TransientError(f"{path} cannot be read: {error.strerror} (check IMAGES_DIR and the disk)")


def _move(source: Path, target: Path) -> None:
    """By rename; across file systems by a copy beside the target, then rename.

    So too where the folder gives a right to whatever is made in it (by setfacl): what is renamed gets none.
    """
    for attempt in range(_PUT_ATTEMPTS):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            if access_list(target.parent, "default"):
                _copy(source, target)
            else:
                os.replace(source, target)
        except FileNotFoundError:
            # Either the source is gone, or a clean-up took the new, still empty folder: make it again.
            if attempt == _PUT_ATTEMPTS - 1 or not is_there(source):
                raise
            continue
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _copy(source, target)
        return


def _copy(source: Path, target: Path) -> None:
    part = target.with_name(f".{secrets.token_hex(8)}{PART_ENDING}")
    try:
        shutil.copyfile(source, part)  # its rights are those of what is made here
        facts = source.stat()
        os.utime(part, ns=(facts.st_atime_ns, facts.st_mtime_ns))
        os.replace(part, target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    source.unlink(missing_ok=True)
