"""What is shown of past jobs: pure rules from what is kept of them to the API's answers. Total."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from functions.api.addresses import Address, Addresses
from functions.api.job_schemas import (
    CheckView,
    CurveView,
    FailureReason,
    FiguresView,
    FiguresWithReasons,
    FilmDownloadView,
    JobDetailView,
    JobFilmView,
    JobImageView,
    JobLineView,
    MessagesView,
    MessageView,
    MonthFiguresView,
    PauseView,
    PrinterFigures,
    StatsView,
    ThumbnailView,
)
from functions.api.json_values import shown_or_none, utc_time
from functions.api.schemas import FaultView
from functions.shared.domain.faults import faults_of
from functions.shared.domain.job_curve import CURVE_POINTS, Curve, decode_curve, merged_curve
from functions.shared.domain.keys import belongs_to, is_lasting, photo_key, thumbnail_key
from functions.shared.domain.status_view import in_bounds
from functions.shared.job_listing import JobFigures, JobFilter, JobParts
from functions.shared.messages.effects import Category
from functions.shared.messages.job_figures import DayFigures, together
from functions.shared.messages.job_history import (
    JobCheck,
    JobEnd,
    JobFilm,
    JobLine,
    Pause,
    line_of,
    merged_course,
    paused_in,
)
from functions.shared.messages.printer_record import Job, PrinterRecord
from functions.shared.messages.told_messages import TOLD_SECONDS, ToldMessages, told_since
from functions.shared.text import shown
from functions.shared.value_class import dataclass

_DAY = 86_400.0
_NOTHING_SEEN = "none"
_SEEN = frozenset({Category.FINISHED.value, Category.FAILED.value, Category.CANCELLED.value})


@dataclass(frozen=True, slots=True)
class Keeping:
    """How many days films and frames are kept; `is_there`: whether a key is (the cloud goes by time)."""

    film_days: float = 30.0
    image_days: float = 7.0
    is_there: Callable[[str], bool] = lambda key: True  # noqa: ARG005


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What is shown of a job and lies in the frame store."""

    key: str
    at: float
    size: int


@dataclass(frozen=True, slots=True)
class JobFiles:
    """What is there of a job at a time."""

    film: StoredFile | None
    image: StoredFile | None
    thumbnail: StoredFile | None


def files_of(line: JobLine, keeping: Keeping, now: float) -> JobFiles:
    """Its film, its last photo and a small one; None: there is none, or it is gone."""
    end, film = line.end, line.film
    own_film = film if film is not None and belongs_to(film.key, end.printer_id) else None
    is_film_kept = own_film is not None and now < own_film.made_at + keeping.film_days * _DAY

    def there(file: StoredFile | None) -> StoredFile | None:
        return file if file is not None and keeping.is_there(file.key) else None

    kept = own_film if is_film_kept else None
    image = there(_photo(kept)) or there(_last_frame(end, keeping, now))
    small = there(_thumbnail(kept))
    whole = None if kept is None else StoredFile(kept.key, kept.made_at, kept.size)
    return JobFiles(there(whole), image, small or image)


def _photo(film: JobFilm | None) -> StoredFile | None:
    if film is None or film.photo_size is None or film.photo_taken_at is None:
        return None
    return StoredFile(photo_key(film.key), film.photo_taken_at, film.photo_size)


def _thumbnail(film: JobFilm | None) -> StoredFile | None:
    if film is None or film.thumbnail_size is None:
        return None
    return StoredFile(thumbnail_key(film.key), film.made_at, film.thumbnail_size)


def _last_frame(end: JobEnd, keeping: Keeping, now: float) -> StoredFile | None:
    frame = end.frame
    if frame is None or not is_lasting(frame.key, end.printer_id):
        return None
    is_kept = now < frame.taken_at + keeping.image_days * _DAY
    return StoredFile(frame.key, frame.taken_at, frame.size) if is_kept else None


def job_address(job_id: str, what: str) -> str:
    """The path of what is shown of a job, relative to the page. `job_id`: checked to be one."""
    return f"api/jobs/{job_id}/{what}"


def line_view(line: JobLine, addresses: Addresses, keeping: Keeping, now: float) -> JobLineView:
    return JobLineView(**_line_fields(line, addresses, keeping, now))


