"""Runs that are killed in the middle of a message: it is told or set aside, and holds up no other."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import pytest

from functions.notify.render import Message
from functions.notify.telegram import Telegram
from functions.notify.transports import Answer
from functions.shared.domain.keys import starts_key
from functions.shared.errors import TransientError
from functions.shared.messages.effects import Category, Film
from functions.shared.messages.job_message import JobMessage
from functions.shared.ports import Outgoing
from tests.functions.notify.harness import Harness, notification
from tests.support.telegram import faults
from tests.support.telegram.server import TelegramServer


class KilledError(BaseException):
    """The program ends here, and nothing of it runs any more."""


class Deadly:
    """A transport in which sending what is of these kinds ends the program: before it is sent, or after."""

    def __init__(self, telegram: Telegram, *kinds: str, after: bool = False) -> None:
        self._telegram = telegram
        self._kinds = kinds
        self._after = after
        self.tried: list[str] = []

    def send_text(self, message: Message) -> Answer:
        with self._call("text"):
            return self._telegram.send_text(message)

    def send_photo(self, message: Message, photo: bytes) -> Answer:
        with self._call("photo"):
            return self._telegram.send_photo(message, photo)

    def send_film(self, message: Message, film: Film, content: BinaryIO, thumbnail: bytes | None) -> Answer:
        with self._call("film"):
            return self._telegram.send_film(message, film, content, thumbnail)

    def edit(self, message: Message, shown: JobMessage, photo: bytes | None) -> Answer:
        with self._call("edit"):
            return self._telegram.edit(message, shown, photo)

    def make_topic(self, name: str) -> Answer:
        with self._call("topic"):
            return self._telegram.make_topic(name)

    @contextmanager
    def _call(self, kind: str) -> Iterator[None]:
        self.tried.append(kind)
        if kind in self._kinds and not self._after:
            raise KilledError
        yield
        if kind in self._kinds:
            raise KilledError


def deadly(harness: Harness, *kinds: str, after: bool = False) -> Deadly:
    telegram = harness.telegram
    transport = Deadly(Telegram(telegram.token, harness.chat_id, api_url=telegram.url), *kinds, after=after)
    harness.restart(transport)
    return transport


def runs(harness: Harness, most: int = 20) -> int:
    """As the service of the machine does it: a program that was killed is started again; how many were."""
    for killed in range(most):
        harness.queue.recover()
        harness.restart()
        try:
            while harness.turn():
                pass
        except KilledError:
            continue
        return killed
    raise AssertionError(f"{most} runs ended in it")


def test_a_picture_that_ends_every_run_is_left_out_after_three(
    harness: Harness, telegram: TelegramServer
) -> None:
    transport = deadly(harness, "photo")
    harness.put(notification(Category.PAUSED, 1, frame=harness.frame()), notification(Category.RESUMED, 2))
    assert runs(harness) == 3
    assert transport.tried == ["photo", "photo", "photo", "text", "text"]
    assert [text.splitlines()[0] for text in telegram.texts] == [
        "⏸️ A1M-1: print paused",
        "▶️ A1M-1: print resumed",
    ]
    assert harness.queue.count() == 0


def test_a_film_that_ends_every_run_is_told_by_text_after_three(
    harness: Harness, telegram: TelegramServer
) -> None:
    transport = deadly(harness, "film")
    harness.put(notification(Category.FILM, film=harness.film()))
    assert runs(harness) == 3
    assert transport.tried == ["film", "film", "film", "text"]
    (text,) = telegram.texts
    assert "Sending the film broke off again and again" in text
    assert "timelapse_20251124T160000.mp4" in text


def test_a_message_that_ends_every_run_is_set_aside_after_five_and_the_next_one_is_told(
    harness: Harness, telegram: TelegramServer
) -> None:
    harness.put(notification(Category.PAUSED, 1, job_name="deadly"))
    transport = deadly(harness, "text")
    assert runs(harness) == 5
    assert transport.tried == ["text"] * 5
    (letter,) = harness.queue.dead_letters()
    assert letter.reason == "5 runs broke off (out of time or memory) while it was sent"
    harness.put(notification(Category.RESUMED, 2))
    harness.restart(Telegram(telegram.token, harness.chat_id, api_url=telegram.url))
    harness.turn()
    assert [text.splitlines()[0] for text in telegram.texts] == ["▶️ A1M-1: print resumed"]


def test_where_writes_are_spared_the_first_run_that_ends_is_not_known_of(
    harness: Harness, telegram: TelegramServer
) -> None:
    harness.spares_writes = True
    transport = deadly(harness, "photo")
    harness.put(notification(Category.PAUSED, frame=harness.frame()))
    assert runs(harness) == 4
    assert transport.tried == ["photo"] * 4 + ["text"]
    transport = deadly(harness, "text")
    harness.put(notification(Category.RESUMED, 2))
    assert runs(harness) == 6
    assert len(telegram.messages) == len(harness.queue.dead_letters()) == 1


def test_what_is_put_back_from_the_dead_letters_is_tried_anew(
    harness: Harness, telegram: TelegramServer
) -> None:
    deadly(harness, "text")
    harness.put(notification(Category.PAUSED))
    runs(harness)
    (letter,) = harness.queue.dead_letters()
    assert not harness.queue.send([Outgoing(letter.body, letter.group, "put-back")])
    harness.restart(Telegram(telegram.token, harness.chat_id, api_url=telegram.url))
    harness.turn()
    assert len(telegram.messages) == 1


def test_a_run_that_is_killed_between_call_and_mark_repeats_that_message_and_no_other(
    harness: Harness, telegram: TelegramServer, caplog: pytest.LogCaptureFixture
) -> None:
    deadly(harness, "text", after=True)
    harness.put(notification(Category.STARTED, 1))
    with pytest.raises(KilledError):
        harness.turn()
    harness.restart(Telegram(telegram.token, harness.chat_id, api_url=telegram.url))
    harness.queue.recover()
    with caplog.at_level("WARNING", "functions.notify"):
        harness.turn()
    assert "a run broke off with c0-1/started, perhaps after it was sent: start 2" in caplog.messages
    assert len(telegram.messages) == 2
    harness.put(notification(Category.PAUSED, 2))
    harness.turn()
    assert len(telegram.messages) == 3


@pytest.mark.parametrize(
    "fault", [faults.SERVER_ERROR, faults.too_many_requests(1), faults.answers(403, "Forbidden: kicked")]
)
def test_a_run_that_comes_to_its_end_is_no_start_that_counts(
    harness: Harness, telegram: TelegramServer, fault: faults.Fault
) -> None:
    telegram.script(*[fault] * 8)
    harness.put(notification(Category.STARTED))
    harness.run(1000, step=5)
    assert [text.splitlines()[0] for text in telegram.texts] == ["▶️ A1M-1: print started"]
    assert harness.queue.dead_letters() == []


def test_a_store_that_is_away_is_no_start_that_counts(
    harness: Harness, telegram: TelegramServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(key: str) -> None:
        raise TransientError("the store is away")

    harness.put(notification(Category.FILM, film=harness.film()))
    with monkeypatch.context() as patch:
        patch.setattr(harness.frames, "open", away)
        for _ in range(8):
            harness.clock.pass_time(3600)
            assert harness.turn() == 1
    stored = harness.records.get(starts_key("c0-1/film"))
    assert stored is not None
    assert stored.value == {"starts": 0}
    harness.clock.pass_time(3600)
    harness.turn()
    assert telegram.messages[0].video_size == 300_000
