"""How the deliveries of one event are worked off, whatever a service does with them."""

import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from functions.shared.aws.bootstrap import AwsBackends, QueueName, Secret, make_runtime
from functions.shared.aws.lambda_consumer import DEFECT_TRIES, LambdaConsumer
from functions.shared.dispatch import DeadLetter, Done, Received, Retry, Settlement
from functions.shared.domain.keys import digest
from functions.shared.errors import ConfigurationError, ContractError, TransientError
from functions.shared.ports import Outgoing
from tests.support.lambda_runtime.event_source import Context
from tests.support.lambda_runtime.stack import LambdaStack, log_lines, metrics

pytest_plugins = ("tests.support.lambda_runtime.fixtures",)


@dataclass(frozen=True)
class Letter:
    """Of the printer that its first character names."""

    id: str

    @property
    def printer_id(self) -> str:
        return self.id[0]


Work = Callable[[Received[Letter]], Settlement]


class Working:
    """A service that does what it is told to. What begins like an object is no letter."""

    def __init__(self, work: Work) -> None:
        self.handle = work

    def decode(self, body: str) -> Letter:
        if body.startswith("{"):
            raise ContractError("no letter")
        return Letter(body)

    def refuse(self, error: Exception) -> DeadLetter:
        logging.getLogger("functions.letters").error("refused: %s", error)
        return DeadLetter(str(error))


def worker_of(work: Work, name: QueueName = QueueName.REPORTS) -> LambdaConsumer[Letter]:
    return LambdaConsumer(make_runtime("tracker"), name, Working(work))


def send(stack: LambdaStack, *messages: str, name: str = "REPORTS") -> None:
    """Messages such as `a1`: the letter is the group."""
    stack.send(name, *(Outgoing(text, digest(text[0]), digest(text)) for text in messages))


