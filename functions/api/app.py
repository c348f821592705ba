"""The REST API and the pages for a person, as a factory: behind uvicorn (embedded) or Mangum (cloud)."""

import logging
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Annotated, Any

from functions.api.deferred_models import NO_TELEMETRY  # before anything else imports FastAPI

# isort: split
from fastapi import Depends, FastAPI, Header, HTTPException, Path, Query, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse
from fastapi.security import APIKeyHeader

from functions.api import middleware
from functions.api.addresses import (
    Addresses,
    BucketAddresses,
    OwnAddresses,
    SigningBucket,
    printer_address,
    version_of,
)
from functions.api.described_answers import (
    FILM_ANSWERS,
    IMAGE_ANSWERS,
    NEEDS_KEY,
    OVERVIEW_ANSWERS,
    PAGED,
    STALE,
    UNKNOWN_PRINTER,
    not_found,
)
from functions.api.health import health, pictures_health
from functions.api.json_values import utc_time
from functions.api.later_routes import LaterRoutes
from functions.api.middleware import (
    HEADER,
    METRICS_PATH,
    OPEN_PATH,
    SAFE_HEADERS,
    KeyCheck,
    SafeHeaders,
)
from functions.api.overview import MOST, overview, overview_response, tag_of
from functions.api.pages import add_pages, open_paths
from functions.api.paging import cursor_of, name_before, page_size
from functions.api.picture_answer import (
    IMAGE_TOO_LARGE,
    image_response,
    keeping_of,
    matches,
)
from functions.api.picture_sending import PictureSending
from functions.api.presenter import overview_printer, printer_view, summary
from functions.api.schemas import (
    FilmView,
    HealthView,
    OverviewHealth,
    OverviewView,
    PrinterSummary,
    PrinterView,
)
from functions.api.web_files import WebFiles
from functions.shared.errors import NotFoundError, TransientError
from functions.shared.ports import FrameStore, RecordStore
from functions.shared.printer_now import collector_silence, newest_status
from functions.shared.read_model import LONGEST_PAGE, PAGE_LIMIT, ListedPrinter, Queries
from functions.shared.runtime.clocks import Clock

if TYPE_CHECKING:
    from functions.shared.live import Live
    from functions.shared.samples import Samples

log = logging.getLogger(__name__)

_VALIDATION_SCHEMAS = ("HTTPValidationError", "ValidationError")


class DescribedApp(FastAPI):
    """Every parameter is any text, so none is ever refused as invalid; and `OPEN_PATH` asks for no key."""

    later: LaterRoutes | None = None

    def openapi(self) -> dict[str, Any]:
        if self.later is not None:
            self.later.complete()
        document = super().openapi()
        for path, methods in document["paths"].items():
            for operation in methods.values():
                operation["responses"].pop("422", None)
                if path == OPEN_PATH:
                    operation.pop("security", None)
                    operation["responses"].pop("401", None)
        for name in _VALIDATION_SCHEMAS:
            document["components"]["schemas"].pop(name, None)
        return document


NO_STATUS = "no status yet"
NO_IMAGE = "no image yet"
NO_FILM = "no film yet"

_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_DESCRIPTION = """What 3D printers behind BambUI are doing.

A printer's name in a path is percent-encoded as one segment (`a/b` is `a%2Fb`). The names `.` and `..`,
which clients drop from a path, are asked for with a `~` before them.
"""

_OF_AN_ADDRESS = "Of an address that was given: which one is meant"
Cursor = Annotated[str | None, Query(description="From the answer before: where the page begins")]
PageLimit = Annotated[
    str | None,
    Query(description=f"Printers in one answer: {PAGE_LIMIT} unless given, at most {LONGEST_PAGE}"),
]
PrinterName = Annotated[str, Path(description="The printer's name, percent-encoded", examples=["A1M-1"])]


