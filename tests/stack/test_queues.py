"""The queues: order, retention, dead letters, encryption at rest and on the way."""

from typing import Any

import pytest

from collector.commands import OTHERS_TURN_SECONDS
from functions.notify.chat_state import LONGEST_BACK_OFF
from functions.notify.handler import GIVES_UP_AFTER_SECONDS
from functions.notify.refusals import LONGEST_WAIT
from functions.shared.messages.edge_command import EXPIRES_AFTER_SECONDS
from tests.stack.cloud_template import Stack, listed, short, statements

FIFO = {"ReportsQueue", "NotificationsQueue"}
STANDARD = {"InspectionsQueue", "TimelapsesQueue"}
DEAD_LETTERS = {
    "ReportsDeadLetters",
    "NotificationsDeadLetters",
    "InspectionsDeadLetters",
    "TimelapsesDeadLetters",
    "LivenessDeadLetters",
}
DAY = 86_400


@pytest.fixture(scope="module")
def stack() -> Stack:
    return Stack()


@pytest.fixture(scope="module")
def queues(stack: Stack) -> dict[str, dict[str, Any]]:
    return stack.of_type("AWS::SQS::Queue")


def test_there_are_these_queues_and_no_other(queues: dict[str, dict[str, Any]]) -> None:
    assert set(queues) == FIFO | STANDARD | DEAD_LETTERS | {"CommandsQueue"}


def test_what_the_chat_asks_for_is_forgotten_in_a_minute_and_left_to_another_in_seconds(
    queues: dict[str, dict[str, Any]],
) -> None:
    commands = queues["CommandsQueue"]
    assert commands["MessageRetentionPeriod"] == EXPIRES_AFTER_SECONDS, "the shortest that SQS has"
    assert commands["VisibilityTimeout"] <= 2 < OTHERS_TURN_SECONDS, (
        "it is not the same one that finds it again"
    )
    assert "RedrivePolicy" not in commands, "nobody wants it later"


def test_every_fifo_queue_takes_thousands_of_messages_a_second(queues: dict[str, dict[str, Any]]) -> None:
    """Source: Amazon SQS Developer Guide, "High throughput for FIFO queues": both are asked for."""
    fifo = {name: queue for name, queue in queues.items() if queue.get("FifoQueue")}
    assert set(fifo) == {*FIFO, "ReportsDeadLetters", "NotificationsDeadLetters"}
    for queue in fifo.values():
        assert queue["FifoThroughputLimit"] == "perMessageGroupId"
        assert queue["DeduplicationScope"] == "messageGroup"


# Its own function sets aside what is refused or has waited too long (decision 0010).
SETS_ASIDE_ITSELF = {"NotificationsQueue"}


@pytest.mark.parametrize("name", sorted((FIFO | STANDARD) - SETS_ASIDE_ITSELF))
def test_what_fails_goes_to_the_dead_letters_of_its_own_kind(
    queues: dict[str, dict[str, Any]], name: str
) -> None:
    target = short(queues[name]["RedrivePolicy"]["deadLetterTargetArn"])
    assert target == name.replace("Queue", "DeadLetters")
    assert queues[name].get("FifoQueue", False) is (name in FIFO)
    assert queues[target].get("FifoQueue", False) is (name in FIFO)


def test_waiting_does_not_use_up_the_tries(queues: dict[str, dict[str, Any]]) -> None:
    counted = (FIFO | STANDARD) - SETS_ASIDE_ITSELF
    tries = {name: queues[name]["RedrivePolicy"]["maxReceiveCount"] for name in counted}
    # Films wait up to half an hour for their frames, by being handed back.
    assert tries["ReportsQueue"] == 1000
    assert tries["TimelapsesQueue"] >= 40
    assert tries["InspectionsQueue"] >= 20  # every 20 s for the 5 minutes a look is worth something


def test_a_chat_that_refuses_everything_costs_no_message_in_the_queue_s_life(
    queues: dict[str, dict[str, Any]],
) -> None:
    queue = queues["NotificationsQueue"]
    assert queue["MessageRetentionPeriod"] / LONGEST_WAIT > 1000, "the most that a queue can count"
    assert "RedrivePolicy" not in queue
    assert queues["NotificationsDeadLetters"]["FifoQueue"] is True
    assert queue["MessageRetentionPeriod"] > GIVES_UP_AFTER_SECONDS + LONGEST_BACK_OFF


def test_messages_and_dead_letters_wait_for_fourteen_days(queues: dict[str, dict[str, Any]]) -> None:
    assert queues["NotificationsQueue"]["MessageRetentionPeriod"] == 14 * DAY
    for name in DEAD_LETTERS:
        assert queues[name]["MessageRetentionPeriod"] == 14 * DAY


@pytest.mark.parametrize("name", sorted(STANDARD))
def test_a_dead_letter_outlives_its_queue(queues: dict[str, dict[str, Any]], name: str) -> None:
    # In a standard queue a message keeps its age when it is set aside.
    assert queues[name]["MessageRetentionPeriod"] <= 4 * DAY


def test_every_queue_is_encrypted(queues: dict[str, dict[str, Any]]) -> None:
    assert all(queue["SqsManagedSseEnabled"] is True for queue in queues.values())


def test_every_queue_refuses_what_is_not_encrypted_on_its_way(
    stack: Stack, queues: dict[str, dict[str, Any]]
) -> None:
    guarded = []
    for policy in stack.of_type("AWS::SQS::QueuePolicy").values():
        guarded += [short(queue) for queue in policy["Queues"]]
        [deny] = [it for it in statements(policy["PolicyDocument"]) if it["Effect"] == "Deny"]
        assert deny["Principal"] == "*"
        assert deny["Action"] == "sqs:*"
        assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert "Sid" in deny
    assert sorted(guarded) == sorted(queues), "each queue has exactly one policy"


def test_only_the_schedule_is_let_in_from_outside(stack: Stack) -> None:
    allowed = [
        (name, it)
        for name, policy in stack.of_type("AWS::SQS::QueuePolicy").items()
        for it in statements(policy["PolicyDocument"])
        if it["Effect"] == "Allow"
    ]
    [(name, statement)] = allowed
    assert name == "LivenessDeadLettersPolicy"
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert listed(statement["Action"]) == ["sqs:SendMessage"]
    assert short(statement["Resource"]) == "LivenessDeadLetters"
    assert short(statement["Condition"]["ArnEquals"]["aws:SourceArn"]) == "LivenessFunctionEveryFiveMinutes"
