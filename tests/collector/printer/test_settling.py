"""Of a burst of words at a connect the last counts, and an end waits for the code that explains it."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.bambui.messages import StatusMessage
from collector.printer import settling
from collector.printer.settling import Settling, SettlingRules
from functions.shared.domain.status import HmsEntry, PrinterStatus, is_active, is_finished

RULES = SettlingRules()
CANCEL, CLOGGED, RAN_OUT, ADVICE = 0x0300_400C, 0x0300_4006, 0x0300_8015, 0x0500_C011
PRINTING: dict[str, Any] = {"state": "RUNNING", "print_error": 0, "percent": 40}


@dataclass
class Settled:
    """What counted, in its order, of the statuses of one printer; the words only in `words`."""

    rules: SettlingRules = RULES
    is_after_gap: bool = True
    has_active_job: bool = False
    now: float = 100.0
    state: Settling = field(default_factory=Settling)
    counted: list[StatusMessage] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    sent: int = 0

    def status(self, after: float = 1.0, **facts: Any) -> StatusMessage:
        self.wait(after)
        self.sent += 1
        message = StatusMessage(text=f"number {self.sent}", facts=PrinterStatus(**facts))
        self.state, counting = settling.settle(
            self.state,
            message,
            self.now,
            self.rules,
            is_after_gap=self.is_after_gap,
            has_active_job=self.has_active_job,
        )
        self._count(counting)
        return message

    def wait(self, seconds: float) -> None:
        """As a session does: it wakes at the moment at which what waits is due."""
        end = self.now + seconds
        while self.state.waiting is not None and self.state.waiting.until <= end:
            self.now = max(self.now, self.state.waiting.until)
            self.state, counting = settling.release(
                self.state, self.now, self.rules, has_active_job=self.has_active_job
            )
            self._count(counting)
        self.now = end

    def gap(self) -> None:
        self.is_after_gap = True

    @property
    def words(self) -> list[str | None]:
        return [message.facts.state for message in self.counted]

    def _count(self, counting: tuple[StatusMessage, ...]) -> None:
        for message in counting:
            self.counted.append(message)
            self.at.append(self.now)
            word = message.facts.state
            if is_active(word) or is_finished(word):
                self.is_after_gap = False
                self.has_active_job = is_active(word)


def printing(**facts: Any) -> Settled:
    """One whose job was seen to run for a while."""
    printer = Settled()
    printer.status(**PRINTING | facts)
    printer.wait(60)
    printer.counted.clear()
    printer.at.clear()
    return printer


class TestFirstWords:
    def test_of_a_burst_at_a_connect_only_what_stands_after_a_second_counts(self) -> None:
        printer = Settled()
        for word in ("IDLE", "RUNNING", "PREPARE", "FINISH"):
            printer.status(after=0.003, state=word)
        printer.wait(5)
        assert printer.words == ["FINISH"]

    def test_the_second_counts_from_the_first_word_so_nothing_puts_it_off_for_ever(self) -> None:
        printer = Settled()
        for number in range(30):
            printer.status(after=0.1, state=("RUNNING", "PAUSE")[number % 2])
        assert printer.at[0] == pytest.approx(101.1)

    def test_within_an_unbroken_stream_every_word_counts_at_once(self) -> None:
        printer = printing()
        printer.status(after=0.001, state="PAUSE", print_error=0)
        printer.status(after=0.001, state="RUNNING", print_error=0)
        assert printer.words == ["PAUSE", "RUNNING"]

    @pytest.mark.parametrize("word", [None, "INIT"])
    def test_a_status_without_a_known_word_is_passed_on_and_opens_no_burst(self, word: str | None) -> None:
        printer = Settled()
        printer.status(state=word, percent=3)
        assert printer.words == [word]
        printer.status(state="RUNNING")
        assert printer.words == [word]
        printer.wait(1)
        assert printer.words == [word, "RUNNING"]

    def test_an_end_found_at_the_end_of_a_burst_waits_for_its_cause_like_any_other(self) -> None:
        printer = printing()
        printer.gap()
        printer.status(state="FAILED", print_error=0)
        printer.wait(5.9)
        assert printer.words == []
        printer.wait(0.2)
        assert printer.words == ["FAILED"]

    def test_with_zero_seconds_nothing_waits(self) -> None:
        printer = Settled(rules=SettlingRules(0, 0))
        for word in ("IDLE", "RUNNING", "FAILED"):
            printer.status(after=0, state=word)
        assert printer.words == ["IDLE", "RUNNING", "FAILED"]


class TestEnds:
    @pytest.mark.parametrize("word", ["FAILED", "IDLE"])
    def test_one_without_a_cause_waits_five_seconds_and_no_longer(self, word: str) -> None:
        printer = printing()
        end = printer.status(**PRINTING | {"state": word, "percent": 0})
        begun = printer.now
        for _ in range(4):
            printer.status(after=1, **PRINTING | {"state": word, "percent": 0})
        assert printer.counted == []
        printer.wait(1)
        assert printer.counted[0] is end
        assert printer.at[0] == begun + 5

    @pytest.mark.parametrize("word", ["FINISH", "CANCELLED"])
    def test_a_word_that_says_why_does_not_wait(self, word: str) -> None:
        printer = printing()
        printer.status(**PRINTING | {"state": word})
        assert printer.words == [word]

    @pytest.mark.parametrize(
        "cause",
        [{"print_error": CANCEL}, {"fail_reason": CANCEL}, {"print_error": CLOGGED}, {"fail_reason": CLOGGED},
         {"hms": (HmsEntry(0x0300_0100, 0x0001_400C),)}],
        ids=str,
    )  # fmt: skip
    def test_one_with_its_code_does_not_wait_and_a_code_after_it_ends_the_wait(
        self, cause: dict[str, Any]
    ) -> None:
        with_it = printing()
        with_it.status(**PRINTING | {"state": "FAILED"} | cause)
        assert with_it.words == ["FAILED"]
        after_it = printing()
        after_it.status(**PRINTING | {"state": "FAILED"})
        explained = after_it.status(after=2, **PRINTING | {"state": "FAILED"} | cause)
        assert after_it.counted == [explained]
        assert after_it.at == [after_it.now]

    def test_a_cancel_code_shortly_before_the_word_explains_it_and_one_from_long_ago_does_not(self) -> None:
        for seconds, waits in ((25, False), (40, True)):
            printer = printing()
            printer.status(**PRINTING | {"print_error": CANCEL})
            printer.status(after=seconds, **PRINTING | {"state": "FAILED", "print_error": CANCEL})
            assert (printer.words == ["RUNNING"]) is waits

    def test_the_code_of_the_pause_does_not_explain_an_end(self) -> None:
        printer = printing()
        printer.status(**PRINTING | {"state": "PAUSE", "print_error": RAN_OUT})
        printer.status(after=60, **PRINTING | {"state": "FAILED", "print_error": RAN_OUT})
        assert printer.words == ["PAUSE"]
        printer.status(after=2, **PRINTING | {"state": "FAILED", "print_error": CANCEL})
        assert printer.words == ["PAUSE", "FAILED"]
        assert printer.counted[-1].facts.print_error == CANCEL

    def test_the_next_job_ends_the_wait_and_both_are_seen_in_order(self) -> None:
        printer = printing()
        printer.status(**PRINTING | {"state": "IDLE"})
        printer.status(after=2, **PRINTING | {"state": "PREPARE"})
        assert printer.words == ["IDLE", "PREPARE"]

    def test_what_firmware_clears_while_it_waits_does_not_hide_what_the_end_said(self) -> None:
        printer = printing()
        printer.status(**PRINTING | {"state": "FAILED", "percent": 40})
        printer.status(after=1, **PRINTING | {"state": "FAILED", "percent": 0})
        printer.wait(10)
        assert printer.counted[0].facts.percent == 40

    def test_it_waits_on_through_a_reconnect(self) -> None:
        printer = printing()
        printer.status(**PRINTING | {"state": "FAILED"})
        printer.gap()
        explained = printer.status(after=2, **PRINTING | {"state": "FAILED", "print_error": CANCEL})
        assert printer.counted == [explained]

    def test_a_printer_without_a_job_has_no_end_to_wait_for(self) -> None:
        printer = Settled()
        printer.status(state="FINISH")
        printer.wait(2)
        printer.status(state="IDLE")
        assert printer.words == ["FINISH", "IDLE"]

    def test_an_advice_that_stands_is_no_cause(self) -> None:
        printer = printing(print_error=ADVICE)
        printer.status(**PRINTING | {"state": "FAILED", "print_error": ADVICE})
        assert printer.words == []


WORDS = st.sampled_from(
    [None, "IDLE", "PREPARE", "RUNNING", "PAUSE", "FINISH", "FAILED", "CANCELLED", "INIT"]
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.01, 0.5, 2.0, 7.0]),
        WORDS,
        st.sampled_from([None, 0, CANCEL, CLOGGED, RAN_OUT]),
        st.booleans(),
    ),
    max_size=30,
)


@given(STEPS)
def test_whatever_comes_the_last_word_counts_within_six_seconds_in_order_and_once(course: list[Any]) -> None:
    printer = Settled()
    sent = []
    for after, word, code, is_gap in course:
        printer.wait(after)
        if is_gap:
            printer.gap()
        sent.append(printer.status(after=0, state=word, print_error=code))
    printer.wait(6.01)
    assert printer.state.waiting is None
    order = [sent.index(message) for message in printer.counted]
    assert order == sorted(set(order))
    if sent:
        assert printer.counted[-1] is sent[-1]


@given(STEPS)
def test_in_an_unbroken_stream_no_active_word_is_ever_left_out(course: list[Any]) -> None:
    printer = printing()
    sent = [printer.status(after=after, state=word, print_error=code) for after, word, code, _ in course]
    printer.wait(6)
    counted = [id(message) for message in printer.counted]
    assert all(id(message) in counted for message in sent if is_active(message.facts.state))
