"""Cleaning up: old frames, films and rows go, everything else stays."""

import logging
import os
from pathlib import Path

import pytest

from functions.shared.domain.keys import film_key, frame_key, job_prefix, photo_key, thumbnail_key
from infra.local.storage.database import SqliteDatabase
from infra.local.storage.frames import FileFrameStore
from infra.local.storage.queue import SqliteQueue
from infra.local.storage.records import SqliteRecordStore
from infra.local.storage.retention import RemovedFiles, RemovedRows, remove_old_files, remove_old_rows
from tests.support.clock import HandClock
from tests.support.contracts.queue import bodies, message, only, send

DAY = 86_400.0
NOW = 1_750_000_000.0


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return tmp_path / "images"


def store(images: Path, key: str, age_days: float, content: bytes = b"12345") -> Path:
    path = images / key.removeprefix("images/")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (NOW - age_days * DAY,) * 2)
    return path


def frame(images: Path, age_days: float, job: str = "benchy") -> Path:
    return store(images, frame_key(job_prefix("A1", job), NOW - age_days * DAY, 1), age_days)


def film(images: Path, age_days: float, job: str = "benchy") -> Path:
    return store(images, film_key(job_prefix("A1", job), NOW - age_days * DAY), age_days)


def thumbnail(images: Path, age_days: float, job: str = "benchy") -> Path:
    return store(images, thumbnail_key(film_key(job_prefix("A1", job), NOW - age_days * DAY)), age_days)


def photo(images: Path, age_days: float) -> Path:
    return store(images, photo_key(film_key(job_prefix("A1", "benchy"), NOW - age_days * DAY)), age_days)


def old_thumbnail(images: Path, age_days: float) -> Path:
    """By the name of 0.1.0."""
    film_name = film_key(job_prefix("A1", "benchy"), NOW - age_days * DAY)
    return store(images, film_name.removesuffix(".mp4") + "_thumb.jpg", age_days, b"small")


def test_frames_and_films_are_kept_for_their_own_times(images: Path) -> None:
    stay = [frame(images, 6.9), film(images, 29.9), film(images, 8)]
    go = [frame(images, 7.1), film(images, 30.1)]
    assert remove_old_files(images, NOW, 7, 30) == RemovedFiles(frames=1, films=1, folders=0, bytes=10)
    assert [path.exists() for path in stay] == [True] * 3
    assert [path.exists() for path in go] == [False] * 2


def test_a_film_s_thumbnail_and_photo_stay_and_go_with_their_film(images: Path) -> None:
    stay = [film(images, 29.9), thumbnail(images, 29.9), photo(images, 29.9)]
    go = [film(images, 30.1), thumbnail(images, 30.1), photo(images, 30.1)]
    assert remove_old_files(images, NOW, 7, 30) == RemovedFiles(films=1, bytes=15)
    assert [path.exists() for path in stay] == [True, True, True]
    assert [path.exists() for path in go] == [False, False, False]
    assert remove_old_files(images, NOW + DAY, 7, 30) == RemovedFiles(films=1, folders=2, bytes=15)


def test_a_thumbnail_of_an_older_release_goes_with_its_film_or_gets_the_name_of_today(images: Path) -> None:
    frames = [frame(images, 1), frame(images, 2)]
    going, staying = old_thumbnail(images, 30.1), old_thumbnail(images, 29.9)
    foreign = store(images, "images/A1/timelapse_20250101T000000_thumb.jpg", 1)
    assert remove_old_files(images, NOW, 7, 30).bytes == len(b"small")
    assert not going.exists()
    assert sorted(staying.parent.glob("*.jpg")) == sorted(frames)
    key = f"images/{staying.relative_to(images)}"
    assert FileFrameStore(images).get(key) == b"small", "a message that waits for Telegram names it so"
    assert staying.with_suffix(".jpeg").read_bytes() == b"small"
    assert foreign.exists(), "only what lies in a job's folder is ours"
    assert remove_old_files(images, NOW + DAY, 7, 30).bytes == len(b"small")
    assert not staying.with_suffix(".jpeg").exists()


def test_a_frame_is_as_old_as_its_name_says(images: Path) -> None:
    copied = frame(images, 10)
    os.utime(copied, (NOW, NOW))
    assert remove_old_files(images, NOW, 7, 30).frames == 1


def test_folders_that_became_empty_go_too_but_not_the_images_folder(images: Path) -> None:
    frame(images, 10, "old")
    kept = frame(images, 1, "new")
    assert remove_old_files(images, NOW, 7, 30) == RemovedFiles(frames=1, folders=1, bytes=5)
    assert kept.exists()
    assert remove_old_files(images, NOW + 30 * DAY, 7, 30) == RemovedFiles(frames=1, folders=2, bytes=5)
    assert images.is_dir()


