"""Each effect goes to the queue of its kind, in its group, under an id that makes a repeat a repeat."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from functions.shared.domain.keys import digest
from functions.shared.effect_sender import EffectSender
from functions.shared.messages.effects import Category, Effect, Inspection, Notification, Timelapse
from functions.shared.ports import Outgoing, Refusal

JOB = "job-1"
STARTED = Notification("r-1/started", Category.STARTED, "A1", 1.0)
FILM = Notification("r-1/film", Category.FILM, "A1", 1.0)
FILM_FAILED = Notification("r-1/film_failed", Category.FILM_FAILED, "A1", 1.0)
TIMELAPSE = Timelapse("r-1/timelapse", "A1", JOB, 1.0, "images/A1/x/", 0.0, 1.0)
INSPECTION = Inspection("r-1/inspection", "A1", JOB, 1.0, "images/A1/x/", 0.0)


@dataclass
class KeptQueue:
    """Keeps what it is sent, or refuses it."""

    refusal: str = ""
    sent: list[Outgoing] = field(default_factory=list)

    def send(self, entries: Sequence[Outgoing]) -> Sequence[Refusal]:
        if self.refusal:
            return [Refusal(place, self.refusal) for place in range(len(entries))]
        self.sent += entries
        return []


@pytest.mark.parametrize(
    ("effect", "queue", "group"),
    [
        (STARTED, "notifications", "4242/printer/A1"),
        (FILM, "notifications", "4242/printer/A1"),
        (FILM_FAILED, "notifications", "4242/printer/A1"),
        (TIMELAPSE, "timelapses", JOB),
        (INSPECTION, "inspections", JOB),
    ],
)
def test_an_effect_takes_its_own_way(effect: Effect, queue: str, group: str) -> None:
    queues = {name: KeptQueue() for name in ("notifications", "timelapses", "inspections")}
    EffectSender("4242", **queues).send(effect)  # type: ignore[arg-type]  # they only send
    sent = {name: kept.sent for name, kept in queues.items() if kept.sent}
    assert list(sent) == [queue]
    assert [(each.group, each.deduplication_id) for each in sent[queue]] == [
        (digest("group", group), digest(effect.id))
    ]


def test_a_delay_is_kept() -> None:
    inspections = KeptQueue()
    EffectSender("4242", inspections=inspections).send(INSPECTION, 60.0)  # type: ignore[arg-type]
    assert [each.delay_seconds for each in inspections.sent] == [60.0]


def test_what_is_switched_off_is_left_out() -> None:
    EffectSender("4242").send(INSPECTION)
    assert list(EffectSender("4242").offer(TIMELAPSE)) == []


def test_a_refusal_is_said_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    sender = EffectSender("4242", KeptQueue(refusal="too large"))  # type: ignore[arg-type]
    sender.send(STARTED)
    assert caplog.messages == ["effect r-1/started refused for good: too large"]
    assert [refusal.reason for refusal in sender.offer(STARTED)] == ["too large"]
