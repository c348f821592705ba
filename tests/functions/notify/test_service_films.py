"""Films: streamed, in a group of their own, made smaller once when they are too large."""

from pathlib import Path

import pytest

from functions.shared.messages.effects import Category, decode_notification, decode_timelapse, encode_effect
from tests.functions.notify.harness import Harness, film_order, group_harness, jpeg, notification
from tests.support.telegram import faults as faults
from tests.support.telegram.server import TelegramServer

SMALL = jpeg(320, 180)
TOO_LARGE = faults.answers(413, "Request Entity Too Large")


def test_a_film_is_sent_with_its_caption_and_thumbnail(harness: Harness, telegram: TelegramServer) -> None:
    harness.put(notification(Category.FILM, film=harness.film(), frame=harness.frame(age=5000, data=SMALL)))
    harness.turn()
    (posted,) = telegram.messages
    assert (posted.method, posted.video_size) == ("sendVideo", 300_000)
    assert posted.text == "🎬 A1M-1: timelapse\nbenchy.gcode.3mf\n45 s film · 1,350 frames"
    assert posted.thumbnail == SMALL


def test_a_film_without_a_photo_goes_without_thumbnail(harness: Harness, telegram: TelegramServer) -> None:
    harness.put(notification(Category.FILM, film=harness.film()))
    harness.turn()
    assert telegram.messages[0].thumbnail is None


@pytest.mark.parametrize("photo", [b"junk", jpeg()[:300] + b"\xff\xd9", jpeg(321, 180)])
def test_a_photo_that_is_no_thumbnail_for_telegram_is_left_out(
    harness: Harness, telegram: TelegramServer, photo: bytes
) -> None:
    harness.put(notification(Category.FILM, film=harness.film(), frame=harness.frame(age=5000, data=photo)))
    harness.turn()
    (posted,) = telegram.messages
    assert (posted.method, posted.thumbnail) == ("sendVideo", None)


def test_a_film_that_is_stuck_holds_up_no_alert(harness: Harness, telegram: TelegramServer) -> None:
    telegram.script(*[faults.HANG_UP] * 3)
    harness.put(notification(Category.FILM, 1, film=harness.film()))
    harness.run(6)
    assert telegram.messages == []
    harness.put(notification(Category.STARTED, 2))
    assert harness.turn() == 1
    assert [posted.method for posted in telegram.messages] == ["sendMessage"]
    harness.run(10)
    assert [posted.method for posted in telegram.messages] == ["sendMessage", "sendVideo"]


def test_a_film_that_never_gets_through_is_announced_by_text_after_an_hour_and_blocks_no_other(
    harness: Harness, telegram: TelegramServer
) -> None:
    telegram.script(*[faults.HANG_UP] * 13)
    harness.put(
        notification(Category.FILM, 1, film=harness.film()),
        notification(Category.FILM, 2, film=harness.film()),
    )
    harness.run_until(lambda: len(telegram.messages) == 2, most=7200)
    assert [posted.method for posted in telegram.messages] == ["sendMessage", "sendVideo"]
    assert "Telegram does not take the film (300 kB). It is kept as" in telegram.texts[0]


def test_a_long_outage_costs_no_film(harness: Harness, telegram: TelegramServer) -> None:
    telegram.down()
    harness.put(notification(Category.FILM, film=harness.film()))
    harness.run(86_400, step=10)
    telegram.up()
    harness.run(1000, step=10)
    assert [posted.method for posted in telegram.messages] == ["sendVideo"]


def test_alerts_that_get_through_do_not_hurry_a_film_that_does_not(
    harness: Harness, telegram: TelegramServer
) -> None:
    harness.put(notification(Category.FILM, 1, film=harness.film()))
    for number in range(4):
        telegram.script(faults.SERVER_ERROR)
        harness.run_until(lambda number=number: telegram.calls == 2 * number + 1)  # type: ignore[misc]
        harness.put(notification(Category.STATE_CHANGED, 10 + number))
        harness.run_until(lambda number=number: telegram.calls == 2 * number + 2)  # type: ignore[misc]
    assert harness.clock() - 1_764_000_000.0 == pytest.approx(1 + 2 + 4, abs=1)


