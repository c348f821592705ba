"""A check is made at the newest good image, beside one from about ten minutes before."""

import logging

import pytest

from functions.inspection.frames import FramePair, NoUsableFrame, choose_frames, earlier_candidates
from functions.shared.messages.report import FrameReference
from tests.e2e.image_numbers import number_of
from tests.functions.inspection.frame_images import jpeg_image
from tests.functions.inspection.watched_print import START, WatchedPrint


def chosen(
    watched: WatchedPrint, newer_than: float | None = None, **changes: object
) -> FramePair | NoUsableFrame:
    frame = changes.pop("frame", None)
    assert frame is None or isinstance(frame, FrameReference)
    request = watched.ask(frame, **changes)
    return choose_frames(watched.frames, request, watched.clock(), newer_than)


def numbers(pair: FramePair | NoUsableFrame) -> tuple[int, int | None]:
    assert isinstance(pair, FramePair), pair
    return number_of(pair.newest.jpeg), number_of(pair.earlier.jpeg) if pair.earlier else None


def test_the_newest_and_the_one_nearest_to_ten_minutes_before(watched: WatchedPrint) -> None:
    watched.pass_time(600)
    for number, age in ((1, 1200), (2, 700), (3, 560), (4, 300), (5, 70), (6, 5)):
        watched.keep_frame(number, age=age)
    pair = chosen(watched)
    assert numbers(pair) == (6, 3)
    assert isinstance(pair, FramePair)
    assert pair.seconds_apart == 555


def test_in_a_young_job_the_earliest_at_least_a_minute_older(watched: WatchedPrint) -> None:
    since = watched.clock() - 200
    for number, age in ((1, 600), (2, 190), (3, 100), (4, 20), (5, 2)):
        watched.keep_frame(number, age=age)
    assert numbers(chosen(watched, since=since)) == (5, 2), "a run of the same name before is another job"


def test_alone_if_nothing_is_a_minute_older(watched: WatchedPrint) -> None:
    for number, age in ((1, 59), (2, 2)):
        watched.keep_frame(number, age=age)
    assert numbers(chosen(watched)) == (2, None)


def test_the_frame_that_the_report_names_counts_even_if_a_listing_does_not_show_it(
    watched: WatchedPrint,
) -> None:
    watched.keep_frame(1, age=30)
    named = watched.keep_frame(2)
    pair = chosen(watched, frame=named)
    assert isinstance(pair, FramePair)
    assert pair.frame == named


def test_a_named_frame_that_has_not_arrived_is_waited_for_or_replaced(watched: WatchedPrint) -> None:
    missing = FrameReference(f"{watched.prefix}20991231T000000_000009_x.jpg", watched.clock(), 10)
    assert chosen(watched, frame=missing) == NoUsableFrame("the picture has not arrived", may_come=True)
    watched.keep_frame(7, age=30)
    assert numbers(chosen(watched, frame=missing)) == (7, None)


@pytest.mark.parametrize("key", ["images/B/x/20251122T080000_000001_x.jpg", "images/A1M-1/../B/x.jpg", "x"])
def test_a_named_frame_of_another_printer_is_never_read(watched: WatchedPrint, key: str) -> None:
    found = chosen(watched, frame=FrameReference(key, watched.clock(), 10))
    assert found == NoUsableFrame("there is no picture of this job from the last half hour", may_come=True)


def test_a_stale_image_is_not_judged(watched: WatchedPrint) -> None:
    watched.keep_frame(1, age=301)
    assert chosen(watched) == NoUsableFrame("the newest picture is 5 min old", may_come=True)


def test_an_image_from_before_the_job_is_not_judged(watched: WatchedPrint) -> None:
    named = watched.keep_frame(1, age=20)
    found = chosen(watched, frame=named, since=watched.clock() - 10)
    assert isinstance(found, NoUsableFrame)


def test_black_blurred_and_broken_images_are_skipped_and_that_is_said(
    watched: WatchedPrint, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    watched.keep_frame(1, age=40)
    watched.keep_frame(data=jpeg_image(2, dim=0.02), age=20)
    watched.keep_frame(data=jpeg_image(3, blur=50.0), age=10)
    assert numbers(chosen(watched)) == (1, None)
    assert "black" in caplog.text
    assert "blurred" in caplog.text


def test_when_all_are_beyond_use_the_newest_ones_reason_is_given(watched: WatchedPrint) -> None:
    for age in (30, 20, 10):
        watched.keep_frame(data=jpeg_image(1, dim=0.02), age=age)
    watched.keep_frame(data=b"\xff\xd8junk\xff\xd9")
    assert chosen(watched) == NoUsableFrame("the picture is broken: broken marker", may_come=False)


def test_a_black_earlier_image_gives_way_to_the_next_best(watched: WatchedPrint) -> None:
    watched.keep_frame(1, age=400)
    watched.keep_frame(data=jpeg_image(2, dim=0.02), age=600)
    watched.keep_frame(3)
    assert numbers(chosen(watched)) == (3, 1)


def test_a_hanging_camera_is_not_taken_for_a_sound_print(watched: WatchedPrint) -> None:
    watched.keep_frame(1, age=500)
    watched.keep_frame(1)
    found = chosen(watched)
    assert found == NoUsableFrame("the picture has not changed at all: the camera hangs", may_come=False)


def test_a_confirmation_needs_a_newer_image(watched: WatchedPrint) -> None:
    first = watched.keep_frame(1)
    found = chosen(watched, newer_than=first.taken_at)
    assert found == NoUsableFrame("there is no newer picture than that of the first look", may_come=True)
    watched.pass_time(30)
    watched.keep_frame(2)
    assert numbers(chosen(watched, newer_than=first.taken_at)) == (2, None)


def test_the_choice_does_not_depend_on_the_order_of_the_listing() -> None:
    frames = [FrameReference(str(age), START - age, 1) for age in (900, 640, 590, 61, 59)]
    ages = [frame.key for frame in earlier_candidates(frames[::-1], START)]
    assert ages == ["590", "640", "900", "61"]
