"""What a printer is doing, by all that is held of it: pure rules for whoever shows it. Total.

Embedded, the memory is ahead of the record by up to a heartbeat: a status newer than the record's, and
newer than the silence that the record knows of, decides the state and the job's figures.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from functions.shared.domain.error_codes import notable_codes
from functions.shared.domain.faults import Fault, faults_of
from functions.shared.domain.limits import COLLECTOR_SILENT_SECONDS
from functions.shared.domain.status import PAUSED, PrinterStatus, is_finished, read_status
from functions.shared.domain.status_view import JobFigures, has_job, in_bounds, job_figures, shown_state
from functions.shared.messages.collector_record import CollectorRecord
from functions.shared.messages.printer_record import Job, PrinterRecord
from functions.shared.read_model import ListedPrinter, PrinterData, ReceivedStatus
from functions.shared.text import shown
from functions.shared.wording import problems
from functions.shared.wording.durations import rough_duration

_OFFLINE_AFTER = 120.0  # BambUI's ping is only asked now and then; a fresh status is the better witness


@dataclass(frozen=True, slots=True)
class JobNow:
    """The running job or the last one. Times are seconds since 1970; None: not known."""

    id: str | None
    name: str | None
    is_active: bool
    started_at: float | None
    ended_at: float | None
    result: str | None
    percent: int | None
    layer: int | None
    total_layers: int | None
    remaining_minutes: int | None
    expected_end_at: float | None


@dataclass(frozen=True, slots=True)
class PrinterNow:
    """`facts` are those of the newest status; `problem` is why it may not stand any more, in words;
    `faults`: what the printer complains of now, each code once, the error of the print first.
    """

    printer_id: str
    model: str | None
    is_online: bool | None
    received_at: float | None
    facts: PrinterStatus
    state: str | None
    state_inferred: bool
    silent_since: float | None
    problem: str | None
    job: JobNow | None
    faults: tuple[Fault, ...]


def printer_now(printer_data: PrinterData, now: float, collector_silence: float | None = None) -> PrinterNow:
    """`collector_silence`: seconds since its collector was heard of, if that is too long."""
    status = newest_status(printer_data) or ReceivedStatus({}, None)
    facts, is_ahead = read_status(status.data), _is_live_ahead(printer_data)
    state, is_inferred = _state(printer_data.record, facts, is_ahead)
    since, listed = silent_since(printer_data), printer_data.listed
    status_age = None if status.received_at is None else max(0.0, now - status.received_at)
    return PrinterNow(
        printer_id=printer_data.printer_id,
        model=listed.model,
        is_online=listed.is_online,
        received_at=status.received_at,
        facts=facts,
        state=state,
        state_inferred=is_inferred,
        silent_since=since,
        problem=_problem(listed, status_age, since is not None, collector_silence),
        job=_job(printer_data.record.job, facts, is_ahead, status.received_at),
        faults=faults_of(notable_codes(facts), listed.model),
    )


def newest_status(printer_data: PrinterData) -> ReceivedStatus | None:
    """The memory's status, else the record's."""
    if printer_data.live is not None:
        return printer_data.live
    record = printer_data.record
    return None if record.status is None else ReceivedStatus(record.status, record.received_at)


def silent_since(printer_data: PrinterData) -> float | None:
    """When the running silence began; None if there is none, or a status came after it."""
    since = printer_data.record.silent_since
    return None if since is None or (_live_time(printer_data) or 0.0) > since else since


def _live_time(printer_data: PrinterData) -> float | None:
    return printer_data.live.received_at if printer_data.live else None


def _is_live_ahead(printer_data: PrinterData) -> bool:
    at = _live_time(printer_data)
    if at is None or silent_since(printer_data) is not None:
        return False
    return at > (printer_data.record.received_at or 0.0)


def _state(record: PrinterRecord, facts: PrinterStatus, is_live_ahead: bool) -> tuple[str | None, bool]:
    if record.state is None or (is_live_ahead and facts.state is not None):
        # What the printer does by itself in the middle of a print is part of it.
        return facts.state if _goes_on(record.job) else shown_state(facts), False
    return shown(record.state), record.state_inferred


def _problem(
    listed: ListedPrinter, status_age: float | None, is_silent: bool, collector_silence: float | None
) -> str | None:
    if collector_silence is not None:
        return problems.collector_silent(rough_duration(collector_silence))
    off = problems.PRINTER_OFFLINE if listed.is_online is False else ""
    if is_silent:
        return problems.no_status(rough_duration(status_age) if status_age is not None else "", off)
    if status_age is not None and status_age > _OFFLINE_AFTER:
        if off:
            return off
        if listed.is_connected is False:
            return problems.NO_CONNECTION
    return None


def _job(
    recorded: Job | None,
    facts: PrinterStatus,
    is_live_ahead: bool,
    received_at: float | None,
) -> JobNow | None:
    job = recorded
    is_running = _goes_on(job)
    if is_live_ahead and _tells_of_a_job(facts):
        was_running, is_running = is_running, has_job(facts)
        if is_running and not (was_running and job and _is_of(job, facts)):
            job = None  # one that the tracker has not yet told apart
    if not is_running and recorded is None:
        return None
    # Of a job that is over: what it had reached. Firmware clears its figures with the end, or before.
    said = job_figures(facts) if is_running and is_live_ahead else JobFigures()
    known = _figures_of(job)
    percent = known.percent if said.percent is None else said.percent
    remaining = known.remaining_minutes if said.remaining_minutes is None else said.remaining_minutes
    name = job.name if job and job.name else facts.job_name if is_running and is_live_ahead else None
    is_paused = (facts.state if is_live_ahead or job is None else job.state) in PAUSED
    goes_on_until = (
        received_at + remaining * 60.0
        if is_running and not is_paused and remaining and received_at is not None
        else None
    )
    return JobNow(
        id=job.id if job else None,
        name=name,
        is_active=is_running,
        started_at=job.started_at if job else None,
        ended_at=job.ended_at if job else None,
        result=job.result if job else None,
        percent=percent,
        layer=known.layer if said.layer is None else said.layer,
        total_layers=known.total_layers if said.total_layers is None else said.total_layers,
        remaining_minutes=remaining if is_running else None,
        expected_end_at=goes_on_until,
    )


def _goes_on(job: Job | None) -> bool:
    return job is not None and job.ended_at is None and job.result is None


def _tells_of_a_job(facts: PrinterStatus) -> bool:
    """Whether by its word a job is under way, or none is; an unknown word and a calibration say neither."""
    return has_job(facts) or is_finished(facts.state)


def _is_of(job: Job, facts: PrinterStatus) -> bool:
    """Whether a status is the recorded job's: by the ids if both have one, else by the names."""
    if facts.task_id is not None and job.task_id is not None:
        return facts.task_id == job.task_id
    return facts.job_name in (None, job.name)


def _figures_of(job: Job | None) -> JobFigures:
    """What the record knows of the job; an older release had wider bounds."""
    if job is None:
        return JobFigures()
    return in_bounds(job.percent, job.layer, job.total_layers, job.remaining_minutes)


def quiet_for(collector: CollectorRecord, now: float, started_at: float | None) -> float:
    """Seconds since it was heard of, counted at most from the start of this program if that is given."""
    heard = [at for at in (collector.received_at, started_at) if at is not None]
    return max(0.0, now - max(heard)) if heard else math.inf


def collector_silence(
    watchers: Sequence[CollectorRecord], now: float, started_at: float | None
) -> float | None:
    """How long the collectors of a printer have not been heard of, if that is too long, else None."""
    if not watchers:
        return None
    quiet = min(quiet_for(collector, now, started_at) for collector in watchers)
    return quiet if COLLECTOR_SILENT_SECONDS < quiet < math.inf else None