def _line_fields(line: JobLine, addresses: Addresses, keeping: Keeping, now: float) -> dict[str, Any]:
    end, files = line.end, files_of(line, keeping, now)
    figures = in_bounds(end.percent, end.layer, end.total_layers, None)
    duration = end.duration_seconds
    image_path = job_address(end.job_id, "image")

    def address(file: StoredFile, path: str) -> tuple[Address, datetime]:
        found = addresses.of(path, file.key, file.at, now)
        return found, _time(found.good_until)

    film = image = thumbnail = None
    if files.film is not None:
        found, until = address(files.film, job_address(end.job_id, "film"))
        film = JobFilmView(size=files.film.size, address=found.text, good_until=until)
    if files.image is not None:
        found, until = address(files.image, image_path)
        image = JobImageView(taken_at=_time(files.image.at), address=found.text, good_until=until)
    if files.thumbnail is not None:
        path = image_path if files.thumbnail == files.image else job_address(end.job_id, "thumbnail")
        found, until = address(files.thumbnail, path)
        thumbnail = ThumbnailView(address=found.text, good_until=until)
    return {
        "id": shown(end.job_id),
        "printer_id": shown(end.printer_id),
        "model": shown_or_none(end.model),
        "name": shown_or_none(end.name),
        "result": shown(end.result),
        "reason": shown_or_none(end.reason),
        "started_at": _time(end.started_at),
        "start_is_known": end.start_is_known,
        "ended_at": _time(end.ended_at),
        "end_is_known": end.end_is_known,
        "duration_seconds": None if duration is None else round(duration, 1),
        "percent": figures.percent,
        "layer": figures.layer,
        "total_layers": figures.total_layers,
        "paused_seconds": round(max(0.0, end.paused_seconds), 1),
        "film": film,
        "image": image,
        "thumbnail": thumbnail,
    }


def detail_view(parts: JobParts, addresses: Addresses, keeping: Keeping, now: float) -> JobDetailView:
    """A job that is over: `parts.end` is there."""
    end = parts.end
    assert end is not None
    line = line_of(end, parts.film)
    fields = _line_fields(line, addresses, keeping, now)
    film = files_of(line, keeping, now).film
    name = shown(f"{end.printer_id} {end.name or 'film'}.mp4").replace("/", "_")
    path = job_address(end.job_id, "film")
    download = None if film is None else addresses.of(path, film.key, film.at, now, file_name=name)
    codes = dict.fromkeys((*end.codes, *parts.course.codes))
    curve = merged_curve(parts.course.points) + tuple(
        point
        for point in decode_curve(end.last_point)[:1]
        if not parts.course.points or point.seconds > parts.course.points[-1].seconds
    )
    return JobDetailView(
        **fields,
        download=None if download is None else FilmDownloadView(name=name, address=download.text),
        errors=_errors(codes, end.model),
        pauses=[_pause(it, end.ended_at if end.end_is_known else None) for it in parts.course.pauses],
        checks=[_check(it) for it in parts.checks.checks],
        curve=_curve(curve),
    )


def end_of_record(record: PrinterRecord, job: Job) -> JobEnd:
    """The end of the last job as far as the printer's record tells it."""
    assert job.ended_at is not None
    return JobEnd(
        job_id=job.id,
        printer_id=record.printer_id,
        model=record.model,
        name=job.name,
        result=job.result or Category.ENDED.value,
        started_at=job.started_at,
        start_is_known=job.start_is_known,
        ended_at=job.ended_at,
        end_is_known=job.result in _SEEN,
        percent=job.percent,
        layer=job.layer,
        total_layers=job.total_layers,
        paused_seconds=job.paused_seconds,
    )


def running_view(record: PrinterRecord, job: Job, kept: JobParts, now: float) -> JobDetailView:
    """A job that goes on: what waits in the record stands beside what is kept already."""
    course = merged_course(kept.course, job.course)
    figures = in_bounds(job.percent, job.layer, job.total_layers, None)
    open_pauses = [pause for pause in job.course.pauses if pause.ended_at is None]
    return JobDetailView(
        id=shown(job.id),
        printer_id=shown(record.printer_id),
        model=shown_or_none(record.model),
        name=shown_or_none(job.name),
        result=None,
        reason=None,
        started_at=_time(job.started_at),
        start_is_known=job.start_is_known,
        ended_at=None,
        end_is_known=True,
        duration_seconds=round(max(0.0, now - job.started_at), 1) if job.start_is_known else None,
        percent=figures.percent,
        layer=figures.layer,
        total_layers=figures.total_layers,
        paused_seconds=round(max(0.0, job.paused_seconds) + paused_in(open_pauses, now), 1),
        film=None,
        image=None,
        thumbnail=None,
        download=None,
        errors=_errors(course.codes, record.model),
        pauses=[_pause(it, None) for it in course.pauses],
        checks=[_check(it) for it in kept.checks.checks],
        curve=_curve(course.points),
    )