def test_an_error_does_not_bring_again_what_was_settled_before_it(
    stack: LambdaStack, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = []

    def work(message: Received[Letter]) -> Settlement:
        seen.append(message.content.id)
        if message.content.id == "a2":
            raise ZeroDivisionError
        return Done()

    send(stack, "a1", "a2")
    assert stack.turn("REPORTS", worker_of(work).consume) == 2
    stack.pass_time(1000)
    assert stack.turn("REPORTS", worker_of(work).consume) == 1
    assert seen == ["a1", "a2", "a2"]
    assert metrics(capsys.readouterr().out)["Defects"] == 2


def test_a_delivery_that_was_not_settled_comes_again(stack: LambdaStack) -> None:
    def forget(message: Received[Letter]) -> Settlement:
        """A service with a hole in it."""
        return None  # type: ignore[return-value]

    send(stack, "a1")
    stack.turn("REPORTS", worker_of(forget).consume)
    stack.pass_time(400)
    assert stack.turn("REPORTS", worker_of(forget).consume) == 1


def test_a_line_about_what_cannot_be_decoded_says_whose_it_is(
    stack: LambdaStack, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(message: Received[Letter]) -> Settlement:
        raise AssertionError("nothing was decoded")

    send(stack, '{"printer_id": "A1M-1", "id": "c-1"}', "{7}")
    assert stack.turn("REPORTS", worker_of(work).consume) == 2
    first, second = (
        line for line in log_lines(capsys.readouterr().out) if line["message"].startswith("refused")
    )
    assert (first["printer_id"], first["message_id"]) == ("A1M-1", "c-1")
    assert "printer_id" not in second
    assert len(stack.dead("REPORTS")) == 2


def test_when_little_time_is_left_the_rest_comes_again_untried(stack: LambdaStack) -> None:
    def work(message: Received[Letter]) -> Settlement:
        context.seconds = 19.0
        return Done()

    context = Context()
    send(stack, "a1", "b1")
    assert stack.turn("REPORTS", worker_of(work).consume, context=context) == 2
    stack.pass_time(3)
    assert [record["body"] for record in stack.take("REPORTS")["Records"]] == ["b1"]


def test_when_the_queue_itself_is_away_lambda_is_announced_so(stack: LambdaStack) -> None:
    def work(message: Received[Letter]) -> Settlement:
        raise TransientError("SQS is not reached")

    send(stack, "a1")
    with pytest.raises(TransientError):
        stack.turn("REPORTS", worker_of(work).consume)
    stack.pass_time(400)
    assert stack.take("REPORTS")["Records"]


def test_a_defect_is_tried_a_few_times_with_growing_waits_and_then_dead_lettered(stack: LambdaStack) -> None:
    tries = []

    def work(message: Received[Letter]) -> Settlement:
        tries.append(stack.now())
        raise RuntimeError("no idea")

    send(stack, "a1")
    for _ in range(60):
        stack.turn("REPORTS", worker_of(work).consume)
        stack.pass_time(1)
    assert len(tries) == DEFECT_TRIES
    waits = [round(after - before) for before, after in itertools.pairwise(tries)]
    assert waits == sorted(waits)
    assert waits[0] >= 2
    assert [body for body, _ in stack.dead("REPORTS")] == ["a1"]


def test_in_a_standard_queue_nobody_waits_for_another(stack: LambdaStack) -> None:
    seen = []

    def work(message: Received[Letter]) -> Settlement:
        seen.append(message.content.id)
        return Retry(60)

    send(stack, "a1", "a2", name="INSPECTIONS")
    worker = worker_of(work, QueueName.INSPECTIONS)
    while stack.turn("INSPECTIONS", worker.consume):
        pass
    assert sorted(seen) == ["a1", "a2"]


def test_in_a_fifo_queue_what_is_behind_one_that_comes_again_is_not_even_tried(stack: LambdaStack) -> None:
    seen = []

    def work(message: Received[Letter]) -> Settlement:
        seen.append(message.content.id)
        return Retry(1) if message.content.id == "a2" and message.receive_count == 1 else Done()

    send(stack, "a1", "b1", "a2", "b2", "a3", "a4")
    for _ in range(5):
        stack.turn("REPORTS", worker_of(work).consume)
        stack.pass_time(1.5)
    assert [body for body in seen if body[0] == "a"] == ["a1", "a2", "a2", "a3", "a4"]
    assert [body for body in seen if body[0] == "b"] == ["b1", "b2"]
    assert stack.take("REPORTS")["Records"] == []


def test_what_is_wrong_with_settings_is_announced_all_at_once() -> None:
    environment = {"PROGRESS_STEP": "many", "LOG_LEVEL": "LOUD"}
    with pytest.raises(ConfigurationError) as caught:
        AwsBackends(environment, "tracker", lambda: 0.0)
    assert len(caught.value.faults) == 2


def test_a_part_is_on_when_its_parameter_is_named() -> None:
    for value, is_on in (("", False), (" ", False), ("/name", True)):
        backends = AwsBackends({"OPENROUTER_API_KEY_PARAMETER": value}, "tracker", lambda: 0.0)
        assert backends.has(Secret.OPENROUTER_KEY) is is_on


def test_what_a_service_asks_for_first_is_read_while_its_deliveries_are_held(stack: LambdaStack) -> None:
    """Each is decoded once, and what cannot be is no reason to read nothing for the others."""
    decoded, given = [], []
    runtime = make_runtime("tracker")

    def work(message: Received[Letter]) -> Settlement:
        stack.records.put(f"letter/{message.content.id}", {"n": 2}, 1)  # behind its back: read before
        given.append(runtime.backends.records.get(f"letter/{message.content.id}"))
        return Done()

    class Watched(Working):
        def decode(self, body: str) -> Letter:
            decoded.append(body)
            return super().decode(body)

    for name in ("a1", "b1"):
        stack.records.put(f"letter/{name}", {"n": 1}, 0)
    send(stack, "a1", "{}", "b1")
    consumer = LambdaConsumer(
        runtime, QueueName.REPORTS, Watched(work), first_reads=lambda letter, _: [f"letter/{letter.id}"]
    )
    assert stack.turn("REPORTS", consumer.consume) == 3
    assert [found and found.value for found in given] == [{"n": 1}, {"n": 1}]
    assert sorted(decoded) == ["a1", "b1", "{}", "{}"]
    assert [body for body, _ in stack.dead("REPORTS")] == ["{}"]
    assert runtime.backends.records.get("letter/a1") == stack.records.get("letter/a1")
