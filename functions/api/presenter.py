"""What is shown of a printer: pure rules from what is held of it to the API's answers. Total.

Embedded, the memory is ahead of the record by up to a heartbeat: a status newer than the record's, and
newer than the silence that the record knows of, decides the state and the job's figures.
"""

from collections.abc import Mapping
from typing import Any

from functions.api.addresses import Addresses, printer_address
from functions.api.json_values import (
    age,
    sendable,
    shown_or_none,
    utc_time,
)
from functions.api.schemas import (
    FaultView,
    ImageView,
    InspectionView,
    JobView,
    LastLookView,
    OverviewPrinter,
    PrinterSummary,
    PrinterView,
    ShownImageView,
    TemperaturesView,
)
from functions.shared.domain.error_codes import notable_codes
from functions.shared.domain.faults import faults_of
from functions.shared.domain.sensors import read_sensors
from functions.shared.domain.stages import stage_words
from functions.shared.domain.status import PAUSED, PrinterStatus, is_active, is_finished, read_status
from functions.shared.domain.status_view import JobFigures, has_job, in_bounds, job_figures, shown_state
from functions.shared.messages.inspection_record import CheckState, InspectionState
from functions.shared.messages.printer_record import Job, PrinterRecord
from functions.shared.read_model import ListedPrinter, PrinterData, ReceivedStatus
from functions.shared.text import rough_duration, shown


def errors_of(facts: PrinterStatus, model: str | None) -> list[FaultView]:
    """What the printer complains of now, each code once, the error of the print first."""
    faults = faults_of(notable_codes(facts), model)
    return [
        FaultView(code=fault.code, text=fault.text, severity=fault.severity, link=fault.link or "")
        for fault in faults
    ]


_OFFLINE_AFTER = 120.0  # BambUI's ping is only asked now and then; a fresh status is the better witness

_NOTHING_SEEN = "none"  # the category of a check that found nothing