def _errors(codes: Iterable[str], model: str | None) -> list[FaultView]:
    return [
        FaultView(code=fault.code, text=fault.text, severity=fault.severity, link=fault.link or "")
        for fault in faults_of(list(codes), model)
    ]


def _pause(pause: Pause, until: float | None) -> PauseView:
    over = until if pause.ended_at is None else pause.ended_at
    return PauseView(
        began_at=_time(pause.began_at),
        ended_at=utc_time(pause.ended_at),
        seconds=None if over is None else round(max(0.0, over - pause.began_at), 1),
        reason=shown_or_none(pause.reason),
    )


def _check(check: JobCheck) -> CheckView:
    is_sure = check.confidence is not None and 0.0 <= check.confidence <= 1.0
    return CheckView(
        at=_time(check.at),
        verdict=shown(check.verdict),
        category=None if check.category == _NOTHING_SEEN else shown_or_none(check.category),
        confidence=check.confidence if is_sure else None,
        summary=shown_or_none(check.summary),
    )


def _curve(points: Curve) -> CurveView:
    points = points[:CURVE_POINTS]
    return CurveView(
        seconds=[it.seconds for it in points],
        percent=[it.percent for it in points],
        nozzle=[it.nozzle for it in points],
        bed=[it.bed for it in points],
        chamber=[it.chamber for it in points],
    )


def stats_view(found: JobFigures, wanted: JobFilter, now: float) -> StatsView:
    """Figures by printers and months. `wanted` counts by whole days (UTC)."""
    by_printer: dict[str, list[DayFigures]] = {}
    by_month: dict[str, list[DayFigures]] = {}
    for it in found.months:
        days = [day for day in it.figures.all_days() if day.jobs and _is_wanted(it.month, day, wanted)]
        if days:
            by_printer.setdefault(it.printer_id, []).extend(days)
            by_month.setdefault(it.month, []).extend(days)
    everything = together(day for days in by_printer.values() for day in days)
    return StatsView(
        at=_time(now),
        all=FiguresWithReasons(**_figures(everything), reasons=_reasons(everything)),
        printers=[
            PrinterFigures(
                printer_id=shown(name),
                **_figures(total),
                reasons=_reasons(total),
            )
            for name in sorted(by_printer)
            for total in [together(by_printer[name])]
        ],
        months=[
            MonthFiguresView(month=month, **_figures(together(by_month[month])))
            for month in sorted(by_month, reverse=True)
        ],
        is_partial=found.is_partial,
    )


def _is_wanted(month: str, day: DayFigures, wanted: JobFilter) -> bool:
    begun = datetime.fromisoformat(f"{month}-01T00:00:00+00:00").timestamp() + (day.day - 1) * _DAY
    return begun + _DAY > wanted.since and begun < wanted.until


def _figures(total: DayFigures) -> dict[str, Any]:
    decided = total.finished + total.failed
    fields = dict.fromkeys(FiguresView.model_fields)
    return fields | {
        "jobs": total.jobs,
        "finished": total.finished,
        "failed": total.failed,
        "cancelled": total.cancelled,
        "ended": total.ended,
        "success_rate": round(total.finished / decided, 4) if decided else None,
        "hours": round(total.seconds / 3600, 2),
        "mean_seconds": round(total.timed_seconds / total.timed, 1) if total.timed else None,
        "longest_seconds": round(total.longest, 1) if total.timed else None,
    }


def _reasons(total: DayFigures) -> list[FailureReason]:
    return [FailureReason(reason=shown(reason), jobs=jobs) for reason, jobs in total.reasons]


def messages_view(told: ToldMessages, now: float) -> MessagesView:
    """What was told within a day."""
    return MessagesView(
        at=_time(now),
        messages=[
            MessageView(at=_time(it.at), text=shown(it.text), severity=it.severity)
            for it in told_since(told, now - TOLD_SECONDS)
        ],
    )


def _time(seconds: float) -> datetime:
    """A time that no answer can carry is the first that it can."""
    return utc_time(seconds) or datetime.fromisoformat("1970-01-01T00:00:00+00:00")
