"""What the API answers of past jobs, of the running one, and of what was told."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import FastAPI, Header, HTTPException, Path, Query, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from functions.api.addresses import Addresses, version_of
from functions.api.described_answers import FILM_ANSWERS, IMAGE_ANSWERS, UNKNOWN_PRINTER, not_found
from functions.api.film_sending import FilmResponse
from functions.api.job_filter import JOBS_LIMIT, MOST_JOBS, figures_filter, job_filter, job_limit
from functions.api.job_presenter import (
    JobFiles,
    Keeping,
    StoredFile,
    detail_view,
    end_of_record,
    files_of,
    line_view,
    messages_view,
    running_view,
    stats_view,
)
from functions.api.job_schemas import JobDetailView, JobsView, MessagesView, StatsView
from functions.api.job_table import header_row, job_rows
from functions.api.json_values import utc_time
from functions.api.picture_answer import image_response, keeping_of
from functions.api.picture_sending import PictureSending
from functions.shared import job_listing
from functions.shared.errors import NotFoundError
from functions.shared.job_listing import JobFilter, JobParts
from functions.shared.messages.job_history import JobEnd, line_of
from functions.shared.ports import FrameStore, RecordStore
from functions.shared.read_model import NewestImage, Queries
from functions.shared.runtime.clocks import Clock
from functions.shared.value_class import dataclass

UNKNOWN_JOB = "unknown job"
NO_JOB = "no job yet"
NO_JOB_FILM = "no film of this job"
NO_JOB_IMAGE = "no photo of this job"

# Of what a function may answer in four seconds; the rest is behind the address in the header `Link`.
CLOUD_ROWS = 2000
_TABLE_PAGE = 500
_TABLE_TYPE = "text/csv; charset=utf-8"

PrinterName = Annotated[str, Path(description="The printer's name, percent-encoded", examples=["A1M-1"])]
JobId = Annotated[str, Path(description="The job's id", examples=["5d0c1b2a3f4e5d6c7b8a"])]
OfPrinter = Annotated[str | None, Query(description="Only of this printer", examples=["A1M-1"])]
WithResult = Annotated[
    str | None, Query(description="Only finished, failed, cancelled, ended or never_began")
]
Since = Annotated[str | None, Query(description="ISO 8601: only what ended on that day, or then, and later")]
Until = Annotated[
    str | None, Query(description="ISO 8601: only what ended until then; of a day: until its end")
]
Cursor = Annotated[str | None, Query(description="From the answer before: where the page begins")]
Limit = Annotated[
    str | None, Query(description=f"Jobs in one answer: {JOBS_LIMIT} unless given, at most {MOST_JOBS}")
]
Version = Annotated[str | None, Query(description="Of an address that was given: which one is meant")]


@dataclass(frozen=True, slots=True)
class HistoryParts:
    """What the answers on jobs are made from. `printer`: the name of the printer that is asked for, as it is
    known. Raises HTTPException for one that is not.
    """

    records: RecordStore
    frames: FrameStore
    queries: Callable[[], Queries]
    printer: Callable[[str, Queries], str]
    addresses: Addresses
    keeping: Keeping
    sending: PictureSending
    clock: Clock
    image_bytes_limit: int | None = None


def keeping_files(film_days: float, image_days: float, frames: FrameStore, *, is_local: bool) -> Keeping:
    """With files of our own that each is there is seen at little cost: more may be gone than what is old."""

    def is_there(key: str) -> bool:
        try:
            with frames.open(key):
                return True
        except NotFoundError:
            return False

    return Keeping(film_days, image_days, is_there) if is_local else Keeping(film_days, image_days)


def add_history(app: FastAPI, parts: HistoryParts) -> None:
    """The routes."""
    _add_lists(app, parts)
    _add_jobs(app, parts)
    _add_of_printer(app, parts)


def _add_lists(app: FastAPI, parts: HistoryParts) -> None:
    def as_known(printer: str | None) -> str | None:
        """A name may also be given as the API shows it; only that takes a look at the printers there are."""
        if printer and (printer.startswith("~") or "?" in printer):
            found = parts.queries().find(printer)
            return printer if found is None else found.printer_id
        return printer

    def wanted(printer: str | None, result: str | None, since: str | None, until: str | None) -> JobFilter:
        return job_filter(as_known(printer), result, since, until)

    @app.get("/api/jobs", summary="Past jobs")
    def list_jobs(
        printer: OfPrinter = None,
        result: WithResult = None,
        since: Since = None,
        until: Until = None,
        cursor: Cursor = None,
        limit: Limit = None,
    ) -> JobsView:
        """Jobs that are over, of all printers or of one, the newest end first, page by page.

        A cursor stays good while jobs come and go. One answer reads so many jobs and no more: where few of
        them are of the wanted result, its page may be short.
        """
        now = parts.clock()
        page = job_listing.page(
            parts.records, wanted(printer, result, since, until), cursor, job_limit(limit)
        )
        at = utc_time(now)
        assert at is not None
        return JobsView(
            at=at,
            jobs=[line_view(line, parts.addresses, parts.keeping, now) for line in page.lines],
            next_cursor=page.next_cursor,
        )

    @app.get(
        "/api/jobs.csv",
        summary="Past jobs as a table",
        response_class=Response,
        responses=_TABLE_ANSWERS,
    )
    def send_table(
        printer: OfPrinter = None,
        result: WithResult = None,
        since: Since = None,
        until: Until = None,
        cursor: Cursor = None,
    ) -> Response:
        """The same jobs as comma-separated values, for a spreadsheet.

        In the cloud 2000 rows at a time, with the address of the next ones in the header `Link`.
        """
        asked_for = wanted(printer, result, since, until)
        headers = {"Content-Disposition": 'attachment; filename="jobs.csv"'}
        if parts.addresses.origin is None:
            pieces = (text for text, _ in _table(parts.records, asked_for, cursor))
            return StreamingResponse(pieces, headers=headers, media_type=_TABLE_TYPE)
        texts, following = [], None
        rows = 0
        for text, behind in _table(parts.records, asked_for, cursor):
            following = behind
            texts.append(text)
            rows += _TABLE_PAGE
            if rows >= CLOUD_ROWS:
                break
        if following is not None:
            asked = {"printer": printer, "result": result, "since": since, "until": until}
            query = urlencode({name: it for name, it in asked.items() if it} | {"cursor": following})
            headers["Link"] = f'<?{query}>; rel="next"'
        return Response("".join(texts), headers=headers, media_type=_TABLE_TYPE)

    @app.get("/api/stats", summary="Figures of past jobs")
    def show_stats(printer: OfPrinter = None, since: Since = None, until: Until = None) -> StatsView:
        """Jobs, success, hours, mean and longest, and why jobs failed: of all, by printer, by month (UTC).

        Days count whole (UTC), from that of `since` to that of `until`; one that begins with the time `until`
        does not count. What is asked for is read newest first, 500 months of printers at the most.
        """
        asked_for = figures_filter(as_known(printer), since, until)
        return stats_view(job_listing.figures(parts.records, asked_for), asked_for, parts.clock())


def _table(records: RecordStore, wanted: JobFilter, cursor: str | None) -> Iterator[tuple[str, str | None]]:
    """Pieces of the table, with the cursor behind each."""
    header = header_row()
    while True:
        page = job_listing.page(records, wanted, cursor, _TABLE_PAGE)
        cursor = page.next_cursor
        yield header + job_rows(page.lines), cursor
        header = ""
        if cursor is None:
            return


def _add_jobs(app: FastAPI, parts: HistoryParts) -> None:
    def found(job_id: str) -> tuple[JobParts, JobEnd]:
        job = job_listing.find(parts.records, job_id)
        if job is None or job.end is None:
            raise HTTPException(404, UNKNOWN_JOB)
        return job, job.end

    def files(job_id: str) -> JobFiles:
        job, end = found(job_id)
        return files_of(line_of(end, job.film), parts.keeping, parts.clock())

    def picture(file: StoredFile | None, if_none_match: str | None, at: str | None) -> Response:
        if file is None or at not in (None, version_of(file.at)):
            raise HTTPException(404, NO_JOB_IMAGE)
        with parts.sending.reading():
            try:
                image = NewestImage(parts.frames.get(file.key), file.at)
            except NotFoundError:
                raise HTTPException(404, NO_JOB_IMAGE) from None
            keeping = keeping_of(image, at, parts.clock())
            return image_response(image, if_none_match, parts.sending, parts.image_bytes_limit, keeping)

    @app.get("/api/jobs/{job_id}", summary="One past job", responses=not_found(UNKNOWN_JOB))
    def show_job(job_id: JobId) -> JobDetailView:
        """A job that is over, with its errors, pauses, checks and curve."""
        job, _ = found(job_id)
        return detail_view(job, parts.addresses, parts.keeping, parts.clock())

    @app.get(
        "/api/jobs/{job_id}/film",
        summary="The film of a job",
        response_class=Response,
        responses=FILM_ANSWERS | not_found(UNKNOWN_JOB, NO_JOB_FILM),
    )
    def send_job_film(
        job_id: JobId,
        byte_range: Annotated[str | None, Header(alias="range", description="A part of it")] = None,
        at: Version = None,
    ) -> Response:
        """An MP4, any range of it. In the cloud a redirect to where it is stored."""
        film = files(job_id).film
        if film is None or at not in (None, version_of(film.at)):
            raise HTTPException(404, NO_JOB_FILM)
        if parts.addresses.origin is not None:
            return RedirectResponse(parts.addresses.of("", film.key, film.at, parts.clock()).text, 302)
        try:
            return FilmResponse(parts.frames.open(film.key), film.size, byte_range)
        except NotFoundError:
            raise HTTPException(404, NO_JOB_FILM) from None

    @app.get(
        "/api/jobs/{job_id}/image",
        summary="The last photo of a job",
        response_class=Response,
        responses=IMAGE_ANSWERS | not_found(UNKNOWN_JOB, NO_JOB_IMAGE),
    )
    def show_job_image(
        job_id: JobId,
        if_none_match: Annotated[str | None, Header(description="The `ETag` of the photo you have")] = None,
        at: Version = None,
    ) -> Response:
        """A JPEG of how it ended, kept as long as its film, or without a film as long as frames are."""
        return picture(files(job_id).image, if_none_match, at)

    @app.get(
        "/api/jobs/{job_id}/thumbnail",
        summary="The same, small",
        response_class=Response,
        responses=IMAGE_ANSWERS | not_found(UNKNOWN_JOB, NO_JOB_IMAGE),
    )
    def show_job_thumbnail(
        job_id: JobId,
        if_none_match: Annotated[str | None, Header(description="The `ETag` of the photo you have")] = None,
        at: Version = None,
    ) -> Response:
        """A JPEG some 320 pixels wide, made with the film; without a film the photo as it is."""
        return picture(files(job_id).thumbnail, if_none_match, at)


def _add_of_printer(app: FastAPI, parts: HistoryParts) -> None:
    @app.get(
        "/api/printer/{printer_id}/job",
        summary="The running job, or the last one, in full",
        responses=not_found(UNKNOWN_PRINTER, NO_JOB),
    )
    def show_printer_job(printer_id: PrinterName) -> JobDetailView:
        """As `/api/jobs/{job_id}`; while it runs without a result, an end, a film and a photo."""
        stores, now = parts.queries(), parts.clock()
        record = stores.record(parts.printer(printer_id, stores))
        job = record.job if record is not None else None
        if record is None or job is None:
            raise HTTPException(404, NO_JOB)
        kept = job_listing.find(parts.records, job.id) or JobParts()
        if job.ended_at is not None:  # before the upgrade jobs ended without an item of their own
            kept = kept if kept.end is not None else replace(kept, end=end_of_record(record, job))
            return detail_view(kept, parts.addresses, parts.keeping, now)
        return running_view(record, job, kept, now)

    @app.get(
        "/api/printer/{printer_id}/messages",
        summary="What was told of it in the last day",
        responses=not_found(UNKNOWN_PRINTER),
    )
    def show_messages(printer_id: PrinterName) -> MessagesView:
        """The messages of the last 24 hours but progress and photos, the newest first, at most 50."""
        stores = parts.queries()
        return messages_view(stores.told(parts.printer(printer_id, stores)), parts.clock())


_TABLE_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The table, with a row of names before the others",
        "content": {"text/csv": {"schema": {"type": "string"}, "example": header_row()}},
        "headers": {
            "Link": {
                "description": 'Where more follow: the next rows, `rel="next"`',
                "schema": {"type": "string"},
            }
        },
    }
}
