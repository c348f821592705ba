"""One printer's statuses, fed through job and reporter as a session does."""

from typing import Any

from collector.outbox.model import EdgeJob
from collector.printer import reporting
from collector.printer.job import track_job
from collector.printer.reporting import Decision, ReporterState, ReportRules
from functions.shared.domain.status import PrinterStatus
from functions.shared.messages.report import ReportKind

RULES = ReportRules()
PRINTING: dict[str, Any] = {
    "state": "RUNNING",
    "job_name": "Benchy",
    "task_id": "7",
    "percent": 10,
    "print_error": 0,
    "hms": (),
}
IDLE: dict[str, Any] = {**PRINTING, "state": "FINISH", "percent": 100}


class Course:
    """`made` are the reports decided on, with their times."""

    def __init__(self, rules: ReportRules = RULES, job: EdgeJob | None = None) -> None:
        self.rules = rules
        self.job = job
        self.state: ReporterState = reporting.begin(job, rules)
        self.facts = PrinterStatus()
        self.made: list[tuple[float, Decision]] = []

    def status(self, now: float, **facts: Any) -> Decision | None:
        self.facts = PrinterStatus(**facts)
        gap = self.state.is_after_gap
        self.job = track_job(self.job, self.facts, printer_id="P", now=now, after_gap=gap)
        self.state, decision = reporting.observe(self.state, self.facts, self.job, now, self.rules)
        return self._note(now, decision)

    def tick(self, now: float, *, is_silent: bool = False) -> Decision | None:
        self.state, decision = reporting.tick(self.state, self.facts, now, self.rules, is_silent=is_silent)
        return self._note(now, decision)

    def reconnect(self) -> None:
        self.state = reporting.reconnected(self.state)

    def _note(self, now: float, decision: Decision | None) -> Decision | None:
        if decision is not None:
            self.made.append((now, decision))
        return decision


def is_change(decision: Decision | None) -> bool:
    return decision is not None and decision.is_durable and decision.kind is ReportKind.STATUS


def started(**facts: Any) -> Course:
    course = Course()
    assert is_change(course.status(0.0, **{**PRINTING, **facts}))
    return course
