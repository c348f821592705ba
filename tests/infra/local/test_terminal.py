"""Without a token the messages are shown in the terminal as a person would read them."""

import io
import threading
from io import BytesIO

from functions.notify.render import Message, RenderContext, render
from functions.shared.messages.effects import Category, Film
from infra.local.terminal import Terminal
from tests.functions.notify.harness import BERLIN, NOW, notification
from tests.support.clock import HandClock


def test_a_message_is_shown_in_a_box_with_its_time() -> None:
    stream = io.StringIO()
    given = notification(Category.FINISHED, duration_seconds=5400)
    answer = Terminal(stream, HandClock(NOW), BERLIN).send_photo(
        render(given, RenderContext(NOW, 0, BERLIN)), b"x" * 84_000
    )
    assert answer.is_sent
    top, *rows, bottom = stream.getvalue().splitlines()
    assert top.startswith("╭─ 17:00:00 CET ──")
    assert rows == [
        "│ ✅ A1M-1: print finished",
        "│ benchy.gcode.3mf",
        "│ took 1 h 30 min",
        "│ 📷 picture, 84 kB",
    ]
    assert bottom.startswith("╰──")
    assert len(top) == len(bottom)


def test_names_stand_there_as_they_are() -> None:
    stream = io.StringIO()
    given = notification(Category.FINISHED, printer_id="@p evil.com", job_name="/start v1.beta")
    Terminal(stream, HandClock(NOW), BERLIN).send_text(render(given, RenderContext(NOW, 0, BERLIN)))
    assert stream.getvalue().splitlines()[1:3] == ["│ ✅ @p evil.com: print finished", "│ /start v1.beta"]


def test_a_film_says_where_it_lies() -> None:
    stream = io.StringIO()
    film = Film("images/A1M-1/x/timelapse_1.mp4", 6_100_000, 45, 1280, 720, 1350)
    Terminal(stream, HandClock(NOW), BERLIN).send_film(Message(None, "a film"), film, BytesIO(), None)
    assert "│ 🎞 45 s, 6.1 MB: images/A1M-1/x/timelapse_1.mp4" in stream.getvalue()


def test_a_terminal_without_emoji_or_a_closed_one_stops_nothing() -> None:
    narrow = io.TextIOWrapper(BytesIO(), encoding="ascii")
    assert Terminal(narrow, HandClock(NOW), BERLIN).send_text(Message(None, "✅ done")).is_sent
    narrow.close()
    assert Terminal(narrow, HandClock(NOW), BERLIN).send_text(Message(None, "✅ done")).is_sent


def test_boxes_of_many_threads_do_not_mix() -> None:
    stream = io.StringIO()
    terminal = Terminal(stream, HandClock(NOW), BERLIN)
    threads = [
        threading.Thread(target=lambda: [terminal.send_text(Message(None, "a\nb\nc")) for _ in range(50)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = stream.getvalue().splitlines()
    boxes = [lines[index : index + 5] for index in range(0, len(lines), 5)]
    assert len(boxes) == 200
    assert all(box == boxes[0] for box in boxes)
