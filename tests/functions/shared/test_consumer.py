"""One batch of deliveries: decoded once, handled in order, settled as the service says."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from functions.shared.consumer import RETRY_SECONDS, TIME_RESERVE_SECONDS, Consumer
from functions.shared.dispatch import DeadLetter, Done, Received, Retry, Settlement
from functions.shared.errors import ContractError, TransientError
from functions.shared.ports import Delivery


@dataclass(frozen=True)
class Letter:
    id: str
    printer_id: str = "A1M-1"


@dataclass
class Desk:
    """A queue and a service at once: what is handled, and what is said to the queue."""

    work: Callable[[Received[Letter]], Settlement] = lambda message: Done()
    decoded: list[str] = field(default_factory=list)
    handled: list[str] = field(default_factory=list)
    settled: list[tuple[str, str, float | str]] = field(default_factory=list)

    def decode(self, body: str) -> Letter:
        self.decoded.append(body)
        if body.endswith("?"):
            raise ContractError("no letter")
        return Letter(body)

    def refuse(self, error: Exception) -> Settlement:
        return DeadLetter(f"refused: {error}")

    def handle(self, message: Received[Letter]) -> Settlement:
        self.handled.append(message.content.id)
        return self.work(message)

    def acknowledge(self, delivery: Delivery) -> None:
        self.settled.append((delivery.body, "done", 0.0))

    def retry(self, delivery: Delivery, delay_seconds: float) -> None:
        self.settled.append((delivery.body, "retry", delay_seconds))

    def dead_letter(self, delivery: Delivery, reason: str) -> None:
        self.settled.append((delivery.body, "dead", reason))


def delivery(body: str) -> Delivery:
    """Its first letter is its group."""
    return Delivery(body, body[0], f"receipt of {body}", 3, 1000.0)


def consumed(
    desk: Desk, *bodies: str, is_fifo: bool = True, seconds_left: Callable[[], float] = lambda: 300.0
) -> Consumer[Letter]:
    consumer = Consumer(desk, desk, is_fifo=is_fifo, seconds_left=seconds_left)
    for body in bodies:
        consumer.consume(delivery(body))
    return consumer


def test_each_delivery_is_decoded_once_and_settled_as_the_service_says() -> None:
    said: dict[str, Settlement] = {"a1": Done(), "b1": Retry(7.5), "c1": DeadLetter("never")}
    desk = Desk(lambda message: said[message.content.id])
    consumer = consumed(desk, "a1", "b1", "c1")
    assert desk.decoded == desk.handled == ["a1", "b1", "c1"]
    assert desk.settled == [("a1", "done", 0.0), ("b1", "retry", 7.5), ("c1", "dead", "never")]
    assert (consumer.retried, consumer.dead_lettered) == (1, 1)


def test_a_service_is_told_when_and_how_often_a_message_came() -> None:
    seen = []
    consumed(Desk(lambda message: seen.append(message) or Done()), "a1")  # type: ignore[func-returns-value]
    assert seen == [Received(Letter("a1"), 1000.0, 3)]


def test_what_cannot_be_decoded_is_refused_and_holds_nothing_up() -> None:
    desk = Desk()
    consumed(desk, "a1?", "a2")
    assert desk.handled == ["a2"]
    assert desk.settled == [("a1?", "dead", "refused: no letter"), ("a2", "done", 0.0)]


@pytest.mark.parametrize(("is_fifo", "handled"), [(True, ["a1", "b1"]), (False, ["a1", "a2", "b1", "a3"])])
def test_in_a_fifo_queue_the_rest_of_a_group_goes_back_untried(is_fifo: bool, handled: list[str]) -> None:
    desk = Desk(lambda message: Retry(60.0) if message.content.id == "a1" else Done())
    consumer = consumed(desk, "a1", "a2", "b1", "a3", is_fifo=is_fifo)
    assert desk.handled == handled
    if is_fifo:
        assert desk.settled == [
            ("a1", "retry", 60.0),
            ("a2", "retry", RETRY_SECONDS),
            ("b1", "done", 0.0),
            ("a3", "retry", RETRY_SECONDS),
        ]
        assert consumer.retried == 3


def test_a_dead_letter_holds_nothing_up() -> None:
    desk = Desk(lambda message: DeadLetter("never") if message.content.id == "a1" else Done())
    consumed(desk, "a1", "a2")
    assert desk.handled == ["a1", "a2"]


def test_near_the_end_of_the_time_nothing_is_begun() -> None:
    left = iter([TIME_RESERVE_SECONDS, TIME_RESERVE_SECONDS - 0.1, 0.0])
    desk = Desk()
    consumed(desk, "a1", "b1", "c1", seconds_left=lambda: next(left))
    assert desk.handled == ["a1"]
    assert desk.settled[1:] == [("b1", "retry", RETRY_SECONDS), ("c1", "retry", RETRY_SECONDS)]


def test_what_the_service_raises_is_left_to_the_caller_and_unsettled() -> None:
    def fail(message: Received[Letter]) -> Settlement:
        raise TransientError("away")

    desk = Desk(fail)
    with pytest.raises(TransientError):
        consumed(desk, "a1")
    assert desk.settled == []


def test_an_answer_that_is_none_settles_nothing() -> None:
    desk = Desk(lambda message: None)  # type: ignore[arg-type,return-value]
    with pytest.raises(TypeError, match="None is no settlement"):
        consumed(desk, "a1")
    assert desk.settled == []
