"""The embedded back end, opened: one SQLite file for queues and records, a folder for frames, one run per
folder.
"""

import fcntl
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from collector.outbox.database import DATABASE, OUTBOX_SCHEMA
from functions.shared.domain.keys import digest, films_chat, printer_chat
from functions.shared.errors import ContractError, PermanentError
from functions.shared.messages.effects import decode_notification
from functions.shared.messages.supersession import superseded_among
from functions.shared.runtime.clocks import Clock
from functions.shared.runtime.sqlite_schema import require_known_version
from functions.shared.settings import Settings
from infra.local.storage.database import STATE_SCHEMA, SqliteDatabase, no_room
from infra.local.storage.frames import FileFrameStore
from infra.local.storage.queue import GroupBound, SqliteQueue
from infra.local.storage.records import SqliteRecordStore

LOCK_FILE = "running.lock"


class OwnLock:
    """Held by this process until it ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file: IO[str] = (folder / LOCK_FILE).open("w")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise PermanentError(
                f"another run uses the data folder {folder}: stop that one first, or set DATA_DIR to another "
                "folder"
            ) from None

    def release(self) -> None:
        self._file.close()


DATABASE_FILE = "bridge.sqlite3"
OUTBOX_FOLDER = "outbox"
NO_CHAT = "terminal"
# Of one printer, while the chat takes none: more than anybody reads, and still small on an SD card.
_WAITING_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Stores:
    """All that the embedded programs share: the services' back ends, and more.

    `timer` is the queues' own.
    """

    database: SqliteDatabase
    records: SqliteRecordStore
    frames: FileFrameStore
    reports: SqliteQueue
    notifications: SqliteQueue
    timelapses: SqliteQueue
    inspections: SqliteQueue
    timer: Clock
    clock: Clock
    chat: str

    @property
    def queues(self) -> tuple[SqliteQueue, ...]:
        return self.reports, self.notifications, self.timelapses, self.inspections


def state_databases(data_dir: Path) -> tuple[Path, Path]:
    """The database of records and queues, and the outbox's."""
    return data_dir / DATABASE_FILE, data_dir / OUTBOX_FOLDER / DATABASE


def require_known_versions(data_dir: Path) -> None:
    """Before anything is opened: what is opened first must not be brought forward if the other is newer.

    Raises NewerVersionError.
    """
    try:
        state, outbox = state_databases(data_dir)
        require_known_version(state, STATE_SCHEMA)
        require_known_version(outbox, OUTBOX_SCHEMA)
    except OSError:
        return  # whoever opens it says what is wrong


def open_stores(
    settings: Settings,
    clock: Clock,
    monotonic: Clock = time.monotonic,
    make_room: Callable[[], bool] = no_room,
) -> Stores:
    """Open (or make) everything; messages that a killed run had in hand are given out again.

    One process owns the file, so a message in flight is only ever given out again after a restart or a
    hang: the visibility times are generous. Notifications wait for ever (Telegram may be away for days).
    `make_room`: what the database asks for room on a full disk.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    settings.images_dir.mkdir(parents=True, exist_ok=True)
    database = SqliteDatabase(settings.data_dir / DATABASE_FILE, make_room=make_room)
    begun_at, begun = clock(), monotonic()

    def timer() -> float:
        return begun_at + monotonic() - begun

    def queue(
        name: str, fifo: bool, visibility: float, tries: int | None, bound: GroupBound | None = None
    ) -> SqliteQueue:
        made = SqliteQueue(database, name, fifo, visibility, tries, clock, timer, bound)
        made.recover()
        return made

    chat = settings.telegram_chat_id or NO_CHAT
    try:
        stores = Stores(
            database=database,
            records=SqliteRecordStore(database, clock),
            frames=FileFrameStore(settings.images_dir),
            reports=queue("reports", fifo=True, visibility=300.0, tries=1000),
            notifications=queue(
                *("notifications", True, 3600.0, None), GroupBound(_WAITING_LIMIT, superseded_among)
            ),
            timelapses=queue("timelapses", fifo=False, visibility=7200.0, tries=200),
            inspections=queue("inspections", fifo=False, visibility=600.0, tries=200),
            timer=timer,
            clock=clock,
            chat=chat,
        )
        _into_lines(stores.notifications, chat)
    except BaseException:
        database.close()
        raise
    return stores


def _into_lines(notifications: SqliteQueue, chat: str) -> None:
    """Up to 0.1 all messages of a chat were one group, and films another: they go into their printers' lines.

    Films only if there was such a group: what is in theirs later has been through its printer's line.
    """

    def line_of(body: str) -> str | None:
        try:
            return digest("group", printer_chat(chat, decode_notification(body).printer_id))
        except ContractError:
            return None

    if notifications.regroup(digest("group", chat), line_of):
        notifications.regroup(digest("group", films_chat(chat)), line_of)