def create_app(
    records: RecordStore,
    frames: FrameStore,
    live: "Live | None",
    clock: Clock,
    api_key: str = "",
    root_path: str = "",
    metrics: Callable[[], bytes] | None = None,
    disk_trouble: Callable[[], str | None] = lambda: None,
    hosts: Collection[str] | None = None,
    is_open: bool = False,
    image_bytes_limit: int | None = None,
    sending: PictureSending | None = None,
    bucket: SigningBucket | None = None,
    film_days: float = 30.0,
    image_days: float = 7.0,
    samples: "Samples | None" = None,
    history_later: bool = False,
) -> FastAPI:
    """The application. With `live` (embedded) the newest comes from memory; without, from the stores.

    `clock`: seconds since 1970, the edge's own clock when both run in one process. `api_key`: every path
    but `/api/` asks for it (empty: none does). `root_path`: the stage path of a gateway.
    `metrics` (embedded): gives the text for Prometheus, at `/metrics`. `disk_trouble` (embedded): what is
    wrong with its disk, in words. `hosts`: without a key, the names beside those that can only be the
    user's own (None: any name). `is_open`: all the network may look. `image_bytes_limit`: a larger
    picture is given in a smaller rendition (None: any is given as it is). `sending`: bounds the pictures that
    are being sent. `bucket` (cloud): who has the pictures and films, and signs addresses of them.
    `film_days`, `image_days`: how long films and frames are kept. `history_later`: the routes of past jobs
    are made when they are first asked for.
    """
    sending = sending or PictureSending()
    own_addresses = OwnAddresses(api_key)
    addresses: Addresses = own_addresses if bucket is None else BucketAddresses(bucket)
    web = WebFiles(addresses.origin)
    started_at = clock() if live is not None else None
    app = DescribedApp(
        title="Printer Realtime Bridge",
        version="1.0",
        description=_DESCRIPTION,
        docs_url=None,  # FastAPI's own loads its scripts from the internet
        redoc_url=None,
        telemetry=NO_TELEMETRY,
        dependencies=[Depends(APIKeyHeader(name=HEADER, auto_error=False))] if api_key else [],
        responses=NEEDS_KEY if api_key else {},
    )
    if api_key:
        app.add_middleware(
            KeyCheck,
            key=api_key,
            pages=open_paths(web),
            opens=lambda path, asked: own_addresses.opens(path, asked, clock()),
        )
    app.add_middleware(middleware.PrinterPaths, root_path=root_path)
    app.add_middleware(middleware.OwnRequests, hosts=None if api_key else hosts)
    app.add_middleware(SafeHeaders)
    _add_fault_answers(app)

    def queries() -> Queries:
        """One an answer: what it has read is not read again."""
        return Queries(records, frames, live)

    def found(segment: str, stores: Queries) -> ListedPrinter:
        printer = stores.find(middleware.decoded(segment))
        if printer is None:
            raise HTTPException(404, UNKNOWN_PRINTER)
        return printer

    add_pages(app, web)

    @app.get(
        OPEN_PATH,
        response_class=PlainTextResponse,
        summary="Is the API there?",
        responses={200: {"content": {"text/plain": {"example": "OK"}}}},
    )
    def say_ok() -> str:
        """Answers `OK`, without a key too."""
        return "OK"

    @app.get(
        "/api/overview",
        summary="All that a page shows",
        response_model=OverviewView,
        responses=OVERVIEW_ANSWERS,
    )
    def show_overview(
        cursor: Cursor = None,
        limit: Annotated[str | None, Query(description=f"Printers in one answer, at most {MOST}")] = None,
        if_none_match: Annotated[str | None, Header(description="The `ETag` of the answer you have")] = None,
        accept_encoding: Annotated[str, Header(include_in_schema=False)] = "",
    ) -> Response:
        """Every printer with its job, its errors and its newest picture: one request for a whole wall."""
        stores, now = queries(), clock()
        after = name_before(cursor)
        page = stores.page(after, min(page_size(limit), MOST))
        printers = stores.read_page(page, with_checks_after=after)
        state, _ = health(stores.collectors, printers, now, started_at, stores.chats, disk_trouble())
        view = overview(
            [
                overview_printer(
                    it, now, collector_silence(stores.watchers(it.printer_id), now, started_at), addresses
                )
                for it in printers
            ],
            None if page.more_after is None else cursor_of(page.more_after),
            OverviewHealth(status=state.status, detail=state.detail, is_open=is_open),
            now,
            is_embedded=live is not None,
        )
        tag = tag_of(view)
        if if_none_match is not None and matches(if_none_match, tag):
            return Response(status_code=304, headers={"ETag": tag, "Vary": "Accept-Encoding"})
        return overview_response(view, tag, accept_encoding)

    @app.get("/api/printers", summary="All known printers", responses=PAGED)
    def list_printers(
        response: Response, cursor: Cursor = None, limit: PageLimit = None
    ) -> list[PrinterSummary]:
        """Every printer that was ever heard of, sorted by name.

        Of many the first page, with the address of the next one in the header `Link`.
        """
        page = queries().page(name_before(cursor), page_size(limit))
        if page.more_after is not None:
            following = f"cursor={cursor_of(page.more_after)}&limit={page_size(limit)}"
            response.headers["Link"] = f'<?{following}>; rel="next"'
        return [summary(printer) for printer in page.printers]

    @app.get(
        "/api/printer/{printer_id}", summary="One printer", responses=not_found(UNKNOWN_PRINTER, NO_STATUS)
    )
    def show_printer(printer_id: PrinterName) -> PrinterView:
        """The newest status as received, and what the bridge makes of it."""
        stores, now = queries(), clock()
        printer = found(printer_id, stores)
        printer_data = stores.read(printer)
        status = newest_status(printer_data)
        if status is None:
            raise HTTPException(404, NO_STATUS)
        watchers = stores.watchers(printer.printer_id) or stores.collectors
        silence = collector_silence(watchers, now, started_at)
        return printer_view(printer_data, status, now, silence)

    @app.get(
        "/api/printer/{printer_id}/image",
        summary="The newest picture",
        response_class=Response,
        responses=IMAGE_ANSWERS
        | not_found(UNKNOWN_PRINTER, NO_IMAGE, *([IMAGE_TOO_LARGE] if image_bytes_limit else [])),
    )
    def show_image(
        printer_id: PrinterName,
        if_none_match: Annotated[str | None, Header(description="The `ETag` of the picture you have")] = None,
        at: Annotated[str | None, Query(description=_OF_AN_ADDRESS)] = None,
    ) -> Response:
        """The newest whole JPEG of the printer's camera, as it was received.

        In the cloud one of more than 4.7 MB is given smaller: at most 1920 pixels wide and high.
        """
        stores = queries()
        name = found(printer_id, stores).printer_id
        with sending.reading():
            image = stores.image(name)
            if image is None:
                raise HTTPException(404, NO_IMAGE)
            keeping = keeping_of(image, at, clock())
            return image_response(image, if_none_match, sending, image_bytes_limit, keeping)

    @app.get(
        "/api/printer/{printer_id}/film",
        summary="The film of the last job",
        responses=not_found(UNKNOWN_PRINTER, NO_FILM),
    )
    def show_film(printer_id: PrinterName) -> FilmView:
        """Where it is to be had. It is there some minutes after the job's end."""
        stores = queries()
        name = found(printer_id, stores).printer_id
        film = stores.film(name)
        if film is None:
            raise HTTPException(404, NO_FILM)
        address = addresses.of(printer_address(name, "film.mp4"), film.key, film.taken_at, clock())
        made_at, good_until = utc_time(film.taken_at), utc_time(address.good_until)
        assert made_at is not None
        assert good_until is not None
        return FilmView(made_at=made_at, size=film.size, address=address.text, good_until=good_until)

    @app.get(
        "/api/printer/{printer_id}/film.mp4",
        summary="That film itself",
        response_class=Response,
        responses=FILM_ANSWERS | not_found(UNKNOWN_PRINTER, NO_FILM),
    )
    def send_film(
        printer_id: PrinterName,
        byte_range: Annotated[str | None, Header(alias="range", description="A part of it")] = None,
        at: Annotated[str | None, Query(description=_OF_AN_ADDRESS)] = None,
    ) -> Response:
        """An MP4, any range of it. In the cloud a redirect to where it is stored."""
        stores = queries()
        name = found(printer_id, stores).printer_id
        film = stores.film(name)
        if film is None or at not in (None, version_of(film.taken_at)):
            raise HTTPException(404, NO_FILM)
        if addresses.origin is not None:
            address = addresses.of("", film.key, film.taken_at, clock())
            return RedirectResponse(address.text, 302)
        from functions.api.film_sending import FilmResponse  # the cloud sends none itself

        try:
            return FilmResponse(frames.open(film.key), film.size, byte_range)
        except NotFoundError:
            raise HTTPException(404, NO_FILM) from None

    @app.get(
        "/api/health",
        summary="Is data recent, and do messages arrive?",
        responses=STALE,
    )
    def show_health(response: Response, cursor: Cursor = None, limit: PageLimit = None) -> HealthView:
        """`ok`, `stale` when a collector was not heard of for 15 minutes, `refused` when the chat takes no
        messages, `disk_full`, or `doubled` when two collectors watch the same printers (all 200).

        503 when nothing at all was heard for so long. A printer that is switched off changes nothing. Of many
        printers the answer has a page; all else in it is of them all.
        """
        stores = queries()
        page = stores.page(name_before(cursor), page_size(limit))
        view, is_anything_recent = health(
            stores.collectors,
            stores.read_page(page),
            clock(),
            started_at,
            stores.chats,
            disk_trouble(),
            None if page.more_after is None else cursor_of(page.more_after),
        )
        if not is_anything_recent:
            response.status_code = 503
        pictures = None if live is None else pictures_health(live.pictures)
        return view.model_copy(update={"is_open": is_open, "pictures": pictures})

    def named(segment: str, stores: Queries) -> str:
        return found(segment, stores).printer_id

    def add_what_is_past() -> None:
        from functions.api.history import HistoryParts, add_history, keeping_files  # see `later_routes`
        from functions.api.samples import add_samples

        keeping = keeping_files(film_days, image_days, frames, is_local=bucket is None)
        parts = (records, frames, queries, named, addresses, keeping, sending, clock, image_bytes_limit)
        add_history(app, HistoryParts(*parts))
        add_samples(app, samples)

    if history_later:
        app.later = LaterRoutes(add_what_is_past)
        app.router.routes.append(app.later)
    else:
        add_what_is_past()
    if metrics is not None:
        _add_metrics(app, metrics)
    return app


def _add_metrics(app: FastAPI, metrics: Callable[[], bytes]) -> None:
    @app.get(METRICS_PATH, include_in_schema=False)
    def show_metrics() -> Response:
        return Response(metrics(), headers={"Content-Type": _METRICS_TYPE})


def _add_fault_answers(app: FastAPI) -> None:
    """A store that is away, and what nobody thought of: said plainly, without anything of the inside."""

    @app.exception_handler(TransientError)
    def say_unavailable(_request: Request, error: TransientError) -> Response:
        log.warning("A request could not be answered: %s", error)
        detail = "the store cannot be read just now: try again in a few seconds"
        return JSONResponse({"detail": detail}, 503, {"Retry-After": "5"})

    @app.exception_handler(Exception)
    def say_broken(_request: Request, _error: Exception) -> Response:
        return JSONResponse({"detail": "internal error: see the log of the bridge"}, 500, SAFE_HEADERS)
