"""Crashes, races and refusals: what was decided stands, is told once, and is never asked twice."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from functions.inspection.policy import Rules
from functions.shared import job_listing
from functions.shared.domain.keys import digest, inspection_key
from functions.shared.errors import ConflictError, TransientError
from functions.shared.messages.effects import Category
from functions.shared.ports import Outgoing, Refusal
from tests.functions.inspection.watched_print import PRINTER, WatchedPrint
from tests.support.openai import replies as fake

HOUR = 3600.0


class PowerCutError(Exception):
    """The program dies here."""


class Dying:
    """A store or queue of which one call kills the program, before or after it has worked."""

    def __init__(self, inner: Any, method: str, call: int, is_before: bool) -> None:
        self._inner, self._method, self._left, self._is_before = inner, method, call, is_before

    def __getattr__(self, name: str) -> Any:
        real: Callable[..., Any] = getattr(self._inner, name)
        if name != self._method:
            return real

        def call(*arguments: Any, **named: Any) -> Any:
            self._left -= 1
            if self._left == 0 and self._is_before:
                raise PowerCutError
            result = real(*arguments, **named)
            if self._left == 0:
                raise PowerCutError
            return result

        return call


def kept_checks(watched: WatchedPrint, job_id: str = "job-1") -> list[str]:
    """The verdicts in the history of the job."""
    parts = job_listing.find(watched.records, job_id)
    return [] if parts is None else [check.verdict for check in parts.checks.checks]


@pytest.mark.parametrize("is_before", [True, False])
@pytest.mark.parametrize(
    ("part", "method", "call"),
    [
        *(("records", "put", call) for call in range(1, 9)),
        *(("records", "put_if_absent", call) for call in (1, 2)),
        ("inspections", "send", 1),
        ("notifications", "send", 1),
        *(("inspections", "acknowledge", call) for call in (1, 2)),
    ],
)
def test_a_power_cut_at_any_write_neither_loses_the_alert_nor_doubles_it(
    watched: WatchedPrint, part: str, method: str, call: int, is_before: bool
) -> None:
    """Answers differ after the cut: what was decided before must stand, and nothing is asked twice."""
    watched.server.judge = lambda request: fake.defect()
    inner = watched.queue if part == "inspections" else getattr(watched, part)
    watched.restarted(**{part: Dying(inner, method, call, is_before)})
    died = 0
    watched.ask(watched.keep_frame())
    for _ in range(12):
        try:
            watched.work()
        except PowerCutError:
            died += 1
            watched.restarted()
        watched.pass_time(30)
        watched.keep_frame()
    assert died == 1
    announced = watched.announced()
    assert [alert.category for alert in announced] == [Category.DEFECT]
    assert watched.queue.count() == 0
    decided_twice = len(watched.server.requests) - 2
    # Only a death between the call of the model and the writing of its decision can cost one call more.
    assert decided_twice <= (1 if (part, method) == ("records", "put") else 0)
    assert kept_checks(watched) == ["suspicious", "defect"]


def test_a_decision_stands_after_a_crash_even_if_the_model_changes_its_mind(watched: WatchedPrint) -> None:
    watched.server.script(fake.defect(), fake.defect())
    watched.restarted(notifications=Dying(watched.notifications, "send", 1, is_before=True))
    watched.check()
    with pytest.raises(PowerCutError):
        watched.confirmation()
    watched.restarted()
    watched.pass_time(180)
    watched.work()
    assert len(watched.announced()) == 1
    assert len(watched.server.requests) == 2


def test_a_decision_that_a_crash_kept_back_is_sent_with_the_next_check(watched: WatchedPrint) -> None:
    watched.server.script(fake.defect(), fake.defect())
    watched.restarted(notifications=Dying(watched.notifications, "send", 1, is_before=True))
    watched.check()
    with pytest.raises(PowerCutError):
        watched.confirmation()
    watched.restarted()
    watched.check()
    assert len(watched.announced()) == 1


def test_a_repeat_of_a_check_is_made_once(watched: WatchedPrint) -> None:
    request = watched.ask(watched.keep_frame())
    watched.work()
    watched.pass_time(HOUR)
    watched.ask(id=request.id)
    watched.check()
    watched.pass_time(HOUR)
    watched.ask(id=request.id)
    watched.work()
    assert len(watched.server.requests) == 2


class Contended:
    """Records to which somebody else writes just before us, a few times."""

    def __init__(self, inner: Any, times: int) -> None:
        self._inner, self._times = inner, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def put(
        self, key: str, value: dict[str, Any], expected_version: int, expires_at: float | None = None
    ) -> int:
        if self._times > 0:
            self._times -= 1
            stored = self._inner.get(key)
            self._inner.put(key, stored.value if stored else {}, stored.version if stored else 0)
        version: int = self._inner.put(key, value, expected_version, expires_at)
        return version


def test_a_lost_race_is_run_again_without_asking_the_model_again(watched: WatchedPrint) -> None:
    watched.server.judge = lambda request: fake.defect()
    watched.restarted(records=Contended(watched.records, 5))
    watched.check()
    watched.confirmation()
    assert len(watched.announced()) == 1
    assert len(watched.server.requests) == 2


def test_an_endless_race_sends_the_check_back(watched: WatchedPrint) -> None:
    records = Contended(watched.records, 10_000)
    with pytest.raises(ConflictError):
        records.put("x", {}, 0)
    watched.restarted(records=records)
    watched.check()
    assert watched.queue.count() == 1


class Refusing:
    """A notifications' queue that is away for a while, or refuses for good."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.is_away = True

    def send(self, entries: Sequence[Outgoing]) -> Sequence[Refusal]:
        if self.is_away:
            raise TransientError("the queue is away", retry_after=7)
        return [Refusal(0, "too large")]


