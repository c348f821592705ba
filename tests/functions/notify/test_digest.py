"""The digest fits one message whatever happened, and who has to be looked at stands first."""

import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.notify.digest import digest_message
from functions.notify.render import RenderContext
from functions.shared.domain.faults import Severity
from functions.shared.messages.effects import Category, JobSnapshot, Notification
from functions.shared.messages.held_messages import HeldMessages, with_message
from functions.shared.messages.printer_record import Job, Phase, PrinterRecord
from tests.functions.notify.harness import BERLIN, NOW
from tests.support.telegram.markup import read_html, utf16_units

CONTEXT = RenderContext(NOW, 0.0, BERLIN)


def job(name: str, state: str, phase: Phase = Phase.ACTIVE, **said: Any) -> Job:
    fields: dict[str, Any] = {
        "id": f"job of {name}", "started_at": NOW, "start_is_known": True, "state": state, "phase": phase,
        "printing_since": NOW, "next_photo_at": NOW, "next_inspection_at": NOW, "percent": 40,
    }  # fmt: skip
    return Job(**fields | said)


def held(name: str, *categories: Category, severity: Severity = Severity.NOTICE) -> HeldMessages:
    messages = HeldMessages(name)
    for number, category in enumerate(categories):
        told = Notification(
            f"{name}/{number}", category, name, NOW - 3600 + number, job_id=f"job of {name}",
            job=JobSnapshot(f"{name}.3mf"), severity=severity, reason="x" * 400,
        )  # fmt: skip
        messages = with_message(messages, told, NOW - 3600 + number, is_kept_back=False, by_hours=True)
    return messages


def lines(told: list[HeldMessages], records: list[PrinterRecord]) -> list[str]:
    message = digest_message(told, records, CONTEXT)
    assert message is not None
    assert message.html is not None
    text = read_html(message.html)
    assert utf16_units(text) <= 4096
    assert utf16_units(message.plain) <= 4096
    return text.split("\n")


def test_nothing_that_happened_is_no_digest() -> None:
    assert digest_message([], [PrinterRecord("A", job=job("A", "PAUSE"))], CONTEXT) is None
    assert digest_message([HeldMessages("A")], [], CONTEXT) is None


def test_one_that_has_been_paused_since_before_is_told_with_the_others() -> None:
    shown = lines(
        [held("A", Category.FINISHED)],
        [PrinterRecord("B", job=job("B", "PAUSE")), PrinterRecord("C", job=job("C", "RUNNING"))],
    )
    assert shown[2] == "⏸️ B: paused · 40 %"
    assert not any("C" in line for line in shown)


def test_a_farm_is_told_in_one_message_its_open_ones_by_name() -> None:
    names = [f"X1C-{number:02}" for number in range(50)]
    told = [held(name, *[Category.STARTED, Category.FINISHED] * 4) for name in names]
    records = [
        PrinterRecord(name, job=job(name, "PAUSE" if number % 10 == 9 else "RUNNING"))
        for number, name in enumerate(names)
    ]
    shown = lines(told, records)
    assert [line for line in shown if ": paused" in line] == [
        f"⏸️ X1C-{number}: paused · 40 %" for number in ("09", 19, 29, 39, 49)
    ]
    assert "⏸️ X1C-09: paused · 40 %" in shown[1:3]
    assert sum(": printing" in line for line in shown) == 45


def test_what_is_too_much_for_names_is_told_by_numbers() -> None:
    names = [f"{'printer ' * 8}{number:03}" for number in range(300)]
    shown = lines(
        [held(name, Category.FINISHED) for name in names],
        [PrinterRecord(name, job=job(name, "FINISH", Phase.ENDED)) for name in names],
    )
    named = sum(": done" in line for line in shown)
    assert named > 20
    assert shown[-1] == f"And {300 - named} more printers: {300 - named} done."


STATES = st.sampled_from(["RUNNING", "PAUSE", "FINISH", "FAILED", "DREAMING"])
NAMES = st.integers(0, 99).map(lambda number: f"P{number}")
STANDING = re.compile(r"\S+ P\d+: (paused|failed|no contact|printing|done|idle)\b")


@settings(max_examples=60, deadline=None)
@given(
    printers=st.lists(
        st.tuples(
            NAMES,
            st.lists(st.sampled_from(Category), max_size=12),
            st.sampled_from(Severity),
            STATES,
            st.sampled_from(Phase),
            st.booleans(),
        ),
        max_size=40,
        unique_by=lambda printer: printer[0],
    )
)
def test_any_night_fits_and_nothing_comes_before_what_is_open(printers: list[Any]) -> None:
    told = [held(name, *categories, severity=severity) for name, categories, severity, *_ in printers]
    records = [
        PrinterRecord(name, job=job(name, state, phase))
        for name, _, _, state, phase, known in printers
        if known
    ]
    message = digest_message(told, records, CONTEXT)
    assert (message is None) == all(it.is_empty for it in told)
    if message is None:
        return
    assert message.html is not None
    text = read_html(message.html)
    assert utf16_units(text) <= 4096
    standing = [found[1] for line in text.split("\n") if (found := STANDING.match(line))]
    is_open = [words in ("paused", "failed", "no contact") for words in standing]
    assert is_open == sorted(is_open, reverse=True)
    assert len(standing) == len(set(told_of(told, records)))


def told_of(told: list[HeldMessages], records: list[PrinterRecord]) -> list[str]:
    """Those with something to tell, and the paused ones."""
    paused = [
        it.printer_id for it in records if it.job and it.job.phase is Phase.ACTIVE and it.job.state == "PAUSE"
    ]
    return [*(it.printer_id for it in told if not it.is_empty), *paused]
