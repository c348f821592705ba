"""From the order for a film to the message with it, or to the message why there is none."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from functions.shared.domain.jpeg import jpeg_fault
from functions.shared.domain.keys import digest, film_key
from functions.shared.messages.effects import Category
from functions.timelapse.film import thumbnail_key
from tests.functions.timelapse.encode_jobs import WISHES, noisy_frame
from tests.functions.timelapse.harness import BEGIN, PREFIX, PRINTER, Workshop
from tests.support.numbered_frames import shown_in


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def test_the_film_of_a_job_is_made_kept_and_told(workshop: Workshop) -> None:
    workshop.keep_frames(range(20))
    order = workshop.order(20, kept=20)
    workshop.work()
    [told] = workshop.told()
    film = told.film
    assert told.category is Category.FILM
    assert film is not None
    assert film.key == film_key(PREFIX, order.observed_at)
    assert shown_in(workshop.film_file(told)) == list(range(20))
    assert (film.frames, film.missing, film.width, film.height) == (20, 0, 192, 108)
    assert film.size == workshop.film_file(told).stat().st_size
    assert film.duration_seconds == pytest.approx(4.0, abs=0.1)
    assert (told.printer_id, told.model, told.job_id, told.job_name) == (
        PRINTER,
        "A1 mini",
        "job-1",
        "benchy",
    )
    assert (told.duration_seconds, told.observed_at) == (120.0, order.observed_at)
    assert told.remake == order
    assert workshop.queue.count() == 0


def test_no_alert_waits_for_a_film(workshop: Workshop) -> None:
    workshop.keep_frames(range(10))
    workshop.order(10)
    workshop.work()
    [delivery] = workshop.notifications.receive(1)
    assert delivery.group == digest("group", "-1001/films")


def test_a_thumbnail_lies_beside_the_film_and_is_no_frame(workshop: Workshop) -> None:
    workshop.keep_frames(range(10))
    workshop.order(10)
    workshop.work()
    [told] = workshop.told()
    assert told.film is not None
    assert told.frame is not None
    assert told.frame.key == thumbnail_key(told.film.key)
    assert jpeg_fault(workshop.frames.get(told.frame.key)) is None
    assert len(list(workshop.frames.list(PREFIX))) == 10


def test_a_reprint_of_the_same_file_never_mixes(workshop: Workshop) -> None:
    workshop.keep_frames(range(20), BEGIN)
    workshop.keep_frames(range(100, 120), BEGIN + 3600)
    workshop.keep_frames(range(500, 520), BEGIN, prefix=f"images/{PRINTER}/other/")
    workshop.order(20, BEGIN + 3600)
    workshop.work()
    [told] = workshop.told()
    assert shown_in(workshop.film_file(told)) == list(range(100, 120))


def test_a_long_job_is_shown_evenly_in_the_same_time(workshop: Workshop) -> None:
    workshop.wishes = replace(WISHES, target_seconds=3.0)
    workshop.restart()
    workshop.keep_frames(range(200))
    workshop.order(200)
    workshop.work()
    [told] = workshop.told()
    assert told.film is not None
    numbers = shown_in(workshop.film_file(told))
    assert len(numbers) == told.film.frames == 16
    assert (numbers[0], numbers[-1]) == (0, 199)
    assert {later - earlier for earlier, later in pairwise(numbers)} <= {12, 13, 14}
    assert told.film.duration_seconds == pytest.approx(3.0, abs=0.1)
    assert told.film.missing == 0


def test_it_waits_for_frames_that_are_on_their_way(workshop: Workshop) -> None:
    workshop.keep_frames(range(10))
    workshop.order(20, kept=20)
    workshop.work_until_idle(600)
    assert workshop.told() == []
    workshop.keep_frames(range(20))
    workshop.work_until_idle(200)
    [told] = workshop.told()
    assert told.film is not None
    assert (told.film.frames, told.film.missing) == (20, 0)


def test_after_half_an_hour_it_is_made_of_what_is_there(workshop: Workshop) -> None:
    frames = workshop.keep_frames(range(20))
    frames[4].write_bytes(b"")
    frames[9].write_bytes(frames[9].read_bytes()[:-20])
    workshop.order(30, kept=30)
    assert workshop.work_until_idle(1780) > 1
    assert workshop.told() == []
    workshop.work_until_idle(200)
    [told] = workshop.told()
    assert told.film is not None
    assert (told.film.frames, told.film.missing) == (18, 12)


def test_the_wait_is_over_after_a_restart_too(workshop: Workshop) -> None:
    workshop.keep_frames(range(15))
    workshop.order(30, kept=30)
    workshop.work_until_idle(900)
    workshop.restart()
    workshop.work_until_idle(1000)
    assert [told.category for told in workshop.told()] == [Category.FILM]


@pytest.mark.parametrize("count", [0, 1])
def test_a_job_without_frames_is_silent(
    workshop: Workshop, count: int, caplog: pytest.LogCaptureFixture
) -> None:
    workshop.keep_frames(range(count))
    workshop.order(30, kept=count)
    workshop.work()
    assert workshop.told() == []
    assert workshop.queue.count() == 0
    assert "a film needs two" in caplog.text


def test_a_repeated_order_makes_no_second_film(workshop: Workshop) -> None:
    workshop.keep_frames(range(10))
    order = workshop.order(10)
    workshop.work()
    [told] = workshop.told()
    made_at = workshop.film_file(told).stat().st_mtime_ns
    workshop.clock.pass_time(7200)  # beyond the queue's memory of repeats
    workshop.put(order)
    workshop.restart()
    workshop.work()
    assert workshop.told() == []
    assert workshop.film_file(told).stat().st_mtime_ns == made_at


def test_a_crash_before_the_mark_gives_the_same_film_and_message(workshop: Workshop) -> None:
    workshop.keep_frames(range(10))
    workshop.order(10)

    def crash(key: str, expires_at: float) -> bool:
        if key.startswith("done/"):
            raise KeyboardInterrupt
        return mark(key, expires_at)

    mark = workshop.records.put_if_absent
    workshop.records.put_if_absent = crash  # type: ignore[method-assign]
    delivery = workshop.delivery()
    with pytest.raises(KeyboardInterrupt):
        workshop.service.handle(delivery)
    workshop.records.put_if_absent = mark  # type: ignore[method-assign]
    workshop.restart()
    workshop.service.handle(delivery)
    assert len(workshop.told()) == 1  # the queue drops the repeat by its id
    assert len(list((workshop.folder / PREFIX).glob("*.mp4"))) == 1


def test_a_smaller_film_is_made_when_it_is_asked_for(workshop: Workshop) -> None:
    folder = workshop.folder / PREFIX
    for number, path in enumerate(workshop.keep_frames(range(40))):
        path.write_bytes(noisy_frame(number))
    order = workshop.order(40)
    workshop.work()
    [large] = workshop.told()
    assert large.film is not None
    workshop.put(workshop.smaller(order, large.film.size // 2))
    workshop.work()
    [small] = workshop.told()
    assert small.film is not None
    assert small.remake is not None
    assert small.remake.max_bytes is not None  # so that no third one is asked for
    assert small.film.size <= large.film.size // 2
    assert len(list(folder.glob("*.mp4"))) == 2


def test_the_settings_limit_stands_whatever_is_asked_for(workshop: Workshop) -> None:
    workshop.wishes = replace(WISHES, max_bytes=150_000)
    workshop.restart()
    for number, path in enumerate(workshop.keep_frames(range(40))):
        path.write_bytes(noisy_frame(number))
    workshop.put(workshop.smaller(replace(workshop.order(40), id="c-2/timelapse"), 10**9))
    workshop.work()
    workshop.work()
    for told in workshop.told():
        assert told.film is not None
        assert told.film.size <= 150_000
