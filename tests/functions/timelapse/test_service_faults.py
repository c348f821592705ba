"""An order for a film when something is wrong: tried again, then told, and nothing is lost."""

import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pytest

from functions.shared.errors import TransientError
from functions.shared.messages.effects import Category
from functions.shared.ports import FrameStore, StoredFrame
from functions.timelapse.ffmpeg import find_ffmpeg
from functions.timelapse.film import EncodeJob, MadeFilm, make_film
from tests.functions.timelapse.harness import PREFIX, Harness
from tests.support.descriptors import no_more_files
from tests.support.disk import small_disk


@pytest.fixture
def harness(tmp_path: Path) -> Harness:
    return Harness(tmp_path)


def test_a_missing_ffmpeg_is_announced_at_once_and_the_frames_stay(harness: Harness) -> None:
    harness.ffmpeg = str(harness.folder / "no-ffmpeg")
    harness.restart()
    harness.keep_frames(range(10))
    harness.order(10)
    harness.work()
    [told] = harness.told()
    assert told.category is Category.FILM_FAILED
    assert told.reason is not None
    assert "FFMPEG" in told.reason
    assert f"printer-bridge timelapse {harness.folder / PREFIX} --since 20231114T221320" in told.reason
    assert len(list(harness.frames.list(PREFIX))) == 10
    assert harness.queue.count() == 0


def _acted(harness: Harness, script: str) -> None:
    program = harness.folder / "ffmpeg"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    harness.ffmpeg = str(program)
    harness.restart()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("cat > /dev/null; kill -9 $$", "killed by signal 9"),
        ("cat > /dev/null; echo 'film.mp4: No space left on device' >&2; exit 228", "the disk is full"),
    ],
)
def test_a_failing_film_is_tried_five_times_then_told(harness: Harness, script: str, words: str) -> None:
    _acted(harness, f"echo x >> {harness.folder}/tries; {script}")
    harness.keep_frames(range(10))
    harness.order(10)
    harness.work_until_idle(1200)
    [told] = harness.told()
    assert told.category is Category.FILM_FAILED
    assert told.reason is not None
    assert words in told.reason
    assert "The frames are kept" in told.reason
    assert harness.queue.count() == 0
    assert list(harness.work_folder.iterdir()) == []


def test_a_try_that_fails_once_costs_only_time(harness: Harness) -> None:
    tried = harness.folder / "tried"
    _acted(harness, f'[ -e {tried} ] && exec "{find_ffmpeg()}" "$@"; touch {tried}; exit 1')
    harness.keep_frames(range(10))
    harness.order(10)
    harness.work()
    assert harness.told() == []
    harness.work_until_idle(60)
    assert [told.category for told in harness.told()] == [Category.FILM]


def test_the_tries_are_counted_over_restarts(harness: Harness) -> None:
    _acted(harness, "exit 1")
    harness.keep_frames(range(10))
    harness.order(10)
    for _ in range(4):
        harness.work()
        harness.restart()
        harness.clock.pass_time(600)
    assert harness.told() == []
    harness.work()
    assert [told.category for told in harness.told()] == [Category.FILM_FAILED]


class KilledError(BaseException):
    """The program ends here, and nothing of it runs any more."""


