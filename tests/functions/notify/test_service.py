"""One notification from its queue to a person: once, in order, with its photo if that can be."""

import io
from pathlib import Path

import pytest

from functions.notify.render import Message
from functions.notify.telegram import Telegram
from functions.notify.transports import Answer
from functions.shared.domain.keys import digest, done_key
from functions.shared.errors import TransientError
from functions.shared.messages.effects import Category, outgoing
from functions.shared.messages.report import FrameReference
from functions.shared.ports import Outgoing, RecordStore
from infra.local.terminal import Terminal
from tests.functions.notify.harness import BERLIN, NOW, PRINTER, Harness, group_harness, jpeg, notification
from tests.support.telegram.faults import answers
from tests.support.telegram.server import TelegramServer


def test_a_notification_arrives_and_leaves_the_queue(harness: Harness, telegram: TelegramServer) -> None:
    harness.put(notification(Category.FINISHED))
    assert harness.turn() == 1
    assert telegram.texts == ["✅ A1M-1: print finished\nbenchy.gcode.3mf"]
    assert harness.queue.count() == 0


def test_messages_arrive_in_the_order_they_were_put(harness: Harness, telegram: TelegramServer) -> None:
    names = [f"part {number}" for number in range(8)]
    harness.put(*(notification(Category.STARTED, number, job_name=name) for number, name in enumerate(names)))
    harness.run(2)
    assert [text.split("\n")[1] for text in telegram.texts] == names


def test_a_photo_goes_along(harness: Harness, telegram: TelegramServer) -> None:
    harness.put(notification(Category.FINISHED, frame=harness.frame(age=45)))
    harness.turn()
    (posted,) = telegram.messages
    assert posted.photo == jpeg()
    assert posted.text.split("\n")[-1] == "picture from 45 s before"


def test_the_same_effect_put_again_later_is_sent_once(harness: Harness, telegram: TelegramServer) -> None:
    for number in range(3):
        effect = notification(Category.FINISHED)
        body = outgoing(effect, harness.chat_id)
        harness.queue.send([Outgoing(body.body, body.group, digest(str(number)))])
        harness.turn()
    assert len(telegram.messages) == 1
    assert harness.queue.count() == 0


def test_a_crash_after_the_done_mark_repeats_nothing(harness: Harness, telegram: TelegramServer) -> None:
    harness.put(notification(Category.FINISHED))
    (delivery,) = harness.queue.receive()
    harness.handle(delivery)
    body = outgoing(notification(Category.FINISHED), harness.chat_id)
    harness.queue.send([Outgoing(body.body, body.group, digest("as if it had not been acknowledged"))])
    harness.restart()
    harness.turn()
    assert len(telegram.messages) == 1


def test_the_done_mark_lasts_thirty_days(harness: Harness) -> None:
    harness.put(notification(Category.FINISHED))
    harness.turn()
    harness.clock.pass_time(30 * 86_400 - 10)
    assert harness.records.get(done_key("c0-1/finished")) is not None
    harness.clock.pass_time(20)
    assert harness.records.get(done_key("c0-1/finished")) is None


class Killed(BaseException):
    """The process is gone at this point."""


class Dying(Telegram):
    """Dies right after the outside call, before anything of it is written down."""

    def send_text(self, message: Message) -> Answer:
        super().send_text(message)
        raise Killed


def test_a_kill_between_the_call_and_the_mark_repeats_that_message_and_loses_none(
    harness: Harness, telegram: TelegramServer
) -> None:
    harness.put(notification(Category.STARTED, 1), notification(Category.FINISHED, 2))
    harness.restart(Dying(telegram.token, harness.chat_id, api_url=telegram.url))
    with pytest.raises(Killed):
        harness.turn()
    harness.clock.pass_time(601)
    harness.restart(Telegram(telegram.token, harness.chat_id, api_url=telegram.url))
    harness.run(2)
    assert [text.split("\n")[0] for text in telegram.texts] == [
        "▶️ A1M-1: print started",
        "▶️ A1M-1: print started",
        "✅ A1M-1: print finished",
    ]


