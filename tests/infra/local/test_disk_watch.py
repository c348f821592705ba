"""Frames and films stay within their budget; a full disk is said once, and needs no disk for it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from collector.outbox.reserve import RESERVE_FILE, DiskReserve
from functions.notify.render import Message
from functions.notify.transports import Answer, Outcome
from functions.shared.domain.keys import film_key, frame_key, job_prefix, printer_key
from functions.shared.messages.printer_record import Job, PrinterRecord, record_to_json
from functions.shared.settings import Settings
from infra.local.disk_watch import DiskWatch
from infra.local.storage.database import SqliteDatabase
from infra.local.storage.records import SqliteRecordStore
from tests.support.clock import HandClock
from tests.support.disk import SmallDisk, small_disk

NOW = 1_700_000_000.0
FRAME_BYTES = 8192


@dataclass
class Chat:
    is_away: bool = False
    told: list[str] = field(default_factory=list)

    def send(self, message: Message) -> Answer:
        if self.is_away:
            return Answer(Outcome.UNAVAILABLE)
        self.told.append(message.plain)
        return Answer(Outcome.SENT)


class Watched:
    """A watch over real folders, a real database, and a chat."""

    def __init__(
        self, folder: Path, storage_max_bytes: int | None = None, images_dir: Path | None = None
    ) -> None:
        self.clock = HandClock(NOW)
        self.chat = Chat()
        self.settings = Settings(
            data_dir=folder / "data",
            images_dir=images_dir or folder / "images",
            storage_max_bytes=storage_max_bytes,
        )
        for made in (self.settings.data_dir, self.settings.images_dir):
            made.mkdir(exist_ok=True)
        self.reserve = DiskReserve(self.settings.data_dir)
        self.reserve.take()
        self.database = SqliteDatabase(
            self.settings.data_dir / "state.sqlite3", make_room=self.reserve.give_up
        )
        self.records = SqliteRecordStore(self.database, self.clock.wall)
        self.watch = DiskWatch(
            self.settings,
            self.database,
            self.records,
            self.reserve,
            self.chat.send,
            self.clock.wall,
            self.clock.monotonic,
        )

    def keep(self, job: str, begins: float, count: int, *, filmed: bool = True) -> None:
        prefix = job_prefix("A1M-1", job)
        keys = [frame_key(prefix, begins + 60 * number, number) for number in range(count)]
        for key in [*keys, *([film_key(prefix, begins + 60 * count)] if filmed else [])]:
            path = self.settings.images_dir / key.removeprefix("images/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(os.urandom(FRAME_BYTES))

    def names(self, job: str) -> list[str]:
        folder = self.settings.images_dir / job_prefix("A1M-1", job).removeprefix("images/")
        return sorted(os.listdir(folder)) if folder.exists() else []

    def run_job(self, name: str, started_at: float) -> None:
        job = Job(
            id="1",
            started_at=started_at,
            start_is_known=True,
            state="RUNNING",
            printing_since=started_at,
            next_photo_at=0.0,
            next_inspection_at=0.0,
            prefix=job_prefix("A1M-1", name),
        )
        record = PrinterRecord(printer_id="A1M-1", job=job)
        self.records.put(printer_key("A1M-1"), record_to_json(record), 0)

    def check(self, seconds: float = 5.0) -> None:
        self.clock.pass_time(seconds)
        self.watch.check_once()


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path, storage_max_bytes=20 * FRAME_BYTES)
    yield watched
    watched.database.close()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", "8m") as disk:
        yield disk


def test_over_the_budget_the_oldest_finished_job_goes_and_what_runs_stays(watched: Watched) -> None:
    watched.keep("Old", NOW - 200_000, 8)
    watched.keep("New", NOW - 100_000, 8)
    watched.keep("Now", NOW - 600, 6, filmed=False)
    watched.run_job("Now", NOW - 600)
    watched.check()
    old, new = watched.names("Old"), watched.names("New")
    assert [name for name in old if name.endswith(".mp4")]
    assert len(old) < 1 + 8
    assert len(new) == 1 + 8
    assert len(watched.names("Now")) == 6
    assert watched.watch.trouble() is None
    assert watched.chat.told == []


def test_what_comes_later_is_noticed_without_reading_the_folders_each_time(watched: Watched) -> None:
    watched.keep("Old", NOW - 200_000, 8)
    watched.check()
    watched.keep("New", NOW - 100_000, 15)
    watched.check(600.0)
    assert len(watched.names("Old")) + len(watched.names("New")) <= 20


def test_within_the_budget_nothing_goes(watched: Watched) -> None:
    watched.keep("Old", NOW - 200_000, 15)
    for _ in range(3):
        watched.check(600.0)
    assert len(watched.names("Old")) == 16


def test_a_disk_that_others_fill_is_said_once_costs_old_frames_but_no_film_and_comes_back(
    disk: SmallDisk,
) -> None:
    watched = Watched(disk.folder)
    watched.keep("Old", NOW - 200_000, 20)
    watched.check()
    assert watched.watch.trouble() is None
    disk.fill()
    watched.reserve.give_up()  # as the outbox or the database does when it can write no more
    disk.fill()
    watched.chat.is_away = True
    watched.check()
    assert watched.watch.trouble() is not None
    assert [name.rpartition(".")[2] for name in watched.names("Old")] == ["mp4"]
    watched.chat.is_away = False
    for _ in range(30):
        watched.check()
        disk.fill()
    (told,) = watched.chat.told
    assert "The disk is full: alerts go on" in told
    assert str(watched.settings.data_dir) in told
    disk.free()
    watched.check()
    assert watched.watch.trouble() is None
    assert (watched.settings.data_dir / RESERVE_FILE).exists()
    assert len(watched.chat.told) == 1
    watched.database.close()


def test_a_folder_that_cannot_be_read_is_said_and_costs_nothing(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    (watched.settings.images_dir).rmdir()
    (watched.settings.images_dir).write_text("no folder")
    watched.check()
    assert "cannot be looked through" in caplog.text
    assert watched.watch.trouble() is None


def test_a_full_disk_of_the_pictures_alone_is_said_too_and_by_its_own_folder(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    with small_disk(tmp_path / "disk", "8m") as disk:
        watched = Watched(tmp_path / "state", images_dir=disk.folder)
        watched.check()
        assert watched.watch.trouble() is None
        disk.fill()
        for _ in range(3):
            watched.check()
        assert watched.watch.trouble() is not None
        assert not watched.database.is_in_memory()
        (told,) = watched.chat.told
        assert str(disk.folder) in told
        disk.free()
        watched.check()
        assert watched.watch.trouble() is None
        watched.database.close()
