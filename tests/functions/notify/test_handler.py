"""Notifications from SQS through notify's Lambda handler to a strict Bot API server."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from functions.notify.handler import MESSAGE_SECONDS, TIMES, handle
from functions.shared.aws.lambda_consumer import hold_seconds
from functions.shared.consumer import TIME_RESERVE_SECONDS
from functions.shared.domain.keys import done_key, film_key, frame_key, job_prefix, printer_key
from functions.shared.effect_sender import EffectSender
from functions.shared.messages.effects import Category, Film, JobSnapshot, Notification, outgoing
from functions.shared.messages.printer_record import PrinterRecord, record_to_json
from functions.shared.messages.report import FrameReference
from functions.shared.messages.supersession import Asked, numbered
from functions.shared.starts import Starts
from tests.functions.notify.harness import JOB, PRINTER, film_bytes, film_order, jpeg, saying
from tests.support.lambda_runtime.container import LambdaRuntime
from tests.support.lambda_runtime.event_source import Context
from tests.support.lambda_runtime.stack import (
    BOT_TOKEN_NAME,
    LambdaStack,
    forget_containers,
    log_lines,
    metrics,
)
from tests.support.telegram.calls import CallError
from tests.support.telegram.chats import ChatProfile
from tests.support.telegram.faults import HANG_UP, LOSE_ANSWER, STALL, answers, too_many_requests
from tests.support.telegram.server import CHAT_ID, GROUP_ID, TelegramServer

pytest_plugins = ("tests.support.lambda_runtime.fixtures",)

VARIABLE = "TELEGRAM_BOT_TOKEN_PARAMETER"
NEW_TOKEN = "987654321:AANewTokenOfTheSameBot_9876543210_abc"


@pytest.fixture
def telegram(stack: LambdaStack) -> Iterator[TelegramServer]:
    with TelegramServer() as server:
        stack.set(TELEGRAM_API_URL=server.url, TELEGRAM_CHAT_ID=server.chat_id)
        stack.set_secret(VARIABLE, BOT_TOKEN_NAME, server.token)
        yield server


def put(stack: LambdaStack, *categories: Category, chat: str = "4242", **said: Any) -> list[Notification]:
    """Notifications of the usual printer, observed now."""
    made = [
        Notification(f"c0-{place}/{each.value}", each, PRINTER, stack.now(), job=JobSnapshot(JOB))
        for place, each in enumerate(categories)
    ]
    made = [saying(each, **said) for each in made]
    stack.send("NOTIFICATIONS", *(outgoing(each, chat) for each in made))
    return made


def turn(stack: LambdaStack) -> int:
    return stack.turn("NOTIFICATIONS", handle, batch=1)


def run(stack: LambdaStack, seconds: float, step: float) -> None:
    """Let so many seconds pass, and handle what is visible after each step."""
    end = stack.now() + seconds
    while stack.now() < end:
        while turn(stack):
            pass
        stack.pass_time(step)


def headlines(telegram: TelegramServer) -> list[str]:
    return [text.splitlines()[0] for text in telegram.texts]


def test_a_notification_is_sent_once_and_marked(
    stack: LambdaStack, telegram: TelegramServer, capsys: pytest.CaptureFixture[str]
) -> None:
    (sent,) = put(stack, Category.STARTED)
    assert turn(stack) == 1
    assert headlines(telegram) == [f"▶️ {PRINTER}: print started"]
    assert stack.records.get(done_key(sent.id)) is not None
    stack.pass_time(2000)
    assert turn(stack) == 0
    output = capsys.readouterr().out
    assert metrics(output)["MessagesSent"] == 1
    assert 0 <= metrics(output)["MessageDelay"] < 60
    (line,) = [line for line in log_lines(output) if "sent as message" in line["message"]]
    assert (line["printer_id"], line["message_id"]) == (PRINTER, sent.id)


def test_a_photo_comes_from_the_bucket(stack: LambdaStack, telegram: TelegramServer) -> None:
    now = stack.now()
    key = frame_key(job_prefix(PRINTER, JOB), now, 1)
    stack.put_frame(key, jpeg())
    put(stack, Category.PAUSED, frame=FrameReference(key, now, 1000))
    turn(stack)
    assert telegram.messages[0].photo == jpeg()


def test_a_film_is_sent_and_one_that_is_too_large_is_ordered_smaller(
    stack: LambdaStack, telegram: TelegramServer
) -> None:
    key = film_key(job_prefix(PRINTER, JOB), 1.0)
    stack.put_frame(key, film_bytes(300_000))
    film = Film(key, 300_000, 45.0, 1280, 720, 1350)
    put(stack, Category.FILM, film=film, remake=film_order(), chat="4242/films")
    turn(stack)
    assert telegram.messages[0].video_size == 300_000
    telegram.script(answers(413, "Request Entity Too Large"))
    put(stack, Category.FILM, film=film, remake=film_order(), id="c0-9/film", chat="4242/films")
    turn(stack)
    assert [order["max_bytes"] for order in stack.bodies("TIMELAPSES")] == [150_000]


def test_retry_after_becomes_the_message_s_visibility_and_nothing_sleeps(
    stack: LambdaStack, telegram: TelegramServer
) -> None:
    telegram.script(too_many_requests(37))
    put(stack, Category.STARTED, Category.PAUSED)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "sleep", lambda seconds: pytest.fail(f"slept for {seconds} s"))
        turn(stack)
    for _ in range(3):
        stack.pass_time(11)
        assert turn(stack) == 0, "neither it nor what is behind it in the chat comes before"
    stack.pass_time(6)
    assert turn(stack) == 1
    assert turn(stack) == 1
    assert headlines(telegram) == [f"▶️ {PRINTER}: print started", f"⏸️ {PRINTER}: print paused"]


def test_a_group_is_paced_by_visibility(stack: LambdaStack, telegram: TelegramServer) -> None:
    stack.set(TELEGRAM_CHAT_ID=str(GROUP_ID), TELEGRAM_MESSAGES_PER_MINUTE="2")
    put(stack, Category.STARTED, Category.PAUSED, Category.RESUMED, chat=str(GROUP_ID))
    run(stack, seconds=10, step=2)
    assert len(telegram.messages) == 2
    run(stack, seconds=70, step=5)
    assert len(telegram.messages) == 3


def test_after_a_day_without_telegram_everything_comes_once_and_in_order(
    stack: LambdaStack, telegram: TelegramServer
) -> None:
    telegram.down()
    put(stack, Category.STARTED, Category.PROGRESS, Category.PAUSED, Category.RESUMED, Category.FINISHED)
    run(stack, seconds=86_400, step=900)
    telegram.up()
    run(stack, seconds=3600, step=450)
    assert [line.split(": ")[1] for line in headlines(telegram)] == [
        "print started",
        "print paused",
        "print resumed",
        "print finished",
    ]
    assert "delayed" in telegram.texts[0]
    assert stack.dead("NOTIFICATIONS") == []


def test_what_telegram_refuses_for_good_is_dead_lettered_and_holds_up_nothing(
    stack: LambdaStack, telegram: TelegramServer, capsys: pytest.CaptureFixture[str]
) -> None:
    telegram.script(*[answers(400, "Bad Request: message is too long")] * 2)
    put(stack, Category.STARTED, Category.PAUSED)
    turn(stack)
    turn(stack)
    assert headlines(telegram) == [f"⏸️ {PRINTER}: print paused"]
    ((_, reason),) = stack.dead("NOTIFICATIONS")
    assert "message is too long" in reason
    assert metrics(capsys.readouterr().out)["SetAside"] == 1


def ask(stack: LambdaStack, *notifications: Notification) -> None:
    """As tracker and timelapse do it: in the line of the printer."""
    sender = EffectSender("4242", stack.queue("NOTIFICATIONS"))
    for each in notifications:
        sender.send(each)


@pytest.mark.parametrize("refusal", ["blocked", "not found", "no rights", "hour of 400"])
def test_what_the_chat_refuses_waits_and_comes_in_the_order_of_each_printer(
    stack: LambdaStack, telegram: TelegramServer, refusal: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if refusal == "blocked":
        telegram.blocked.add(CHAT_ID)
    elif refusal == "not found":
        del telegram.chats[CHAT_ID]
    elif refusal == "no rights":
        telegram.profiles[CHAT_ID] = ChatProfile(permissions={"can_send_messages": False})
    else:
        telegram.refuses_all = CallError(400, "Bad Request")
    made = [
        Notification(f"{printer}-{number}", category, printer, stack.now(), job=JobSnapshot(f"job {number}"))
        for number, category in enumerate((Category.STARTED, Category.PAUSED, Category.FINISHED))
        for printer in "AB"
    ]
    ask(stack, *made)
    run(stack, seconds=1800, step=30)
    assert (telegram.messages, stack.dead("NOTIFICATIONS")) == ([], [])
    limit = 30 * 4 * 2 if refusal == "hour of 400" else 40
    assert 20 <= telegram.calls <= limit
    assert capsys.readouterr().out.count('"level":"ERROR"') == 1
    telegram.blocked.clear()
    telegram.profiles.clear()
    telegram.chats[CHAT_ID], telegram.refuses_all = None, None
    run(stack, seconds=130, step=10)
    assert sorted(headlines(telegram)) == sorted(
        f"{icon} {printer}: print {what}"
        for icon, what in (("▶️", "started"), ("⏸️", "paused"), ("✅", "finished"))
        for printer in "AB"
    )
    for printer in "AB":
        jobs = [text.splitlines()[1] for text in telegram.texts if f" {printer}: " in text]
        assert jobs == ["job 0", "job 1", "job 2"]


def test_a_film_comes_behind_the_message_of_its_end_and_in_a_line_of_its_own(
    stack: LambdaStack, telegram: TelegramServer
) -> None:
    key = film_key(job_prefix(PRINTER, JOB), 1.0)
    stack.put_frame(key, film_bytes(300_000))
    end = Notification("c0-1/finished", Category.FINISHED, PRINTER, stack.now(), job=JobSnapshot(JOB))
    film = replace(
        end, id="c0-1/film", category=Category.FILM, film=Film(key, 300_000, 45.0, 1280, 720, 1350)
    )
    telegram.down()
    ask(stack, end, film)
    run(stack, seconds=60, step=5)
    telegram.up()
    telegram.script(too_many_requests(30), method="sendMessage")
    telegram.script(HANG_UP, HANG_UP, method="sendVideo")
    run(stack, seconds=150, step=5)
    assert [posted.method for posted in telegram.messages][:1] == ["sendMessage"]
    ask(stack, replace(end, id="c0-2/started", category=Category.STARTED))
    run(stack, seconds=30, step=1)
    assert [posted.method for posted in telegram.messages].count("sendVideo") == 1
    assert len(telegram.messages) == 3


def test_what_waited_for_almost_the_queue_s_life_is_set_aside(
    stack: LambdaStack, telegram: TelegramServer
) -> None:
    stack.sqs.set_queue_attributes(
        QueueUrl=stack.urls["NOTIFICATIONS"], Attributes={"MessageRetentionPeriod": "1209600"}
    )
    telegram.blocked.add(CHAT_ID)
    put(stack, Category.FAILED)
    turn(stack)
    stack.pass_time(13.6 * 86_400)
    turn(stack)
    ((_, reason),) = stack.dead("NOTIFICATIONS")
    assert "13 d" in reason


def test_messages_of_a_flood_that_are_left_out_are_counted(
    stack: LambdaStack, telegram: TelegramServer, capsys: pytest.CaptureFixture[str]
) -> None:
    asked, made = Asked(), []
    for number in range(30):
        state = Notification(f"s-{number}", Category.STATE_CHANGED, PRINTER, stack.now(), late_by=600.0)
        asked, numbered_one = numbered(asked, state)
        made.append(numbered_one)
    record = PrinterRecord(PRINTER, asked=asked)
    stack.records.put(printer_key(PRINTER), record_to_json(record), 0)
    ask(stack, *made)
    while turn(stack):
        pass
    (text,) = telegram.texts
    assert "29 older messages of this printer were left out." in text
    assert capsys.readouterr().out.count('"LeftOut":[1.0]') == 29


def test_an_unreadable_notification_is_dead_lettered(stack: LambdaStack, telegram: TelegramServer) -> None:
    good = outgoing(Notification("c0-1/started", Category.STARTED, PRINTER, stack.now()), "4242")
    stack.send("NOTIFICATIONS", replace(good, body="{", deduplication_id="a" * 64), good)
    turn(stack)
    turn(stack)
    assert headlines(telegram) == [f"▶️ {PRINTER}: print started"]
    assert stack.dead("NOTIFICATIONS")[0][0] == "{"


def test_killed_after_the_mark_and_before_lambda_heard_of_it_nothing_is_sent_twice(
    stack: LambdaStack, telegram: TelegramServer
) -> None:
    put(stack, Category.STARTED)
    handle(stack.take("NOTIFICATIONS", 1), Context())  # and Lambda never deletes it
    stack.pass_time(200)
    assert turn(stack) == 1
    assert len(telegram.messages) == 1


def test_killed_between_the_call_and_the_mark_the_message_may_repeat_and_is_not_lost(
    stack: LambdaStack, telegram: TelegramServer
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object) -> bool:
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(stack.records), "put_if_absent", killed)
        put(stack, Category.STARTED, Category.PAUSED)
        with pytest.raises(Killed):
            turn(stack)
    stack.pass_time(200)
    run(stack, seconds=10, step=2)
    assert [line.split(": ")[1] for line in headlines(telegram)] == [
        "print started",
        "print started",
        "print paused",
    ]


def test_an_answer_that_is_lost_and_a_call_that_is_cut_off_are_tried_again(
    stack: LambdaStack, telegram: TelegramServer
) -> None:
    telegram.script(HANG_UP)
    put(stack, Category.STARTED)
    run(stack, seconds=10, step=1)
    assert len(telegram.messages) == 1
    telegram.script(LOSE_ANSWER)
    put(stack, Category.PAUSED, id="c0-7/paused")
    run(stack, seconds=10, step=1)
    assert len(telegram.messages) == 3, "Telegram has no idempotency key"


def test_the_token_is_read_once_and_again_when_it_is_refused(
    stack: LambdaStack, telegram: TelegramServer
) -> None:
    put(stack, Category.STARTED, Category.PAUSED, Category.RESUMED)
    turn(stack)
    stack.ssm.delete_parameter(Name=BOT_TOKEN_NAME)
    turn(stack)
    assert len(telegram.messages) == 2, "from the container's memory"
    telegram.token = NEW_TOKEN
    stack.set_secret(VARIABLE, BOT_TOKEN_NAME, NEW_TOKEN)
    turn(stack)
    assert len(telegram.messages) == 3


def test_a_token_that_is_wrong_is_said_and_tried_every_quarter_of_an_hour(
    stack: LambdaStack, telegram: TelegramServer, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.set_secret(VARIABLE, BOT_TOKEN_NAME, NEW_TOKEN)
    put(stack, Category.STARTED)
    run(stack, seconds=3000, step=100)
    assert telegram.calls == 4
    output = capsys.readouterr().out
    assert output.count("Telegram refuses the bot's token") == 1
    assert NEW_TOKEN not in output
    stack.set_secret(VARIABLE, BOT_TOKEN_NAME, telegram.token)
    run(stack, seconds=1000, step=450)
    assert len(telegram.messages) == 1


@pytest.mark.parametrize("value", [None, "no token at all"])
def test_a_parameter_that_is_missing_or_junk_is_named_and_the_message_waits(
    stack: LambdaStack, telegram: TelegramServer, capsys: pytest.CaptureFixture[str], value: str | None
) -> None:
    if value is None:
        stack.ssm.delete_parameter(Name=BOT_TOKEN_NAME)
    else:
        stack.set_secret(VARIABLE, BOT_TOKEN_NAME, value)
    put(stack, Category.STARTED)
    turn(stack)
    output = capsys.readouterr().out
    assert f"the parameter '{BOT_TOKEN_NAME}'" in output
    assert "no token at all" not in output
    stack.set_secret(VARIABLE, BOT_TOKEN_NAME, telegram.token)
    forget_containers()
    run(stack, seconds=1000, step=450)
    assert len(telegram.messages) == 1


def test_without_a_parameter_messages_are_shown_in_the_log(
    stack: LambdaStack, capsys: pytest.CaptureFixture[str]
) -> None:
    put(stack, Category.STARTED, Category.PAUSED, chat="log")
    turn(stack)
    turn(stack)
    lines = [line["message"] for line in log_lines(capsys.readouterr().out)]
    assert len([line for line in lines if "names no parameter" in line]) == 1
    assert len([line for line in lines if line.startswith("message: ") and PRINTER in line]) == 2


def test_no_log_line_holds_a_secret_or_a_photo(
    stack: LambdaStack, telegram: TelegramServer, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.set(LOG_LEVEL="DEBUG")
    telegram.script(answers(500, "oops"), answers(400, "Bad Request: no"), too_many_requests(1), HANG_UP)
    now = stack.now()
    key = frame_key(job_prefix(PRINTER, JOB), now, 1)
    stack.put_frame(key, jpeg())
    put(stack, Category.PAUSED, Category.RESUMED, frame=FrameReference(key, now, 1000))
    run(stack, seconds=30, step=2)
    output = capsys.readouterr()
    text = output.out + output.err
    assert "Telegram is not reached" in text
    assert telegram.token not in text
    assert telegram.token.split(":")[1] not in text
    assert max(len(line) for line in text.splitlines()) < 3000


def test_a_run_that_is_killed_holds_up_its_printer_for_a_minute_and_its_message_arrives(
    stack: LambdaStack, telegram: TelegramServer
) -> None:
    """In a process of its own, while Telegram has the call: as Lambda ends what is out of time or memory."""
    now = stack.now()
    key = frame_key(job_prefix(PRINTER, JOB), now, 1)
    stack.put_frame(key, jpeg())
    (paused, _) = put(stack, Category.PAUSED, Category.RESUMED, frame=FrameReference(key, now, 1000))
    for _ in range(3):  # runs that were killed before
        Starts(stack.records, stack.now).begin(paused.id)
    telegram.script(STALL, method="sendPhoto")
    with LambdaRuntime("functions.notify.handler.handle", dict(os.environ)) as container:
        container.begin(stack.take("NOTIFICATIONS", 1))
        telegram.wait_for_calls(1, method="sendPhoto")
    assert stack.take("NOTIFICATIONS", 1)["Records"] == [], "it may be at work still"
    stack.pass_time(hold_seconds(MESSAGE_SECONDS) + 1)
    with LambdaRuntime("functions.notify.handler.handle", dict(os.environ)) as container:
        for _ in range(2):
            event = stack.take("NOTIFICATIONS", 1)
            stack.settle("NOTIFICATIONS", event, container.invoke(event))
        assert "perhaps after it was sent: start 4" in container.output
    assert [(it.method, it.text.splitlines()[0]) for it in telegram.messages] == [
        ("sendMessage", f"⏸️ {PRINTER}: print paused"),
        ("sendPhoto", f"▶️ {PRINTER}: print resumed"),
    ]
    assert stack.take("NOTIFICATIONS", 1)["Records"] == []


def test_what_another_run_has_by_now_is_not_sent(stack: LambdaStack, telegram: TelegramServer) -> None:
    put(stack, Category.STARTED)
    late = stack.take("NOTIFICATIONS", 1)
    stack.pass_time(1000)
    assert turn(stack) == 1
    answer = handle(late, Context())
    assert len(answer["batchItemFailures"]) == 1
    assert len(telegram.messages) == 1


def test_a_run_has_time_to_say_how_its_calls_went() -> None:
    assert hold_seconds(MESSAGE_SECONDS) <= 66, "what a killed run holds up a printer's alerts for"
    assert TIMES.whole <= MESSAGE_SECONDS
    assert TIMES.film <= 180 - TIME_RESERVE_SECONDS