def summary(printer: ListedPrinter) -> PrinterSummary:
    return PrinterSummary(
        printer_id=shown(printer.printer_id),
        model=shown_or_none(printer.model),
        is_online=printer.is_online,
        has_status=printer.has_status,
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


def printer_view(
    printer_data: PrinterData, status: ReceivedStatus, now: float, collector_silence: float | None
) -> PrinterView:
    """The whole answer. `collector_silence`: seconds since its collector was heard of, if too long."""
    facts = read_status(status.data)
    is_ahead = _is_live_ahead(printer_data)
    state, is_inferred = _state(printer_data.record, facts, is_ahead)
    since = silent_since(printer_data)
    status_age = age(now, status.received_at)
    return PrinterView(
        printer_id=shown(printer_data.printer_id),
        model=shown_or_none(printer_data.listed.model),
        is_online=printer_data.listed.is_online,
        received_at=utc_time(status.received_at),
        age_seconds=status_age,
        state=state,
        state_inferred=is_inferred,
        stage=stage_words(facts.stage) if is_active(state) else None,
        silent_since=utc_time(since),
        problem=_problem(printer_data.listed, status_age, since is not None, collector_silence),
        job=_job(printer_data.record.job, facts, is_ahead, status.received_at),
        temperatures=_temperatures(status.data),
        errors=errors_of(facts, printer_data.listed.model),
        image=_image(printer_data.image_taken_at, now),
        last_inspection=inspection_view(printer_data.inspection, now),
        status={shown(key): sendable(value) for key, value in status.data.items()},
    )


def overview_printer(
    printer_data: PrinterData, now: float, collector_silence: float | None, addresses: Addresses
) -> OverviewPrinter:
    """One card of a wall: no ages, so that the same is shown as long as nothing changes."""
    listed, status = printer_data.listed, newest_status(printer_data)
    common: dict[str, Any] = {
        "printer_id": shown(printer_data.printer_id),
        "model": shown_or_none(listed.model),
        "is_online": listed.is_online,
        "has_status": status is not None,
        "image": _shown_image(printer_data, now, addresses),
        "last_look": _last_look(printer_data.inspection),
    }
    if status is None:
        return OverviewPrinter(**common)
    facts, is_ahead = read_status(status.data), _is_live_ahead(printer_data)
    state, is_inferred = _state(printer_data.record, facts, is_ahead)
    since = silent_since(printer_data)
    return OverviewPrinter(
        **common,
        received_at=utc_time(status.received_at),
        state=state,
        state_inferred=is_inferred,
        stage=stage_words(facts.stage) if is_active(state) else None,
        silent_since=utc_time(since),
        problem=_problem(listed, age(now, status.received_at), since is not None, collector_silence),
        job=_job(printer_data.record.job, facts, is_ahead, status.received_at),
        temperatures=_temperatures(status.data),
        errors=errors_of(facts, listed.model),
    )


def _shown_image(printer_data: PrinterData, now: float, addresses: Addresses) -> ShownImageView | None:
    taken_at, seconds = utc_time(printer_data.image_taken_at), printer_data.image_taken_at
    if taken_at is None or seconds is None:
        return None
    path = printer_address(printer_data.printer_id, "image")
    address = addresses.of(path, printer_data.image_key, seconds, now)
    good_until = utc_time(address.good_until)
    if good_until is None:
        return None
    return ShownImageView(taken_at=taken_at, address=address.text, good_until=good_until)


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
        return f"the collector has not been heard of for {rough_duration(collector_silence)}"
    off = "the printer is offline" if listed.is_online is False else None
    if is_silent:
        for_long = f" for {rough_duration(status_age)}" if status_age is not None else ""
        return f"no status{for_long}" + (f", {off}" if off else "")
    if status_age is not None and status_age > _OFFLINE_AFTER:
        if off:
            return off
        if listed.is_connected is False:
            return "no connection to BambUI for this printer"
    return None


def _job(
    recorded: Job | None,
    facts: PrinterStatus,
    is_live_ahead: bool,
    received_at: float | None,
) -> JobView | None:
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
    return JobView(
        id=shown_or_none(job.id) if job else None,
        name=shown_or_none(name),
        is_active=is_running,
        started_at=utc_time(job.started_at) if job else None,
        ended_at=utc_time(job.ended_at) if job else None,
        result=shown_or_none(job.result) if job else None,
        percent=percent,
        layer=known.layer if said.layer is None else said.layer,
        total_layers=known.total_layers if said.total_layers is None else said.total_layers,
        remaining_minutes=remaining if is_running else None,
        expected_end_at=utc_time(goes_on_until),
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


def _temperatures(status: Mapping[str, object]) -> TemperaturesView:
    sensors = read_sensors(status)
    return TemperaturesView(
        nozzle=sensors.temperatures.get("nozzle"),
        nozzle_target=sensors.targets.get("nozzle"),
        bed=sensors.temperatures.get("bed"),
        bed_target=sensors.targets.get("bed"),
        chamber=sensors.temperatures.get("chamber"),
    )


def _image(taken_at: float | None, now: float) -> ImageView | None:
    at, seconds = utc_time(taken_at), age(now, taken_at)
    return None if at is None or seconds is None else ImageView(taken_at=at, age_seconds=seconds)


def inspection_view(remembered: InspectionState, now: float) -> InspectionView | None:
    """The last look, with a sentence such as `last look 12 min ago: fine`; None if none was due yet."""
    at, seconds = utc_time(remembered.last_check_at), age(now, remembered.last_check_at)
    note = shown_or_none(remembered.note)
    if at is None and note is None:
        return None
    verdict, category, confidence = _verdict(remembered)
    words = _words_of(verdict, category, confidence)
    sentences = []
    if at is not None and seconds is not None:
        sentences.append(f"last look {rough_duration(seconds)} ago: {words}")
    if note is not None:
        noted_age = age(now, remembered.noted_at)
        since = "" if noted_age is None else f" {rough_duration(noted_age)} ago"
        sentences.append(f"no look{since}: {note}")
    return InspectionView(
        last_look_at=at,
        age_seconds=None if at is None else seconds,
        verdict=verdict,
        category=category,
        confidence=confidence,
        summary=shown_or_none(remembered.summary),
        note=note,
        noted_at=utc_time(remembered.noted_at) if note is not None else None,
        sentence="; ".join(sentences),
    )


def _last_look(remembered: InspectionState) -> LastLookView | None:
    at, note = utc_time(remembered.last_check_at), shown_or_none(remembered.note)
    if at is None and note is None:
        return None
    return LastLookView(
        last_look_at=at,
        verdict=_words_of(*_verdict(remembered)),
        note=note,
        noted_at=utc_time(remembered.noted_at) if note is not None else None,
    )


def _verdict(remembered: InspectionState) -> tuple[str, str | None, float | None]:
    """The verdict, what was seen, and how sure the AI is of it."""
    verdict = shown_or_none(remembered.verdict) or CheckState.NO_VERDICT.value
    category, confidence = shown_or_none(remembered.category), remembered.confidence
    if category == _NOTHING_SEEN:
        category = None
    if confidence is not None and not 0.0 <= confidence <= 1.0:
        confidence = None
    return verdict, category, confidence


def _words_of(verdict: str, category: str | None, confidence: float | None) -> str:
    because = []
    if verdict in (CheckState.SUSPICIOUS, CheckState.DEFECT):
        because += [category.replace("_", " ")] if category else []
        because += [f"{confidence * 100:.0f} % sure"] if confidence is not None else []
    return f"{verdict} ({', '.join(because)})" if because else verdict