def test_foreign_files_stay_where_they_are(images: Path) -> None:
    folder = job_prefix("A1", "benchy")
    foreign = [
        store(images, f"{folder}{name}", 1000)
        for name in ("holiday.jpg", "notes.txt", "timelapse.mp4", "20200101T000000_1_x.jpg", ".hidden")
    ]
    in_other_places = [
        store(images, "images/20200101T000000_000001_x.jpg", 1000),
        store(images, "images/A1/20200101T000000_000001_x.jpg", 1000),
        store(images, "images/.trash/job/20200101T000000_000001_x.jpg", 1000),
    ]
    assert remove_old_files(images, NOW, 7, 30) == RemovedFiles()
    assert all(path.exists() for path in foreign + in_other_places)


def test_links_are_not_followed(images: Path, tmp_path: Path) -> None:
    elsewhere = frame(tmp_path / "elsewhere", 100)
    (images / "A1").mkdir(parents=True)
    (images / "A1" / "linked").symlink_to(elsewhere.parent)
    assert remove_old_files(images, NOW, 7, 30) == RemovedFiles()
    assert elsewhere.exists()


def test_pieces_of_broken_copies_and_old_newest_frames_go(images: Path) -> None:
    piece = store(images, f"{job_prefix('A1', 'benchy')}.0123456789abcdef.part", 8)
    fresh_piece = store(images, f"{job_prefix('A1', 'benchy')}.fedcba9876543210.part", 0)
    newest = store(images, ".latest/A1.jpg", 8)
    assert remove_old_files(images, NOW, 7, 30).frames == 2
    assert [piece.exists(), fresh_piece.exists(), newest.exists()] == [False, True, False]


def test_a_folder_that_is_not_there_is_no_fault(images: Path) -> None:
    assert remove_old_files(images, NOW, 7, 30) == RemovedFiles()


class TestRows:
    @pytest.fixture
    def clock(self) -> HandClock:
        return HandClock(NOW)

    @pytest.fixture
    def database(self, tmp_path: Path) -> SqliteDatabase:
        return SqliteDatabase(tmp_path / "state.sqlite3")

    def test_expired_marks_go_and_records_stay(self, database: SqliteDatabase, clock: HandClock) -> None:
        records = SqliteRecordStore(database, clock)
        records.put("printer/A1", {}, 0)
        records.put_if_absent("done/a", NOW + 10)
        records.put_if_absent("done/b", NOW + 30)
        clock.pass_time(20)
        assert remove_old_rows(database, clock()) == RemovedRows(marks=1)
        clock.pass_time(365 * DAY)
        assert remove_old_rows(database, clock()) == RemovedRows(marks=1)
        assert [stored.key for stored in records.list("")] == ["printer/A1"]
        database.close()

    def test_messages_go_after_fourteen_days_and_that_is_said(
        self, database: SqliteDatabase, clock: HandClock, caplog: pytest.LogCaptureFixture
    ) -> None:
        queue = SqliteQueue(database, "q", True, 30.0, None, clock)
        send(queue, message("dead"), message("old"))
        queue.dead_letter(queue.receive(limit=1)[0], "no use")
        queue.retry(only(queue.receive(limit=1)), 900.0)
        clock.pass_time(DAY)
        assert remove_old_rows(database, clock()) == RemovedRows(deduplications=2)
        send(queue, message("new"))
        clock.pass_time(13.5 * DAY)
        with caplog.at_level(logging.ERROR):
            assert remove_old_rows(database, clock()) == RemovedRows(
                messages=1, dead_letters=1, deduplications=1
            )
        assert "1 messages" in caplog.text
        assert bodies(queue.receive()) == ["new"]
        assert queue.dead_letters() == []
        database.close()

    def test_a_removed_message_leaves_nothing_to_the_next_one(
        self, database: SqliteDatabase, clock: HandClock
    ) -> None:
        queue = SqliteQueue(database, "q", True, 30.0, None, clock)
        send(queue, message("old"))
        queue.retry(only(queue.receive()), 900.0)
        clock.pass_time(15 * DAY)
        assert remove_old_rows(database, clock()).messages == 1
        send(queue, message("new"))
        assert only(queue.receive()).receive_count == 1
        database.close()

    def test_with_nothing_to_remove_nothing_is_written(
        self, database: SqliteDatabase, clock: HandClock
    ) -> None:
        SqliteRecordStore(database, clock).put_if_absent("done/a", NOW + DAY)
        commits = database.commits
        assert remove_old_rows(database, clock()) == RemovedRows()
        assert database.commits == commits
        database.close()
