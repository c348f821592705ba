"""How full the embedded queues are, read beside the running program and never in its way."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from functions.bridge.errors import TransientError

_BUSY_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """Messages not yet done with, seconds since the oldest of them was sent (0: none), messages given up."""

    waiting: int = 0
    oldest_seconds: float = 0.0
    dead_letters: int = 0


def read_queue_figures(path: Path, now: float) -> dict[str, QueueFigures]:
    """The figures of every queue that has any, by name. Raises TransientError.

    By a connection of its own that cannot write: SQLite's readers wait for no writer, and so for no disk.
    """
    try:
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", timeout=_BUSY_SECONDS, uri=True)
        ) as connection:
            waiting = connection.execute(
                "SELECT queue, count(*), min(sent_at) FROM message GROUP BY queue"
            ).fetchall()
            dead = dict(
                connection.execute("SELECT queue, count(*) FROM dead_letter GROUP BY queue").fetchall()
            )
    except sqlite3.Error as error:
        raise TransientError(f"{path.name}: {error}") from error
    figures = {name: QueueFigures(dead_letters=count) for name, count in dead.items()}
    for name, count, sent_at in waiting:
        figures[name] = QueueFigures(count, max(0.0, now - sent_at), dead.get(name, 0))
    return figures
