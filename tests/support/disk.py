"""A file system of its own (tmpfs) that is really full, or really read-only; where one may be mounted."""

import errno
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_BLOCK = bytes(4096)


class SmallDisk:
    """`folder` is where it is mounted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Until not one block is free."""
        with self._ballast.open("ab", buffering=0) as file:
            while True:
                try:
                    file.write(_BLOCK)
                except OSError as error:
                    assert error.errno == errno.ENOSPC  # noqa: PT017 - anything else is the test's own fault
                    return

    def free(self) -> None:
        self._ballast.unlink()

    def make_read_only(self) -> None:
        """Every file must be closed."""
        _mount("-o", "remount,ro", str(self.folder))

    def make_writable(self) -> None:
        _mount("-o", "remount,rw", str(self.folder))


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[SmallDisk]:
    """Skips the test where nothing can be mounted."""
    folder.mkdir()
    try:
        disk = mount_small(folder, size)
    except OSError as error:
        pytest.skip(str(error))
    try:
        yield disk
    finally:
        unmount(folder)


def mount_small(folder: Path, size: str) -> SmallDisk:
    """Over that folder, until `unmount`. Raises OSError where nothing can be mounted."""
    try:
        _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))
    except (OSError, subprocess.CalledProcessError) as error:
        raise OSError(f"no file system of its own can be had here: {error}") from error
    return SmallDisk(folder)


def unmount(folder: Path) -> None:
    subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def read_only_view(folder: Path) -> Iterator[None]:
    """The folder is read-only for whoever opens a file in it from now on, as after an error of the disk."""
    _mount("--bind", str(folder), str(folder))
    try:
        _mount("-o", "remount,bind,ro", str(folder))
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True, capture_output=True)