def test_an_alert_waits_for_its_queue_and_asks_nobody_again(
    watched: WatchedPrint, caplog: pytest.LogCaptureFixture
) -> None:
    watched.server.judge = lambda request: fake.defect()
    notifications = Refusing(watched.notifications)
    watched.restarted(notifications=notifications)
    watched.check()
    watched.confirmation()
    assert watched.queue.count() == 1
    notifications.is_away = False
    watched.pass_time(7)
    watched.work()
    assert watched.queue.count() == 0
    assert "refused for good: too large" in caplog.text
    assert len(watched.server.requests) == 2


@pytest.mark.parametrize("body", ["x", "null", "{}", '{"id": 3}', "\x00"])
def test_a_message_that_is_none_is_dead_lettered(watched: WatchedPrint, body: str) -> None:
    watched.queue.send([Outgoing(body, digest("g"), digest(body))])
    watched.work()
    assert len(watched.queue.dead_letters()) == 1
    assert watched.queue.count() == 0


def test_a_check_at_another_printers_folder_is_dead_lettered(watched: WatchedPrint) -> None:
    watched.ask(prefix="images/another/job/")
    watched.work()
    assert len(watched.queue.dead_letters()) == 1


def test_junk_in_the_memory_starts_it_afresh(watched: WatchedPrint) -> None:
    watched.records.put(
        inspection_key(PRINTER), {"looks": "x", "told": [1], "pending": ["junk", 3], "suspicion": 5}, 0
    )
    watched.check()
    assert watched.remembered()["verdict"] == "fine"
    assert watched.remembered()["pending"] == []


def test_a_power_cut_while_a_used_up_budget_is_told_neither_loses_nor_doubles_it(
    watched: WatchedPrint,
) -> None:
    watched.rules = Rules(checks_per_job=1)
    watched.restarted()
    watched.check()
    watched.restarted(records=Dying(watched.records, "put", 1, True))
    with pytest.raises(PowerCutError):
        watched.check()
    watched.restarted()
    watched.pass_time(200)
    for _ in range(3):
        watched.check()
    assert [item.category for item in watched.announced()] == [Category.INSPECTION_USED_UP]
    assert len(watched.server.requests) == 1


class Deadly:
    """A model that ends every program that asks it."""

    asked = 0

    def ask(self, question: object) -> None:
        self.asked += 1
        raise SystemExit  # nothing catches it: as a run that is killed


def test_a_check_that_ends_every_run_is_given_up_after_three(watched: WatchedPrint) -> None:
    model = Deadly()
    watched.ask(watched.keep_frame())
    for _ in range(3):
        watched.restarted(model=model)
        with pytest.raises(SystemExit):
            watched.work()
        watched.queue.recover()
    watched.restarted(model=model)
    watched.work()
    assert model.asked == 3
    assert watched.queue.count() == 0
    stored = watched.records.get(inspection_key(PRINTER))
    assert stored is not None
    assert (stored.value["verdict"], stored.value["summary"]) == (
        "no verdict",
        "3 runs broke off while it was made",
    )


def test_each_check_is_in_the_history_of_its_job(watched: WatchedPrint) -> None:
    watched.server.script(fake.fine(), fake.defect(), fake.defect(), fake.fine())
    watched.check()
    watched.pass_time(HOUR)
    watched.check()
    watched.confirmation()
    watched.pass_time(HOUR)
    watched.check(job_id="job-2")
    assert kept_checks(watched) == ["fine", "suspicious", "defect"]
    assert kept_checks(watched, "job-2") == ["fine"]
    parts = job_listing.find(watched.records, "job-1")
    assert parts is not None
    last = parts.checks.checks[-1]
    assert last.category
    assert last.confidence is not None
    assert last.summary
