"""No test leaves a database open: neither the product's, nor those of its own rig.

Python 3.13 and newer warn of one that is left to the garbage collector, in whichever test that happens to
run; here it is found on every version, in the test that left it.
"""

import sqlite3
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pytest

_ROOT = Path(__file__).parent.parent.parent


class Closable(Protocol):
    def close(self) -> None: ...


ClosableT = TypeVar("ClosableT", bound=Closable)
_of_rigs: list[Closable] = []
_opened: list[tuple[sqlite3.Connection, Path, str]] = []


def closed_at_the_end(database: ClosableT) -> ClosableT:
    """For a test's rig that has no end of its own: closed when the test is over."""
    _of_rigs.append(database)
    return database


@contextmanager
def none_left_open() -> Iterator[None]:
    """Fails at its end with the places that opened what is still open."""
    connect = sqlite3.connect

    def remembered(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*arguments, **options)
        _opened.append((connection, Path(arguments[0]), _place()))
        return connection

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", remembered)
        yield
    while _of_rigs:
        _of_rigs.pop().close()
    left = [place for connection, _, place in _opened if _is_open(connection)]
    _opened.clear()
    assert not left, f"left open: {left}"


def connection_in(folder: Path) -> sqlite3.Connection:
    """The open one to a database in that folder: for what only the one who writes can be asked or told."""
    (found,) = (
        connection for connection, path, _ in _opened if path.parent == folder and _is_open(connection)
    )
    return found


def _is_open(connection: sqlite3.Connection) -> bool:
    try:
        connection.total_changes  # noqa: B018 - asking a closed one raises
    except sqlite3.ProgrammingError as error:
        return "closed" not in str(error)
    return True


def _place() -> str:
    ours = [
        f"{Path(frame.filename).relative_to(_ROOT)}:{frame.lineno}"
        for frame in traceback.extract_stack(limit=12)[:-2]
        if frame.filename.startswith(str(_ROOT)) and "site-packages" not in frame.filename
    ]
    return " > ".join(ours)