def test_an_outage_is_said_once_when_a_film_waits_beside_the_alerts(
    harness: Harness, telegram: TelegramServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Without alerts that wait the film speaks for itself."""
    telegram.down()
    harness.put(notification(Category.STATE_CHANGED, 1), notification(Category.FILM, 2, film=harness.film()))
    with caplog.at_level("WARNING", "functions.notify"):
        tries = len(harness.run(70, step=0.5))
        said = [line for line in caplog.messages if "Telegram is not reached" in line]
        assert len(said) == tries // 2 > 3
        caplog.clear()
        telegram.up()
        harness.run(1000, step=10)
        telegram.script(*[faults.SERVER_ERROR] * 3)
        harness.put(notification(Category.FILM, 3, film=harness.film()))
        harness.run(70, step=0.5)
        assert len([line for line in caplog.messages if "Telegram is not reached" in line]) == 3


def test_a_film_that_is_too_large_is_ordered_smaller_once(harness: Harness, telegram: TelegramServer) -> None:
    telegram.script(TOO_LARGE)
    film = harness.film()
    harness.put(notification(Category.FILM, film=film, remake=film_order()))
    harness.run(3)
    assert telegram.messages == []
    (delivery,) = harness.timelapses.receive()
    order = decode_timelapse(delivery.body)
    assert order == film_order(id="c0-1/timelapse/smaller", max_bytes=150_000)
    telegram.script(TOO_LARGE)
    harness.put(notification(Category.FILM, 2, film=film, remake=order))
    harness.run(3)
    assert harness.timelapses.count() == 1
    (text,) = telegram.texts
    assert text == (
        "🎬 A1M-1: timelapse\nbenchy.gcode.3mf\n45 s film · 1,350 frames\n"
        "The film is too large for Telegram (300 kB). "
        "It is kept as images/A1M-1/benchy.gcode.3mf/timelapse_20251124T160000.mp4."
    )
    assert harness.queue.count() == 0


def test_a_real_fifty_megabytes_are_refused_and_told(tmp_path: Path, telegram: TelegramServer) -> None:
    harness = group_harness(tmp_path, telegram)
    harness.films_are_made = False
    harness.restart()
    harness.put(notification(Category.FILM, film=harness.film(52_500_000), remake=film_order()))
    harness.turn()
    assert "The film is too large for Telegram (52.5 MB)." in telegram.texts[0]


def test_a_film_that_telegram_does_not_like_is_announced_by_text(
    harness: Harness, telegram: TelegramServer
) -> None:
    telegram.script(faults.answers(400, "Bad Request: not enough rights to send videos to the chat"))
    harness.put(notification(Category.FILM, film=harness.film()))
    harness.turn()
    assert "Telegram does not take the film (300 kB). It is kept as images/" in telegram.texts[0]


@pytest.mark.parametrize("name", ["missing", "of another printer"])
def test_a_film_that_cannot_be_read_is_announced_by_text(
    harness: Harness, telegram: TelegramServer, name: str
) -> None:
    film = harness.film(printer="other" if name == "of another printer" else "A1M-1")
    if name == "missing":
        (harness.folder / film.key).unlink()
    harness.put(notification(Category.FILM, film=film))
    harness.turn()
    assert telegram.texts[0].split("\n")[-1] == "The film could not be read."
    assert "other" not in telegram.texts[0]


def test_a_film_that_shrank_is_sent_as_it_is(harness: Harness, telegram: TelegramServer) -> None:
    film = harness.film()
    with (harness.folder / film.key).open("r+b") as stream:
        stream.truncate(200_000)
    harness.put(notification(Category.FILM, film=film))
    harness.turn()
    assert telegram.messages[0].video_size == 200_000


def test_a_film_with_unreadable_markup_is_sent_again_as_plain_text(
    harness: Harness, telegram: TelegramServer
) -> None:
    telegram.script(faults.answers(400, "Bad Request: can't parse entities: for a test"))
    harness.put(notification(Category.FILM, film=harness.film()))
    harness.turn()
    assert [(posted.method, posted.parse_mode) for posted in telegram.messages] == [("sendVideo", None)]


def test_the_order_travels_with_the_notification() -> None:
    sent = notification(Category.FILM, remake=film_order(frames_kept=7, job_name="x", duration_seconds=9.0))
    assert decode_notification(encode_effect(sent)) == sent
