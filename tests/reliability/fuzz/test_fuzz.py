"""The short fuzz, and that fuzzing finds what it looks for: crashes, hangs, growth, broken promises."""

import gc
import math
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from functions.shared.messages.effects import Category, JobSnapshot, Notification
from tests.reliability.fuzz import __main__ as program
from tests.reliability.fuzz import trial
from tests.reliability.fuzz.announced import Announced
from tests.reliability.fuzz.course import LENGTH, Chances, size_of
from tests.reliability.fuzz.mutations import Mutator
from tests.reliability.fuzz.trial import KINDS, Course, TrialResult, growth, run_course, run_trial
from tests.support.timeouts import TIMEOUT


@pytest.mark.parametrize(("kind", "messages"), [("reader", 4000), ("tracker", 2500)])
def test_thousands_of_damaged_messages_do_no_harm(kind: str, messages: int) -> None:
    result = run_trial(kind, seed=20, messages=messages, processes=1)
    assert result.messages == messages
    assert result.failures == []


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_message_depends_on_nothing_but_seed_and_number(kind: str) -> None:
    one, other = (KINDS[kind](Chances(7, kind), 3) for _ in range(2))
    for number in range(3 * LENGTH, 3 * LENGTH + 50):
        one.feed(number, one.frame(number))
    number = 3 * LENGTH + 49
    assert one.frame(number) == other.frame(number)
    assert one.frame(number) != KINDS[kind](Chances(8, kind), 3).frame(number)


def test_mutations_break_json_and_leave_it_whole() -> None:
    mutator = Mutator(("a", "b"))
    text = '{"a":1,"b":[{"c":"x"},2],"d":{"e":null}}'
    made = {mutator.mutate(text, Random(number), text) for number in range(300)}
    assert text in made
    assert len(made) > 150
    assert any('"b"' not in one and one.endswith("}") for one in made)
    assert any(one.count('"a":') == 2 for one in made)


class _Bad:
    """A course in which one message is bad in a way that is told by `harm`."""

    harm = "crash"
    hoard: list[bytes] = []  # noqa: RUF012 - what it forgets to let go of

    def __init__(self, chances: Chances, number: int) -> None:
        self._first = number * LENGTH

    def frame(self, number: int) -> str:
        return f"message {number}"

    def feed(self, number: int, frame: str | bytes) -> None:
        if self.harm == "growth":
            self.hoard.append(b"x" * 200_000)  # written to: what is only reserved is not resident
        if number == self._first + 3:
            if self.harm == "crash":
                raise KeyError("state")
            if self.harm == "hang":
                time.sleep(TIMEOUT)
            if self.harm == "slow":
                begun = time.thread_time()
                while time.thread_time() - begun < trial.SECONDS_LIMIT:
                    pass

    def end(self) -> None:
        assert self.harm != "left over", "the record has 9 MB"

    def close(self) -> None:
        """Nothing."""


@pytest.fixture
def bad(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_Bad]]:
    monkeypatch.setitem(trial.KINDS, "bad", _Bad)
    monkeypatch.setattr(trial, "HANG_SECONDS", TIMEOUT)
    monkeypatch.setattr(trial, "SECONDS_LIMIT", math.inf)
    yield _Bad
    _Bad.hoard.clear()


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        ("crash", "bad:3: KeyError: 'state' (test_fuzz.py:"),
        ("hang", "bad:3: HangError: still at it after 1 s"),
        ("slow", "bad:3 took 0.0"),
        ("left over", "bad:19: AssertionError: the record has 9 MB"),
    ],
)
def test_harm_is_found(bad: type[_Bad], monkeypatch: pytest.MonkeyPatch, harm: str, said: str) -> None:
    monkeypatch.setattr(bad, "harm", harm)
    if harm == "slow":
        monkeypatch.setattr(trial, "SECONDS_LIMIT", 0.05)
    if harm == "hang":
        monkeypatch.setattr(trial, "HANG_SECONDS", 1)
    [fault] = run_trial("bad", 1, 20, 1).faults
    assert fault.startswith(said)


def test_growth_is_found(bad: type[_Bad], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bad, "harm", "growth")
    monkeypatch.setattr(trial, "LENGTH", 10)
    monkeypatch.setattr(trial, "MEASURED_EVERY", 1)
    monkeypatch.setattr(trial, "GROWTH_LIMIT", 5_000_000)
    gc.freeze()  # what this process held before takes seconds to look through, each of twenty times
    try:
        [fault] = run_trial("bad", 1, 200, 1).faults
    finally:
        gc.unfreeze()
    assert "a worker grew by" in fault


def test_growth_is_measured_without_the_warm_up() -> None:
    assert growth([10, *[50] * 20]) == 0
    assert growth(list(range(100))) == 80
    assert growth([1, 2, 3]) == 0


def test_a_failure_is_written_down_and_can_be_repeated(
    bad: type[_Bad], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    [failure] = run_trial("bad", 5, 20, 1).failures
    assert program.write_input(failure, tmp_path).read_text() == "message 3"
    assert failure.command == "python -m tests.reliability.fuzz --seed 5 --only bad:3"
    assert program.main(failure.command.split()[3:]) == 1
    assert "KeyError: 'state'" in capsys.readouterr().out
    assert program.main(["--seed", "5", "--only", "bad:2"]) == 0


def test_several_processes_share_the_work() -> None:
    result = run_trial("reader", seed=1, messages=2 * LENGTH, processes=2)
    assert result.messages == 2 * LENGTH
    assert result.failures == []


def test_the_tracker_is_caught_telling_a_thing_twice() -> None:
    def said(report: int, category: Category, job: str, percent: int | None = None) -> list[Notification]:
        snapshot = JobSnapshot(percent=percent)
        return [Notification(f"{report}/{category}", category, "p", 0.0, job_id=job, job=snapshot)]

    told = Announced()
    told.hear(said(1, Category.STARTED, "a"))  # type: ignore[arg-type]
    told.hear(said(2, Category.PROGRESS, "a", 10))  # type: ignore[arg-type]
    for wrong in (
        said(2, Category.PROGRESS, "a", 15),
        said(3, Category.PROGRESS, "a", 10),
        said(4, Category.STARTED, "b"),
        said(5, Category.FINISHED, "b"),
    ):
        with pytest.raises(AssertionError):
            told.hear(wrong)  # type: ignore[arg-type]
    told.hear(said(6, Category.FINISHED, "a"))  # type: ignore[arg-type]
    with pytest.raises(AssertionError):
        told.hear(said(7, Category.FINISHED, "a"))  # type: ignore[arg-type]


def test_sizes_count_all_that_is_held() -> None:
    assert size_of({"a": [bytes(10_000)]}) > 10_000
    assert size_of(Announced()) < 5_000
    held: Course = KINDS["reader"](Chances(1, "reader"), 0)
    assert size_of(held, KINDS) < size_of(held, bytes(100_000), KINDS)


def test_a_course_that_went_well_is_counted() -> None:
    result = TrialResult("reader", 1)
    result.take(run_course("reader", 1, 0, 10))
    assert result.messages == 10
    assert result.slowest[0] > 0
    assert result.failures == []
