"""How the deliveries of one event are worked off, whatever a service does with them."""

import itertools
from collections.abc import Callable

import pytest

from functions.shared.aws.bootstrap import Backends, LambdaContext, QueueName, Secret, make_runtime
from functions.shared.aws.lambda_consumer import DEFECT_TRIES, Handle, QueueWorker, SettlingQueue
from functions.shared.domain.keys import digest
from functions.shared.errors import ConfigurationError, TransientError
from functions.shared.ports import Delivery, Outgoing
from tests.support.lambda_runtime.stack import LambdaStack, metrics

pytest_plugins = ("tests.support.lambda_runtime.fixtures",)

Work = Callable[[SettlingQueue, Delivery], None]


def worker_of(work: Work, name: QueueName = QueueName.REPORTS) -> QueueWorker:
    def make_handle(queue: SettlingQueue, context: LambdaContext) -> Handle:
        return lambda delivery: work(queue, delivery)

    return QueueWorker(make_runtime("tracker"), name, make_handle)


def send(stack: LambdaStack, *messages: str, name: str = "REPORTS") -> None:
    """Messages such as `a1`: the letter is the group."""
    stack.send(name, *(Outgoing(text, digest(text[0]), digest(text)) for text in messages))


def test_an_error_after_the_delivery_was_settled_does_not_bring_it_again(
    stack: LambdaStack, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(queue: SettlingQueue, delivery: Delivery) -> None:
        queue.acknowledge(delivery)
        raise ZeroDivisionError

    send(stack, "a1", "a2")
    assert stack.turn("REPORTS", worker_of(work).work) == 2
    stack.pass_time(1000)
    assert stack.turn("REPORTS", worker_of(work).work) == 0
    assert metrics(capsys.readouterr().out)["Defects"] == 2


def test_a_delivery_that_was_not_settled_comes_again(stack: LambdaStack) -> None:
    def forget(queue: SettlingQueue, delivery: Delivery) -> None:
        """A service with a hole in it."""

    send(stack, "a1")
    stack.turn("REPORTS", worker_of(forget).work)
    stack.pass_time(200)
    assert stack.turn("REPORTS", worker_of(forget).work) == 1


def test_when_the_queue_itself_is_away_lambda_is_announced_so(stack: LambdaStack) -> None:
    def work(queue: SettlingQueue, delivery: Delivery) -> None:
        raise TransientError("SQS is not reached")

    send(stack, "a1")
    with pytest.raises(TransientError):
        stack.turn("REPORTS", worker_of(work).work)
    stack.pass_time(200)
    assert stack.take("REPORTS")["Records"]


def test_a_defect_is_tried_a_few_times_with_growing_waits_and_then_dead_lettered(stack: LambdaStack) -> None:
    tries = []

    def work(queue: SettlingQueue, delivery: Delivery) -> None:
        tries.append(stack.now())
        raise RuntimeError("no idea")

    send(stack, "a1")
    for _ in range(60):
        stack.turn("REPORTS", worker_of(work).work)
        stack.pass_time(1)
    assert len(tries) == DEFECT_TRIES
    waits = [round(after - before) for before, after in itertools.pairwise(tries)]
    assert waits == sorted(waits)
    assert waits[0] >= 2
    assert [body for body, _ in stack.dead("REPORTS")] == ["a1"]


def test_in_a_standard_queue_nobody_waits_for_another(stack: LambdaStack) -> None:
    seen = []

    def work(queue: SettlingQueue, delivery: Delivery) -> None:
        seen.append(delivery.body)
        queue.retry(delivery, 60)

    send(stack, "a1", "a2", name="INSPECTIONS")
    worker = worker_of(work, QueueName.INSPECTIONS)
    while stack.turn("INSPECTIONS", worker.work):
        pass
    assert sorted(seen) == ["a1", "a2"]


def test_in_a_fifo_queue_what_is_behind_one_that_comes_again_is_not_even_tried(stack: LambdaStack) -> None:
    seen = []

    def work(queue: SettlingQueue, delivery: Delivery) -> None:
        seen.append(delivery.body)
        if delivery.body == "a2" and delivery.receive_count == 1:
            queue.retry(delivery, 1)
        else:
            queue.acknowledge(delivery)

    send(stack, "a1", "b1", "a2", "b2", "a3", "a4")
    for _ in range(5):
        stack.turn("REPORTS", worker_of(work).work)
        stack.pass_time(1.5)
    assert [body for body in seen if body[0] == "a"] == ["a1", "a2", "a2", "a3", "a4"]
    assert [body for body in seen if body[0] == "b"] == ["b1", "b2"]
    assert stack.take("REPORTS")["Records"] == []


def test_what_is_wrong_with_settings_is_announced_all_at_once() -> None:
    environment = {"PROGRESS_STEP": "many", "LOG_LEVEL": "LOUD"}
    with pytest.raises(ConfigurationError) as caught:
        Backends(environment, "tracker", lambda: 0.0)
    assert len(caught.value.faults) == 2


def test_a_part_is_on_when_its_parameter_is_named() -> None:
    for value, is_on in (("", False), (" ", False), ("/name", True)):
        backends = Backends({"OPENROUTER_API_KEY_PARAMETER": value}, "tracker", lambda: 0.0)
        assert backends.has(Secret.OPENROUTER_KEY) is is_on
