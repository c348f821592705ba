"""The REST API and the pages for a person, as a factory: behind uvicorn (embedded) or Mangum (cloud)."""

import logging
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Annotated, Any

from functions.api.deferred_models import NO_TELEMETRY  # before anything else imports FastAPI

# isort: split
from fastapi import Depends, FastAPI, Header, HTTPException, Path, Query, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.security import APIKeyHeader

from functions.api import middleware
from functions.api.addresses import (
    Addresses,
    BucketAddresses,
    OwnAddresses,
    SigningBucket,
)
from functions.api.described_answers import (
    NEEDS_KEY,
    OVERVIEW_ANSWERS,
    PAGED,
    STALE,
    UNKNOWN_PRINTER,
    not_found,
)
from functions.api.health import health, pictures_health
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
from functions.api.paging import cursor_of, name_before, page_size
from functions.api.picture_answer import (
    matches,
)
from functions.api.picture_sending import PictureSending
from functions.api.presenter import overview_printer, printer_view, summary
from functions.api.schemas import (
    HealthView,
    OverviewHealth,
    OverviewView,
    PrinterSummary,
    PrinterView,
)
from functions.shared.errors import TransientError
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

    def openapi(self) -> dict[str, Any]:
        for route in [*self.router.routes]:
            if isinstance(route, LaterRoutes):
                route.complete()
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
OF_PICTURES = ("/image", "/film", "/film.mp4")  # so end the paths of a picture or a film

_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_DESCRIPTION = """What 3D printers behind BambUI are doing.

A printer's name in a path is percent-encoded as one segment (`a/b` is `a%2Fb`). The names `.` and `..`,
which clients drop from a path, are asked for with a `~` before them.
"""

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
    routes_later: bool = False,
) -> FastAPI:
    """The application. With `live` (embedded) the newest comes from memory; without, from the stores.

    `clock`: seconds since 1970, the edge's own clock when both run in one process. `api_key`: every path
    but `/api/` asks for it (empty: none does). `root_path`: the stage path of a gateway.
    `metrics` (embedded): gives the text for Prometheus, at `/metrics`. `disk_trouble` (embedded): what is
    wrong with its disk, in words. `hosts`: without a key, the names beside those that can only be the
    user's own (None: any name). `is_open`: all the network may look. `image_bytes_limit`: a larger
    picture is given in a smaller rendition (None: any is given as it is). `sending`: bounds the pictures that
    are being sent. `bucket` (cloud): who has the pictures and films, and signs addresses of them.
    `film_days`, `image_days`: how long films and frames are kept. `routes_later`: those that are seldom
    asked for are made when they first are.
    """
    sending = sending or PictureSending()
    own_addresses = OwnAddresses(api_key)
    addresses: Addresses = own_addresses if bucket is None else BucketAddresses(bucket)
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
        from functions.api.pages import open_paths
        from functions.api.web_files import WebFiles

        app.add_middleware(
            KeyCheck,
            key=api_key,
            pages=open_paths(WebFiles()),
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

    def named(segment: str, stores: Queries) -> str:
        return found(segment, stores).printer_id

    def add(make: Callable[[], None], concerns: Callable[[str], bool] = bool) -> None:
        if routes_later:
            app.router.routes.append(LaterRoutes(app.router, make, concerns))
        else:
            make()

    def add_site() -> None:
        from functions.api.pages import add_pages  # see `later_routes`
        from functions.api.web_files import WebFiles

        add_pages(app, WebFiles(addresses.origin))

    add(add_site, lambda path: not path.startswith(OPEN_PATH))

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

    def add_pictures_and_film() -> None:
        from functions.api.pictures import PictureParts, add_pictures

        parts = (frames, queries, named, addresses, sending, clock, image_bytes_limit)
        add_pictures(app, PictureParts(*parts))

    add(add_pictures_and_film, lambda path: path.endswith(OF_PICTURES))

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

    def add_what_is_past() -> None:
        from functions.api.history import HistoryParts, add_history, keeping_files
        from functions.api.samples import add_samples

        keeping = keeping_files(film_days, image_days, frames, is_local=bucket is None)
        parts = (records, frames, queries, named, addresses, keeping, sending, clock, image_bytes_limit)
        add_history(app, HistoryParts(*parts))
        add_samples(app, samples)

    add(add_what_is_past)
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
