"""A night, a message that is edited and topics in the cloud: each call may be another container's."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.liveness.handler import handle as look_after
from functions.notify.handler import handle
from functions.shared.domain.faults import Severity
from functions.shared.domain.keys import printer_chat
from functions.shared.messages.effects import Category, JobSnapshot, Notification, outgoing
from tests.support.lambda_runtime.event_source import Context
from tests.support.lambda_runtime.stack import BOT_TOKEN_NAME, LambdaStack, forget_containers
from tests.support.telegram.chats import ChatProfile
from tests.support.telegram.server import GROUP_ID, TelegramServer

pytest_plugins = ("tests.support.lambda_runtime.fixtures",)


@pytest.fixture
def telegram(stack: LambdaStack) -> Iterator[TelegramServer]:
    with TelegramServer() as server:
        stack.set(TELEGRAM_API_URL=server.url, TELEGRAM_CHAT_ID=str(GROUP_ID))
        stack.set_secret("TELEGRAM_BOT_TOKEN_PARAMETER", BOT_TOKEN_NAME, server.token)
        yield server


def tell(stack: LambdaStack, printer: str, category: Category, number: int, **said: Any) -> None:
    """In a container that was never used before."""
    told = Notification(
        f"c0-{number}/{category.value}", category, printer, stack.now(), job_id=f"{printer}/job",
        job=JobSnapshot("benchy.3mf", percent=number), **said,
    )  # fmt: skip
    stack.send("NOTIFICATIONS", outgoing(told, printer_chat(str(GROUP_ID), printer)))
    forget_containers()
    while stack.turn("NOTIFICATIONS", handle):
        pass


def looked_after(stack: LambdaStack) -> None:
    forget_containers()
    look_after({}, Context())
    while stack.turn("NOTIFICATIONS", handle):
        pass


def hour(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%H:%M}"


def test_a_night_with_three_printers_has_one_digest(stack: LambdaStack, telegram: TelegramServer) -> None:
    stack.set(QUIET_HOURS=f"{hour(stack.now() - 600)}-{hour(stack.now() + 3600)}")
    tell(stack, "A1M-1", Category.PROGRESS, 10)
    tell(stack, "P1S-2", Category.PAUSED, 20, severity=Severity.ATTENTION)
    tell(stack, "X1C-3", Category.FINISHED, 100)
    looked_after(stack)
    assert [(it.text.split("\n")[0], it.is_silent) for it in telegram.messages] == [
        ("⏸️ P1S-2: print paused", False),
        ("✅ X1C-3: print finished", True),
    ]
    stack.pass_time(3700)
    looked_after(stack)
    stack.pass_time(301)
    looked_after(stack)
    (digest,) = telegram.messages[2:]
    assert digest.text.split("\n")[0] == "🌅 Quiet hours are over"
    assert "P1S-2" in digest.text
    assert "X1C-3" in digest.text
    assert digest.text.endswith("Kept back: 1 progress message")


def test_one_message_of_a_job_goes_on_in_every_container_in_its_printers_topic(
    stack: LambdaStack, telegram: TelegramServer
) -> None:
    rights = {"status": "administrator", "can_manage_topics": True}
    telegram.chats[GROUP_ID] = frozenset()
    telegram.profiles[GROUP_ID] = ChatProfile(is_forum=True, member=rights)
    stack.set(PROGRESS_MODE="edit", TELEGRAM_TOPICS="printer", CHAT_ANSWERS="1")
    tell(stack, "A1M-1", Category.PROGRESS, 10)
    stack.pass_time(100)
    tell(stack, "A1M-1", Category.PROGRESS, 20)
    tell(stack, "A1M-1", Category.FINISHED, 100)
    assert [it.text.split("\n")[0] for it in telegram.messages] == ["✅ A1M-1: print finished"] * 2
    assert [it.edits for it in telegram.messages] == [2, 0]
    assert telegram.messages[1].reply_to == 1
    assert {it.thread_id for it in telegram.messages} == set(telegram.forum.names)
    assert [text for row in telegram.messages[1].buttons for text, _ in row] == ["🎬 Film", "📷 Photo"]