def test_a_film_that_ends_the_program_each_time_is_given_up(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(job: EncodeJob) -> MadeFilm:
        raise KilledError

    monkeypatch.setattr("functions.timelapse.service.make_film", end)
    harness.keep_frames(range(10))
    harness.order(10)
    for _ in range(5):
        with pytest.raises(KilledError):
            harness.work()
        harness.queue.recover()
        harness.restart()
    assert harness.told() == []
    harness.work()
    [told] = harness.told()
    assert told.category is Category.FILM_FAILED
    assert told.reason is not None
    assert "interrupted 5 times" in told.reason
    assert harness.queue.count() == 0


def test_a_store_that_is_away_for_long_is_no_broken_off_run(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = 0

    def away_at_first(job: EncodeJob) -> MadeFilm:
        nonlocal tries
        tries += 1
        if tries <= 12:
            raise TransientError("the store is away")
        return make_film(job)

    monkeypatch.setattr("functions.timelapse.service.make_film", away_at_first)
    harness.keep_frames(range(10))
    harness.order(10)
    harness.work_until_idle(10_000)
    assert [told.category for told in harness.told()] == [Category.FILM]


class AwayStore:
    """A FrameStore that is away for the first few reads."""

    def __init__(self, store: FrameStore, times: int) -> None:
        self._store = store
        self._left = times
        self._lock = threading.Lock()

    def put(self, key: str, source: Path) -> None:
        self._store.put(key, source)

    def get(self, key: str) -> bytes:
        with self._lock:
            self._left -= 1
            if self._left >= 0:
                raise TransientError("the store is away")
        return self._store.get(key)

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        return self._store.open(key)

    def list(
        self, prefix: str, since: float | None = None, until: float | None = None
    ) -> Iterator[StoredFrame]:
        return self._store.list(prefix, since, until)

    def films(self, prefix: str) -> Iterator[StoredFrame]:
        return self._store.films(prefix)


def test_a_store_that_is_away_is_no_failure_of_the_film(harness: Harness) -> None:
    harness.keep_frames(range(10))
    harness.frames = AwayStore(harness.frames, times=8)
    harness.restart()
    harness.order(10)
    assert harness.work_until_idle(7200) == 9
    assert [told.category for told in harness.told()] == [Category.FILM]


def test_frames_removed_in_the_meantime_are_missing_and_no_more(harness: Harness) -> None:
    frames = harness.keep_frames(range(20))
    listed = list(harness.frames.list(PREFIX))
    for path in frames[5:8]:
        path.unlink()

    class Late(AwayStore):
        def list(
            self, prefix: str, since: float | None = None, until: float | None = None
        ) -> Iterator[StoredFrame]:
            return iter(listed)

    harness.frames = Late(harness.frames, 0)
    harness.restart()
    harness.order(20, kept=20)
    harness.work()
    [told] = harness.told()
    assert told.film is not None
    assert (told.film.frames, told.film.missing) == (17, 3)


@pytest.mark.parametrize(
    "prefix", ["images/B2/benchy/", "images/A1M-1/../B2/", "/etc/", "images/A1M-1/benchy"]
)
def test_an_order_for_somebody_elses_frames_is_refused(harness: Harness, prefix: str) -> None:
    harness.put(replace(harness.order(2), id="c-9/timelapse", prefix=prefix))
    harness.work()
    harness.work()
    assert len(harness.queue.dead_letters()) == 1
    assert harness.told() == []


def test_leftovers_of_a_killed_run_are_removed(harness: Harness) -> None:
    harness.work_folder.mkdir()
    old, young = (harness.work_folder / f"film-{digit * 16}.mp4" for digit in "01")
    for file, age in ((old, 3601.0), (young, 3599.0)):
        file.write_bytes(b"half a film")
        made_at = harness.clock.wall() - age
        os.utime(file, (made_at, made_at))
    harness.restart()
    assert list(harness.work_folder.iterdir()) == [young], "another process may be making that one"


def test_on_a_full_disk_the_film_waits_for_room_however_long_that_takes(harness: Harness) -> None:
    with small_disk(harness.work_folder.with_name("small"), "16m") as disk:
        harness.work_folder = disk.folder
        harness.restart()
        harness.keep_frames(range(10))
        harness.order(10)
        disk.fill()
        assert harness.work_until_idle(320.0) > 5  # more often than a film may fail
        assert harness.told() == []
        disk.free()
        harness.work_until_idle(330.0)
        [told] = harness.told()
        assert told.category is Category.FILM


def test_no_film_is_given_up_because_its_folder_cannot_be_read(harness: Harness) -> None:
    harness.keep_frames(range(10))
    harness.order(10, kept=10)
    with no_more_files():
        harness.work_until_idle(700.0)
        harness.clock.pass_time(3600.0)  # longer than it waits for frames that are missing
        harness.work_until_idle(5.0)
    assert harness.told() == []
    harness.work_until_idle(700.0)
    [told] = harness.told()
    assert told.category is Category.FILM
