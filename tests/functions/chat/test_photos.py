"""A fresh picture is waited for, and not for long."""

from pathlib import Path

import pytest

from functions.chat.photos import LONGEST_WAIT_SECONDS, CollectorPictures
from functions.shared.domain.keys import asked_frame_key, asked_frame_prefix, latest_key
from functions.shared.messages.edge_command import decode_command
from infra.local.storage.database import SqliteDatabase
from infra.local.storage.frames import FileFrameStore
from infra.local.storage.queue import SqliteQueue
from tests.functions.chat.harness import NOW, jpeg
from tests.support.clock import HandClock
from tests.support.open_databases import closed_at_the_end


class Asking:
    """Somebody who asks, and a collector that answers after so many looks (None: never)."""

    def __init__(self, folder: Path, answers_after: int | None) -> None:
        self.clock = HandClock(NOW)
        self.frames = FileFrameStore(folder / "images")
        database = closed_at_the_end(SqliteDatabase(folder / "state.sqlite3"))
        self.queue = SqliteQueue(database, "commands", False, 600, None, self.clock)
        self._folder = folder
        self._left = answers_after
        self.pictures = CollectorPictures(
            self.queue, self.frames, self.clock, self.clock.monotonic, self._sleep
        )

    def _sleep(self, seconds: float) -> None:
        self.clock.pass_time(seconds)
        if self._left is None:
            return
        self._left -= 1
        if self._left == 0:
            (delivery,) = self.queue.receive()
            source = self._folder / "asked.jpg"
            source.write_bytes(jpeg())
            self.frames.put(asked_frame_key(decode_command(delivery.body).answer, NOW + 1), source)


def test_the_picture_comes_with_its_time(tmp_path: Path) -> None:
    asking = Asking(tmp_path, 3)
    picture = asking.pictures.ask("Drucker / 1", "update/7")
    assert picture is not None
    assert (picture.data, picture.taken_at) == (jpeg(), NOW + 1)


def test_nobody_waits_for_longer_than_that(tmp_path: Path) -> None:
    asking = Asking(tmp_path, None)
    assert asking.pictures.ask("P1S", "update/7") is None
    assert asking.clock() - NOW == pytest.approx(LONGEST_WAIT_SECONDS, abs=0.5)


@pytest.mark.parametrize("name", ["P1S", "P1S~asked~x", "a/b", "..", "Ü"])
def test_a_picture_that_was_asked_for_lies_beside_its_printer_s_own(name: str) -> None:
    prefix = asked_frame_prefix(name, "update/7")
    assert prefix.startswith(latest_key(name).removesuffix(".jpg") + "~")
    assert asked_frame_prefix(name + "2", "update/7") != prefix
