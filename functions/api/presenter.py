"""What is shown of a printer: pure rules from what is held of it to the API's answers. Total."""

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
    SampleView,
    ShownImageView,
    TemperaturesView,
)
from functions.shared.domain.sensors import read_sensors
from functions.shared.domain.stages import stage_words
from functions.shared.domain.status import is_active
from functions.shared.messages.inspection_record import CheckState, InspectionState
from functions.shared.printer_now import PrinterNow, newest_status, printer_now
from functions.shared.read_model import ListedPrinter, PrinterData, ReceivedStatus
from functions.shared.samples import Sample
from functions.shared.text import shown
from functions.shared.wording.durations import rough_duration


def _stage(shown_now: PrinterNow) -> str | None:
    return stage_words(shown_now.facts.stage) if is_active(shown_now.state) else None


def _errors(shown_now: PrinterNow) -> list[FaultView]:
    return [
        FaultView(code=fault.code, text=fault.text, severity=fault.severity, link=fault.link or "")
        for fault in shown_now.faults
    ]


_NOTHING_SEEN = "none"  # the category of a check that found nothing


def summary(printer: ListedPrinter) -> PrinterSummary:
    return PrinterSummary(
        printer_id=shown(printer.printer_id),
        model=shown_or_none(printer.model),
        is_online=printer.is_online,
        has_status=printer.has_status,
    )


def printer_view(
    printer_data: PrinterData, status: ReceivedStatus, now: float, collector_silence: float | None
) -> PrinterView:
    """The whole answer. `collector_silence`: seconds since its collector was heard of, if too long."""
    shown_now = printer_now(printer_data, now, collector_silence)
    return PrinterView(
        printer_id=shown(printer_data.printer_id),
        model=shown_or_none(printer_data.listed.model),
        is_online=printer_data.listed.is_online,
        received_at=utc_time(status.received_at),
        age_seconds=age(now, status.received_at),
        state=shown_now.state,
        state_inferred=shown_now.state_inferred,
        stage=_stage(shown_now),
        silent_since=utc_time(shown_now.silent_since),
        problem=shown_now.problem,
        job=_job(shown_now),
        temperatures=_temperatures(status.data),
        errors=_errors(shown_now),
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
    shown_now = printer_now(printer_data, now, collector_silence)
    return OverviewPrinter(
        **common,
        received_at=utc_time(status.received_at),
        state=shown_now.state,
        state_inferred=shown_now.state_inferred,
        stage=_stage(shown_now),
        silent_since=utc_time(shown_now.silent_since),
        problem=shown_now.problem,
        job=_job(shown_now),
        temperatures=_temperatures(status.data),
        errors=_errors(shown_now),
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


def _job(shown_now: PrinterNow) -> JobView | None:
    job = shown_now.job
    if job is None:
        return None
    return JobView(
        id=shown_or_none(job.id),
        name=shown_or_none(job.name),
        is_active=job.is_active,
        started_at=utc_time(job.started_at),
        ended_at=utc_time(job.ended_at),
        result=shown_or_none(job.result),
        percent=job.percent,
        layer=job.layer,
        total_layers=job.total_layers,
        remaining_minutes=job.remaining_minutes,
        expected_end_at=utc_time(job.expected_end_at),
    )


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


def sample_view(sample: Sample) -> SampleView:
    return SampleView(
        id=shown(sample.id),
        printer_id=shown(sample.printer_id),
        category=shown(sample.category),
        confidence=sample.confidence,
        summary=shown_or_none(sample.summary),
        alerted_at=utc_time(sample.alerted_at),
        kept_at=utc_time(sample.kept_at),
        pictures=sample.picture_names,
    )


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
