"""A Pi without a battery clock: what was kept before its clock was set is not cleaned away as too old."""

import logging
import os
from pathlib import Path

import pytest

from functions.shared.domain.keys import film_key, frame_key, job_prefix
from functions.shared.runtime.clocks import MonotonicWallClock
from functions.shared.settings import Settings
from infra.local.storage.database import SqliteDatabase
from infra.local.storage.queue import SqliteQueue
from infra.local.stores import open_stores
from infra.local.workers import Cleanup
from tests.support.clock import HandClock
from tests.support.contracts.queue import message, send

DAY = 86_400.0
TODAY = 1_790_000_000.0


class Shelf:
    """Frames, a film and a message, kept by a clock that is moved by hand."""

    def __init__(self, folder: Path, start: float) -> None:
        self.hand = HandClock(start)
        self.clock = MonotonicWallClock(wall=self.hand.wall, monotonic=self.hand.monotonic)
        settings = Settings(data_dir=folder / "data", images_dir=folder / "images")
        self.images = settings.images_dir
        self.database = SqliteDatabase(folder / "state.sqlite3")
        self.queue = SqliteQueue(self.database, "notifications", True, 30.0, None, self.clock)
        self.cleanup = Cleanup(settings, self.database, self.clock, self.hand.monotonic)
        self._frames = 0

    def keep_frame(self, at: float | None = None) -> Path:
        self._frames += 1
        return self._keep(frame_key(job_prefix("A1", "benchy"), at or self.clock(), self._frames))

    def keep_film(self) -> Path:
        return self._keep(film_key(job_prefix("A1", "benchy"), self.clock()))

    def _keep(self, key: str) -> Path:
        path = self.images / key.removeprefix("images/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"12345")
        os.utime(path, (self.hand.wall(),) * 2)
        return path


@pytest.mark.parametrize("start", [60.0, TODAY - 40 * DAY])
def test_a_clock_set_forward_in_mid_print_takes_nothing_away(
    tmp_path: Path, start: float, caplog: pytest.LogCaptureFixture
) -> None:
    shelf = Shelf(tmp_path, start)
    of_long_ago = shelf.keep_frame(start - 40 * DAY) if start > DAY * 40 else None
    shelf.hand.pass_time(10)
    film, frames = shelf.keep_film(), [shelf.keep_frame()]
    send(shelf.queue, message("an alert"))
    shelf.cleanup.clean_once()
    shelf.hand.pass_time(50)
    frames.append(shelf.keep_frame())
    shelf.hand.jump(TODAY - start)
    shelf.hand.pass_time(1)
    frames.append(shelf.keep_frame())
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            shelf.cleanup.clean_once()
            shelf.hand.pass_time(3600)
    assert [path.exists() for path in [film, *frames]] == [True] * 4
    assert shelf.queue.count() == 1
    assert of_long_ago is None or not of_long_ago.exists()
    (line,) = [record.getMessage() for record in caplog.records if "clock" in record.getMessage()]
    assert line.startswith("the clock was set forward by ")
    shelf.hand.pass_time(8 * DAY)
    shelf.cleanup.clean_once()
    assert [path.exists() for path in [film, *frames]] == [True, False, False, False]
    shelf.hand.pass_time(23 * DAY)
    shelf.cleanup.clean_once()
    assert not film.exists()
    assert shelf.queue.count() == 0
    shelf.database.close()


def test_a_repeat_is_dropped_for_an_hour_also_after_the_clock_was_set_forward(tmp_path: Path) -> None:
    hand = HandClock(TODAY - 40 * DAY)
    settings = Settings(data_dir=tmp_path / "data", images_dir=tmp_path / "images")
    stores = open_stores(settings, hand.wall, hand.monotonic)
    cleanup = Cleanup(settings, stores.database, hand.wall, hand.monotonic, timer=stores.timer)
    alert = message("an alert")
    send(stores.notifications, alert)
    stores.notifications.acknowledge(stores.notifications.receive()[0])
    hand.jump(40 * DAY)
    for seconds in (60, 1800):
        hand.pass_time(seconds)
        cleanup.clean_once()
        send(stores.notifications, alert)
        assert stores.notifications.count() == 0
    hand.pass_time(1800)
    cleanup.clean_once()
    with stores.database.reading() as connection:
        assert connection.execute("SELECT count(*) FROM deduplication").fetchone() == (0,)
    stores.database.close()


def test_a_clock_jumping_back_and_forth_by_hours_takes_nothing_away(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, TODAY)
    kept = []
    for jump in (-3 * 3600.0, 5 * 3600.0, -DAY, 2 * DAY, -6 * 3600.0):
        kept.append(shelf.keep_frame())
        shelf.hand.jump(jump)
        shelf.hand.pass_time(600)
        shelf.cleanup.clean_once()
    assert all(path.exists() for path in kept)
    shelf.hand.pass_time(9 * DAY)
    shelf.cleanup.clean_once()
    assert not any(path.exists() for path in kept)
    shelf.database.close()