def test_what_the_terminal_shows_has_no_line_of_the_log_beside_it(
    harness: Harness, telegram: TelegramServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    shown = io.StringIO()
    harness.restart(Terminal(shown, harness.clock, BERLIN))
    harness.put(notification(Category.STARTED), notification(Category.FINISHED, 2))
    harness.run(1)
    assert shown.getvalue().count("╭─") == 2
    assert caplog.messages == []
    harness.restart(Telegram(telegram.token, harness.chat_id, api_url=telegram.url))
    harness.put(notification(Category.PAUSED, 3))
    harness.run(1)
    assert [line for line in caplog.messages if "sent as message" in line]


def test_a_body_that_is_no_notification_is_dead_lettered_and_holds_nothing_up(
    harness: Harness, telegram: TelegramServer, caplog: pytest.LogCaptureFixture
) -> None:
    group = digest("group", harness.chat_id)
    for number, body in enumerate(("not JSON", "{}", '{"id":"x","category":"joke"}')):
        harness.queue.send([Outgoing(body, group, digest(str(number)))])
    harness.put(notification(Category.FINISHED))
    harness.run(1)
    assert len(telegram.messages) == 1
    assert len(harness.queue.dead_letters()) == 3
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 3


@pytest.mark.parametrize("category", [Category.PROGRESS, Category.PHOTO])
@pytest.mark.parametrize(("late_by", "waited", "is_sent"), [(60, 59, True), (60, 61, False), (121, 0, False)])
def test_outdated_progress_and_photos_are_dropped(
    harness: Harness,
    telegram: TelegramServer,
    category: Category,
    late_by: float,
    waited: float,
    is_sent: bool,
) -> None:
    harness.put(notification(category, late_by=late_by))
    harness.clock.pass_time(waited)
    harness.turn()
    assert (len(telegram.messages), harness.queue.count()) == (int(is_sent), 0)


def test_everything_else_is_sent_however_late_and_says_so(harness: Harness, telegram: TelegramServer) -> None:
    # A digest tells of what was held, and nothing was.
    dropped = (Category.PROGRESS, Category.PHOTO, Category.DIGEST)
    others = [category for category in Category if category not in dropped]
    harness.put(*(notification(each, number, late_by=60) for number, each in enumerate(others[:10])))
    harness.put(*(notification(each, number + 10, late_by=60) for number, each in enumerate(others[10:20])))
    harness.put(*(notification(each, number + 20, late_by=60) for number, each in enumerate(others[20:])))
    harness.clock.pass_time(360)
    harness.run(1)
    assert len(telegram.messages) == len(others)
    assert {text.split("\n")[-1] for text in telegram.texts} == {"delayed 7 min"}


def test_lateness_is_never_negative_when_a_clock_jumps(harness: Harness, telegram: TelegramServer) -> None:
    harness.put(notification(Category.PROGRESS, late_by=-500, percent=5, remaining_minutes=60))
    harness.clock.jump(-3600)
    harness.turn()
    assert telegram.texts[0].endswith("1 h left · ready ~17:00 CET")


@pytest.mark.parametrize(
    ("name", "log"),
    [
        ("missing", "cannot be read"),
        ("too old", "125 s old"),
        ("of another printer", "refused"),
        ("outside", "refused"),
        ("no JPEG", "does not begin like a JPEG"),
        ("refused by Telegram", "PHOTO_INVALID_DIMENSIONS"),
    ],
)
def test_a_photo_that_cannot_go_along_holds_up_no_text(
    harness: Harness, telegram: TelegramServer, name: str, log: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    frames = {
        "missing": lambda: FrameReference(f"images/{PRINTER}/x/20251124T160000_000001_x.jpg", NOW, 5),
        "too old": lambda: harness.frame(age=125),
        "of another printer": lambda: harness.frame(printer="other"),
        "outside": lambda: FrameReference(f"images/{PRINTER}/../../etc/passwd", NOW, 5),
        "no JPEG": lambda: harness.frame(data=b"GIF89a, all of it"),
        "refused by Telegram": lambda: harness.frame(data=jpeg(4000, 100)),
    }
    harness.put(notification(Category.FINISHED, frame=frames[name]()))
    harness.turn()
    assert [(posted.method, posted.photo) for posted in telegram.messages] == [("sendMessage", None)]
    assert any(log in record.getMessage() for record in caplog.records), caplog.text


class Unmarked(Telegram):
    """Sends markup that Telegram cannot read, as a future change might by mistake."""

    def send_text(self, message: Message) -> Answer:
        return super().send_text(_spoiled(message))

    def send_photo(self, message: Message, photo: bytes) -> Answer:
        return super().send_photo(_spoiled(message), photo)


def _spoiled(message: Message) -> Message:
    return message if message.html is None else Message(f"<font>{message.html}</font>", message.plain)


@pytest.mark.parametrize("has_photo", [False, True])
def test_markup_that_cannot_be_read_is_sent_again_as_plain_text(
    harness: Harness, telegram: TelegramServer, has_photo: bool
) -> None:
    harness.restart(Unmarked(telegram.token, harness.chat_id, api_url=telegram.url))
    frame = harness.frame() if has_photo else None
    harness.put(notification(Category.FINISHED, frame=frame, job_name="<b>&"))
    harness.turn()
    (posted,) = telegram.messages
    assert posted.text == "✅ A1M-1: print finished\n<b>&"
    assert (posted.parse_mode, posted.photo is not None) == (None, has_photo)


def test_a_refused_message_is_dead_lettered_with_the_reason_and_the_next_goes_on(
    harness: Harness, telegram: TelegramServer
) -> None:
    too_long = answers(400, "Bad Request: message is too long")
    telegram.script(too_long, too_long)
    harness.put(notification(Category.STARTED, 1))
    harness.turn()
    harness.put(notification(Category.FINISHED, 2))
    harness.run(1)
    assert [text.split("\n")[0] for text in telegram.texts] == ["✅ A1M-1: print finished"]
    assert telegram.calls == 3, "once as it is and once as plain text"
    (dead,) = harness.queue.dead_letters()
    assert "message is too long" in dead.reason


class Failing:
    """A record store whose writes fail."""

    def __init__(self, inner: RecordStore) -> None:
        self._inner = inner
        self.get = inner.get
        self.put = inner.put
        self.list = inner.list

    def put_if_absent(self, key: str, expires_at: float) -> bool:
        raise TransientError("the disk is full")


def test_a_done_mark_that_cannot_be_set_sends_nothing_twice(
    harness: Harness, telegram: TelegramServer
) -> None:
    harness.records = Failing(harness.records)
    harness.restart()
    harness.put(notification(Category.FINISHED))
    harness.run(5)
    assert len(telegram.messages) == 1
    assert harness.queue.count() == 0


def test_a_store_in_trouble_hands_back_and_loses_nothing(
    harness: Harness, telegram: TelegramServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.put(notification(Category.FINISHED))
    get, broken = harness.records.get, [True]

    def flaky(key: str) -> object:
        if broken[0]:
            raise TransientError("locked")
        return get(key)

    monkeypatch.setattr(harness.records, "get", flaky)
    assert harness.turn() == 1
    assert harness.queue.count() == 1
    broken[0] = False
    harness.run(5)
    assert len(telegram.messages) == 1


def test_what_is_remembered_of_a_chat_may_be_junk(tmp_path: Path, telegram: TelegramServer) -> None:
    harness = group_harness(tmp_path, telegram)
    from functions.shared.domain.keys import chat_key

    harness.records.put(chat_key(harness.chat_id), {"window": [1, "x", None], "failures": "many"}, 0)
    harness.put(notification(Category.FINISHED))
    harness.turn()
    assert len(telegram.messages) == 1


def test_a_private_chat_writes_the_done_mark_and_what_was_told_and_nothing_else(harness: Harness) -> None:
    harness.spares_writes = True  # as on a small computer
    harness.restart()
    harness.put(*(notification(Category.STATE_CHANGED, number) for number in range(5)))
    before = harness.database.commits
    harness.run(0)
    assert harness.database.commits - before == 5 * 4  # handed out, marked, kept as told, acknowledged
