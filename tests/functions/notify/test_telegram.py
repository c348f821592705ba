"""The Bot API adapter against a real HTTP server: every way a call can end, and no token anywhere."""

import logging
import traceback
from dataclasses import replace
from io import BytesIO

import pytest

from functions.notify.render import Message
from functions.notify.telegram import Telegram
from functions.notify.transports import Outcome
from functions.shared.messages.effects import Film
from functions.shared.telegram.calls import CallTimes
from tests.functions.notify.harness import TEXT, Counting, film_bytes, jpeg
from tests.support.telegram import faults as faults
from tests.support.telegram.server import CHAT_ID, GROUP_ID, TelegramServer

FILM = Film("images/A1M-1/x/timelapse_1.mp4", 300_000, 45.4, 1280, 720, 1350)


@pytest.fixture
def transport(telegram: TelegramServer) -> Telegram:
    return Telegram(telegram.token, str(CHAT_ID), api_url=telegram.url)


def test_a_text_arrives_as_html_without_link_previews(telegram: TelegramServer, transport: Telegram) -> None:
    answer = transport.send_text(TEXT)
    (posted,) = telegram.messages
    assert (answer.outcome, answer.message_id) == (Outcome.SENT, posted.id)
    assert (posted.text, posted.markup, posted.parse_mode) == ("hello", "<b>hello</b>", "HTML")
    assert posted.parameters["link_preview_options"] == {"is_disabled": True}
    assert not posted.is_silent


def test_plain_text_goes_without_a_parse_mode(telegram: TelegramServer, transport: Telegram) -> None:
    transport.send_text(Message("<broken", "1 < 2 & 3").unformatted())
    assert [(posted.text, posted.parse_mode) for posted in telegram.messages] == [("1 < 2 & 3", None)]


def test_a_photo_arrives_whole_with_its_caption(telegram: TelegramServer, transport: Telegram) -> None:
    photo = jpeg(1280, 720)
    assert transport.send_photo(Message("<i>now</i>", "now", is_silent=True), photo).is_sent
    (posted,) = telegram.messages
    assert (posted.photo, posted.text, posted.is_silent) == (photo, "now", True)


def test_a_film_arrives_with_its_measures(telegram: TelegramServer, transport: Telegram) -> None:
    answer = transport.send_film(TEXT, FILM, BytesIO(film_bytes(300_000)), jpeg(320, 180))
    assert answer.is_sent
    (posted,) = telegram.messages
    expected = {"width": 1280, "height": 720, "duration": 45, "supports_streaming": True}
    assert {name: posted.parameters[name] for name in expected} == expected
    assert (posted.video_size, posted.thumbnail) == (300_000, jpeg(320, 180))


def test_a_film_is_streamed_and_never_read_whole(telegram: TelegramServer, transport: Telegram) -> None:
    content = Counting(film_bytes(20_000_000))
    large = replace(FILM, size=20_000_000)
    assert transport.send_film(TEXT, large, content, None).is_sent
    assert telegram.messages[0].video_size == 20_000_000
    assert content.largest <= 64 * 1024


@pytest.mark.parametrize("kind", ["text", "photo", "film"])
def test_a_topic_is_an_integer(telegram: TelegramServer, kind: str) -> None:
    telegram.chats[GROUP_ID] = frozenset({7})
    transport = Telegram(telegram.token, str(GROUP_ID), 7, telegram.url)
    answer = {
        "text": lambda: transport.send_text(TEXT),
        "photo": lambda: transport.send_photo(TEXT, jpeg()),
        "film": lambda: transport.send_film(TEXT, FILM, BytesIO(film_bytes(300_000)), None),
    }[kind]()
    assert answer.is_sent, telegram.refusals
    assert telegram.messages[0].thread_id == 7


def test_one_connection_serves_many_messages(telegram: TelegramServer, transport: Telegram) -> None:
    for _ in range(5):
        transport.send_text(TEXT)
        transport.send_photo(TEXT, jpeg())
    assert len(telegram.messages) == 10
    assert telegram.connections == 1


@pytest.mark.parametrize(
    "fault",
    [
        faults.SERVER_ERROR,
        faults.BAD_GATEWAY,
        faults.BROKEN_JSON,
        faults.REFUSE_TO_READ,
        faults.HANG_UP,
        faults.LOSE_ANSWER,
    ],
    ids=["500", "502", "broken JSON", "closed unread", "hung up", "answer lost"],
)
@pytest.mark.parametrize("kind", ["text", "photo"])
def test_trouble_on_the_way_is_announced_as_away(
    telegram: TelegramServer, transport: Telegram, fault: faults.Fault, kind: str
) -> None:
    telegram.script(fault)
    answer = transport.send_text(TEXT) if kind == "text" else transport.send_photo(TEXT, jpeg())
    assert answer.outcome is Outcome.UNAVAILABLE
    assert transport.send_text(TEXT).is_sent


def test_no_answer_in_time_is_announced_as_away(telegram: TelegramServer) -> None:
    telegram.script(faults.STALL)
    transport = Telegram(telegram.token, str(CHAT_ID), api_url=telegram.url, times=CallTimes(read=0.2))
    answer = transport.send_text(TEXT)
    assert (answer.outcome, answer.reason) == (Outcome.UNAVAILABLE, "no answer within 0.2 s")


