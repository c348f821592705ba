"""The tracker's rules: `advance(record, report, rules) -> (record, effects)`, a pure function;
`advance_with_history` says besides what changes in the history of jobs.

A report is held against the record (`evaluation`), the table below says which rule it meets, the rule
returns the record after it and what happened (`events`), and `announcements` tells that. The rules stand in
`job_progress`, `job_end` and `contact`; what a person gets of them is in infra/docs/architecture.md, "The
rules of the tracker".
"""

from collections.abc import Callable
from typing import TypeAlias

from functions.shared.messages.effects import Effect
from functions.shared.messages.job_history import JobHistoryChange
from functions.shared.messages.printer_record import Phase, PrinterRecord
from functions.shared.messages.report import Report
from functions.tracker.announcements import announce
from functions.tracker.contact import (
    come_online,
    end_after_grace,
    forget_offline,
    go_offline,
    lose_contact,
    restore_contact,
)
from functions.tracker.evaluation import Evaluation, Heard, Rules, evaluate, open_job
from functions.tracker.events import Event, EventKind, Outcome
from functions.tracker.history import follow_history
from functions.tracker.job_end import confirm_end, end_by_word, end_unseen
from functions.tracker.job_progress import begin_job, continue_job, replace_job, show_state

Rule: TypeAlias = Callable[[Evaluation], Outcome]


def nothing(evaluation: Evaluation) -> Outcome:
    """What was heard is in the record, and nothing follows of it."""
    return evaluation.record, ()


# What is heard of a printer, by where its job stands.
# fmt: off
_COLUMNS =                  (None,           Phase.ACTIVE, Phase.LOST,      Phase.SILENCED)
RULES: dict[Heard, tuple[Rule, Rule, Rule, Rule]] = {
    Heard.NOTHING:          (nothing,        nothing,      nothing,         nothing),
    Heard.ACTIVE:           (begin_job,      continue_job, restore_contact, restore_contact),
    Heard.ANOTHER_ACTIVE:   (begin_job,      replace_job,  replace_job,     replace_job),
    Heard.FINISHED:         (nothing,        end_by_word,  end_by_word,     confirm_end),
    Heard.ANOTHER_FINISHED: (nothing,        end_unseen,   end_unseen,      end_unseen),
    Heard.UNKNOWN_WORD:     (nothing,        show_state,   nothing,         nothing),
    Heard.SILENCE:          (nothing,        lose_contact, end_after_grace, nothing),
    Heard.OFFLINE:          (nothing,        go_offline,   nothing,         nothing),
    Heard.ONLINE:           (forget_offline, come_online,  forget_offline,  forget_offline),
}
# fmt: on


def advance(
    record: PrinterRecord | None, report: Report, rules: Rules
) -> tuple[PrinterRecord, tuple[Effect, ...]]:
    """The record after the report, and what is to be done. A report seen before changes nothing."""
    after, effects, _ = advance_with_history(record, report, rules)
    return after, effects


def advance_with_history(
    record: PrinterRecord | None, report: Report, rules: Rules
) -> tuple[PrinterRecord, tuple[Effect, ...], tuple[JobHistoryChange, ...]]:
    """The same, and what changes in the history of jobs."""
    record = record or PrinterRecord(report.printer_id)
    last = record.sequence_of(report.collector_id)
    if last is not None and report.sequence <= last:
        return record, (), ()
    evaluation = evaluate(record, report, rules)
    after, events = transition(evaluation)
    after, changes = follow_history(evaluation, after, events)
    return after, announce(events, after, report) if events else (), changes


def transition(evaluation: Evaluation) -> Outcome:
    """The record after the report, and what happened in it."""
    job = open_job(evaluation.record)
    column = _COLUMNS.index(job.phase if job is not None else None)
    record, events = RULES[evaluation.heard][column](evaluation)
    if evaluation.new_codes:
        events = (*events, _codes_appeared(evaluation, record))
    return record, events


def _codes_appeared(evaluation: Evaluation, record: PrinterRecord) -> Event:
    job = record.job if record.job is not None and record.job.phase is Phase.ACTIVE else None
    codes = evaluation.new_codes
    return Event(EventKind.CODES_APPEARED, job, codes=codes, part=codes[0])
