"""From the order for a film to the message with it, or to the message why there is none."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from functions.shared import job_listing
from functions.shared.domain.jpeg import read_jpeg
from functions.shared.domain.keys import digest, film_key, photo_key, printer_chat, thumbnail_key
from functions.shared.messages.effects import Category, decode_notification
from tests.functions.timelapse.encode_jobs import SPEC, noisy_frame
from tests.functions.timelapse.harness import BEGIN, PREFIX, PRINTER, Harness
from tests.support.numbered_frames import shown_in


@pytest.fixture
def harness(tmp_path: Path) -> Harness:
    return Harness(tmp_path)


def test_the_film_of_a_job_is_made_kept_and_told(harness: Harness) -> None:
    harness.keep_frames(range(20))
    order = harness.order(20, kept=20)
    harness.work()
    [told] = harness.told()
    film = told.film
    assert told.category is Category.FILM
    assert film is not None
    assert film.key == film_key(PREFIX, order.observed_at)
    assert shown_in(harness.film_file(told)) == list(range(20))
    assert (film.frames, film.missing, film.width, film.height) == (20, 0, 192, 108)
    assert film.size == harness.film_file(told).stat().st_size
    assert film.duration_seconds == pytest.approx(4.0, abs=0.1)
    assert (told.printer_id, told.model, told.job_id, told.job.name) == (
        PRINTER,
        "A1 mini",
        "job-1",
        "benchy",
    )
    assert (told.duration_seconds, told.observed_at) == (120.0, order.observed_at)
    assert told.remake == order
    assert harness.queue.count() == 0


def test_a_film_waits_behind_what_its_printer_has_to_tell(harness: Harness) -> None:
    harness.keep_frames(range(10))
    harness.order(10)
    harness.work()
    [delivery] = harness.notifications.receive(1)
    printer_id = decode_notification(delivery.body).printer_id
    assert delivery.group == digest("group", printer_chat("-1001", printer_id))


def test_a_thumbnail_lies_beside_the_film_and_is_no_frame(harness: Harness) -> None:
    harness.keep_frames(range(10))
    harness.order(10)
    harness.work()
    [told] = harness.told()
    assert told.film is not None
    assert told.frame is not None
    assert told.frame.key == thumbnail_key(told.film.key)
    assert read_jpeg(harness.frames.get(told.frame.key)).fault is None
    assert len(list(harness.frames.list(PREFIX))) == 10
    assert len(list((harness.folder / PREFIX).glob("*.jpg"))) == 10


def test_a_reprint_of_the_same_file_never_mixes(harness: Harness) -> None:
    harness.keep_frames(range(20), BEGIN)
    harness.keep_frames(range(100, 120), BEGIN + 3600)
    harness.keep_frames(range(500, 520), BEGIN, prefix=f"images/{PRINTER}/other/")
    harness.order(20, BEGIN + 3600)
    harness.work()
    [told] = harness.told()
    assert shown_in(harness.film_file(told)) == list(range(100, 120))


def test_a_long_job_is_shown_evenly_in_the_same_time(harness: Harness) -> None:
    harness.spec = replace(SPEC, target_seconds=3.0)
    harness.restart()
    harness.keep_frames(range(200))
    harness.order(200)
    harness.work()
    [told] = harness.told()
    assert told.film is not None
    numbers = shown_in(harness.film_file(told))
    assert len(numbers) == told.film.frames == 16
    assert (numbers[0], numbers[-1]) == (0, 199)
    assert {later - earlier for earlier, later in pairwise(numbers)} <= {12, 13, 14}
    assert told.film.duration_seconds == pytest.approx(3.0, abs=0.1)
    assert told.film.missing == 0


def test_it_waits_for_frames_that_are_on_their_way(harness: Harness) -> None:
    harness.keep_frames(range(10))
    harness.order(20, kept=20)
    harness.work_until_idle(600)
    assert harness.told() == []
    harness.keep_frames(range(20))
    harness.work_until_idle(200)
    [told] = harness.told()
    assert told.film is not None
    assert (told.film.frames, told.film.missing) == (20, 0)


def test_after_half_an_hour_it_is_made_of_what_is_there(harness: Harness) -> None:
    frames = harness.keep_frames(range(20))
    frames[4].write_bytes(b"")
    frames[9].write_bytes(frames[9].read_bytes()[:-20])
    harness.order(30, kept=30)
    assert harness.work_until_idle(1780) > 1
    assert harness.told() == []
    harness.work_until_idle(200)
    [told] = harness.told()
    assert told.film is not None
    assert (told.film.frames, told.film.missing) == (18, 12)


def test_the_wait_is_over_after_a_restart_too(harness: Harness) -> None:
    harness.keep_frames(range(15))
    harness.order(30, kept=30)
    harness.work_until_idle(900)
    harness.restart()
    harness.work_until_idle(1000)
    assert [told.category for told in harness.told()] == [Category.FILM]


@pytest.mark.parametrize("count", [0, 1])
def test_a_job_without_frames_is_silent(
    harness: Harness, count: int, caplog: pytest.LogCaptureFixture
) -> None:
    harness.keep_frames(range(count))
    harness.order(30, kept=count)
    harness.work()
    assert harness.told() == []
    assert harness.queue.count() == 0
    assert "a film needs two" in caplog.text


def test_a_repeated_order_makes_no_second_film(harness: Harness) -> None:
    harness.keep_frames(range(10))
    order = harness.order(10)
    harness.work()
    [told] = harness.told()
    made_at = harness.film_file(told).stat().st_mtime_ns
    harness.clock.pass_time(7200)  # beyond the queue's memory of repeats
    harness.put(order)
    harness.restart()
    harness.work()
    assert harness.told() == []
    assert harness.film_file(told).stat().st_mtime_ns == made_at


def test_a_crash_before_the_mark_gives_the_same_film_and_message(harness: Harness) -> None:
    harness.keep_frames(range(10))
    harness.order(10)

    def crash(key: str, expires_at: float) -> bool:
        if key.startswith("done/"):
            raise KeyboardInterrupt
        return mark(key, expires_at)

    mark = harness.records.put_if_absent
    harness.records.put_if_absent = crash  # type: ignore[method-assign]
    delivery = harness.delivery()
    with pytest.raises(KeyboardInterrupt):
        harness.handle(delivery)
    harness.records.put_if_absent = mark  # type: ignore[method-assign]
    harness.restart()
    harness.handle(delivery)
    assert len(harness.told()) == 1  # the queue drops the repeat by its id
    assert len(list((harness.folder / PREFIX).glob("*.mp4"))) == 1


def test_a_smaller_film_is_made_when_it_is_asked_for(harness: Harness) -> None:
    folder = harness.folder / PREFIX
    for number, path in enumerate(harness.keep_frames(range(40))):
        path.write_bytes(noisy_frame(number))
    order = harness.order(40)
    harness.work()
    [large] = harness.told()
    assert large.film is not None
    harness.put(harness.smaller(order, large.film.size // 2))
    harness.work()
    [small] = harness.told()
    assert small.film is not None
    assert small.remake is not None
    assert small.remake.max_bytes is not None  # so that no third one is asked for
    assert small.film.size <= large.film.size // 2
    assert len(list(folder.glob("*.mp4"))) == 2


def test_the_settings_limit_stands_whatever_is_asked_for(harness: Harness) -> None:
    harness.spec = replace(SPEC, max_bytes=150_000)
    harness.restart()
    for number, path in enumerate(harness.keep_frames(range(40))):
        path.write_bytes(noisy_frame(number))
    harness.put(harness.smaller(replace(harness.order(40), id="c-2/timelapse"), 10**9))
    harness.work()
    harness.work()
    for told in harness.told():
        assert told.film is not None
        assert told.film.size <= 150_000


def test_a_film_and_the_last_frame_are_in_the_history_of_its_job(harness: Harness) -> None:
    harness.keep_frames(range(20))
    order = harness.order(20, kept=20)
    harness.work()
    [told] = harness.told()
    assert told.film is not None
    parts = job_listing.find(harness.records, order.job_id)
    assert parts is not None
    film = parts.film
    assert film is not None
    assert (film.key, film.size, film.made_at) == (told.film.key, told.film.size, order.observed_at)
    photo, thumbnail = (harness.frames.get(key(film.key)) for key in (photo_key, thumbnail_key))
    assert (film.photo_size, film.thumbnail_size) == (len(photo), len(thumbnail))
    assert film.photo_taken_at == pytest.approx(BEGIN + 6.0 * 19, abs=1)
    assert photo == harness.frames.get(list(harness.frames.list(PREFIX))[-1].key)
    assert len(list(harness.frames.list(PREFIX))) == 20, "what lies beside a film is no frame"


def test_a_crash_before_the_history_is_written_loses_nothing_of_it(harness: Harness) -> None:
    harness.keep_frames(range(10))
    order = harness.order(10)
    put = harness.records.put

    def crash(key: str, *arguments: Any, **named: Any) -> int:
        if key.startswith("job#"):
            raise KeyboardInterrupt
        return put(key, *arguments, **named)

    harness.records.put = crash  # type: ignore[method-assign]
    delivery = harness.delivery()
    with pytest.raises(KeyboardInterrupt):
        harness.handle(delivery)
    harness.records.put = put  # type: ignore[method-assign]
    harness.restart()
    harness.handle(delivery)
    assert len(harness.told()) == 1
    parts = job_listing.find(harness.records, order.job_id)
    assert parts is not None
    assert parts.film is not None


def test_a_film_of_a_part_that_is_ready_after_the_whole_one_is_left_out(harness: Harness) -> None:
    """The printer was taken for lost and came back; a run that was killed held up the first order."""
    harness.keep_frames(range(4))
    part = harness.order(5, kept=5, order_id="c-1/timelapse")
    first = harness.delivery()
    harness.keep_frames(range(12))
    harness.order(12, kept=12, order_id="c-2/timelapse")
    harness.work()
    [whole] = harness.told()
    assert whole.film is not None
    assert whole.film.frames == 12
    harness.handle(first)
    assert harness.told() == []
    assert harness.queue.count() == 0
    parts = job_listing.find(harness.records, part.job_id)
    assert parts is not None
    assert parts.film is not None
    assert parts.film.key == whole.film.key


def test_a_smaller_film_is_for_the_chat_alone(harness: Harness) -> None:
    harness.keep_frames(range(10))
    order = harness.order(10)
    harness.work()
    before = job_listing.find(harness.records, order.job_id)
    harness.put(harness.smaller(order, 100_000))
    harness.work()
    assert job_listing.find(harness.records, order.job_id) == before
    assert len(list((harness.folder / PREFIX).glob("*_photo.jpeg"))) == 1