def test_a_closed_port_says_so_and_an_open_one_works_again(
    telegram: TelegramServer, transport: Telegram
) -> None:
    assert transport.send_text(TEXT).is_sent
    telegram.down()
    answer = transport.send_text(TEXT)
    assert (answer.outcome, answer.reason) == (Outcome.UNAVAILABLE, "Connection refused")
    telegram.up()
    assert transport.send_text(TEXT).is_sent


def test_too_many_requests_tells_the_exact_wait(telegram: TelegramServer, transport: Telegram) -> None:
    telegram.script(faults.too_many_requests(37))
    answer = transport.send_text(TEXT)
    assert (answer.outcome, answer.retry_after) == (Outcome.WAIT, 37)


def test_markup_that_cannot_be_read_is_announced_apart(telegram: TelegramServer, transport: Telegram) -> None:
    assert transport.send_text(Message("<blink>x</blink>", "x")).outcome is Outcome.BAD_MARKUP


def test_a_broken_photo_is_refused(telegram: TelegramServer, transport: Telegram) -> None:
    answer = transport.send_photo(TEXT, b"\xff\xd8 no picture \xff\xd9")
    assert answer.outcome is Outcome.REFUSED
    assert "IMAGE_PROCESS_FAILED" in answer.reason


def test_a_film_over_fifty_megabytes_is_too_large(telegram: TelegramServer, transport: Telegram) -> None:
    answer = transport.send_film(TEXT, FILM, BytesIO(film_bytes(300_000)), None)
    assert answer.is_sent
    large = Film("k", 52_500_000, 45, 1280, 720, 1350)
    assert (
        transport.send_film(TEXT, large, BytesIO(film_bytes(large.size)), None).outcome is Outcome.TOO_LARGE
    )


def test_an_unknown_or_blocked_chat_is_refused_with_advice(
    telegram: TelegramServer, transport: Telegram
) -> None:
    answer = Telegram(telegram.token, "-5", api_url=telegram.url).send_text(TEXT)
    assert (answer.outcome, "check TELEGRAM_CHAT_ID" in answer.reason) == (Outcome.SHUT_OUT, True)
    telegram.blocked.add(CHAT_ID)
    answer = transport.send_text(TEXT)
    assert (answer.outcome, "unblock the bot" in answer.reason) == (Outcome.SHUT_OUT, True)


def test_a_wrong_token_is_unauthorized(telegram: TelegramServer) -> None:
    answer = Telegram("123456789:" + "B" * 35, str(CHAT_ID), api_url=telegram.url).send_text(TEXT)
    assert (answer.outcome, "TELEGRAM_BOT_TOKEN" in answer.reason) == (Outcome.UNAUTHORIZED, True)


def test_a_group_that_became_a_supergroup_is_followed(
    telegram: TelegramServer, transport: Telegram, caplog: pytest.LogCaptureFixture
) -> None:
    moved = faults.answers(
        400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=GROUP_ID
    )
    telegram.script(moved)
    assert transport.send_film(TEXT, FILM, BytesIO(film_bytes(300_000)), None).is_sent
    assert transport.send_text(TEXT).is_sent
    assert [posted.chat_id for posted in telegram.messages] == [GROUP_ID, GROUP_ID]
    assert telegram.messages[0].video_size == 300_000
    assert [
        record.getMessage() for record in caplog.records if "TELEGRAM_CHAT_ID" in record.getMessage()
    ] == [f"the chat has a new id, because its group became a supergroup: set TELEGRAM_CHAT_ID={GROUP_ID}"]


def test_a_chat_that_never_stops_moving_is_refused(telegram: TelegramServer, transport: Telegram) -> None:
    telegram.script(
        *(faults.answers(400, "Bad Request: upgraded", migrate_to_chat_id=-number) for number in (1, 2))
    )
    assert transport.send_text(TEXT).outcome is Outcome.SHUT_OUT


def test_the_token_is_in_no_log_reason_or_repr(
    telegram: TelegramServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []
    for url in (
        telegram.url,
        "http://127.0.0.1:1",
        "http://no-such-host.invalid",
        "https://" + telegram.url[7:],
    ):
        transport = Telegram(telegram.token, str(CHAT_ID), api_url=url)
        if url == telegram.url:
            telegram.script(faults.HANG_UP, faults.SERVER_ERROR)
        for _ in range(3):
            try:
                shown.append(repr(transport.send_text(TEXT)))
            except Exception:  # noqa: BLE001  # none is expected; if there is one, its text is looked at
                shown.append(traceback.format_exc())
        shown.append(repr(transport))
    shown += [record.getMessage() for record in caplog.records]
    assert any("sendMessage" in text for text in shown), "the HTTP library's own lines were looked at too"
    assert not [text for text in shown if telegram.token in text or telegram.token.split(":")[1] in text]


def test_an_empty_token_garbles_no_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    Telegram("", str(CHAT_ID), api_url="http://127.0.0.1:1")
    logging.getLogger("urllib3.connectionpool").debug("Starting new connection")
    assert caplog.messages == ["Starting new connection"]
