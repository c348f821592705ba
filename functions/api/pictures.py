"""What the API answers of a printer's newest picture, and of the film of its last job."""

from collections.abc import Callable
from typing import Annotated

from fastapi import FastAPI, Header, HTTPException, Path, Query, Response
from fastapi.responses import RedirectResponse

from functions.api.addresses import Addresses, printer_address, version_of
from functions.api.described_answers import FILM_ANSWERS, IMAGE_ANSWERS, UNKNOWN_PRINTER, not_found
from functions.api.json_values import utc_time
from functions.api.picture_answer import IMAGE_TOO_LARGE, image_response, keeping_of
from functions.api.picture_sending import PictureSending
from functions.api.schemas import FilmView
from functions.shared.errors import NotFoundError
from functions.shared.ports import FrameStore
from functions.shared.read_model import Queries
from functions.shared.runtime.clocks import Clock
from functions.shared.value_class import dataclass

NO_IMAGE = "no image yet"
NO_FILM = "no film yet"

_OF_AN_ADDRESS = "Of an address that was given: which one is meant"
PrinterName = Annotated[str, Path(description="The printer's name, percent-encoded", examples=["A1M-1"])]


@dataclass(frozen=True, slots=True)
class PictureParts:
    """What the answers are made from. `printer`: the name of the printer that is asked for, as it is known.

    Raises HTTPException for one that is not.
    """

    frames: FrameStore
    queries: Callable[[], Queries]
    printer: Callable[[str, Queries], str]
    addresses: Addresses
    sending: PictureSending
    clock: Clock
    image_bytes_limit: int | None = None


def add_pictures(app: FastAPI, parts: PictureParts) -> None:
    """The routes."""
    limit = parts.image_bytes_limit

    @app.get(
        "/api/printer/{printer_id}/image",
        summary="The newest picture",
        response_class=Response,
        responses=IMAGE_ANSWERS | not_found(UNKNOWN_PRINTER, NO_IMAGE, *([IMAGE_TOO_LARGE] if limit else [])),
    )
    def show_image(
        printer_id: PrinterName,
        if_none_match: Annotated[str | None, Header(description="The `ETag` of the picture you have")] = None,
        at: Annotated[str | None, Query(description=_OF_AN_ADDRESS)] = None,
    ) -> Response:
        """The newest whole JPEG of the printer's camera, as it was received.

        In the cloud one of more than 4.7 MB is given smaller: at most 1920 pixels wide and high.
        """
        stores = parts.queries()
        name = parts.printer(printer_id, stores)
        with parts.sending.reading():
            image = stores.image(name)
            if image is None:
                raise HTTPException(404, NO_IMAGE)
            keeping = keeping_of(image, at, parts.clock())
            return image_response(image, if_none_match, parts.sending, limit, keeping)

    @app.get(
        "/api/printer/{printer_id}/film",
        summary="The film of the last job",
        responses=not_found(UNKNOWN_PRINTER, NO_FILM),
    )
    def show_film(printer_id: PrinterName) -> FilmView:
        """Where it is to be had. It is there some minutes after the job's end."""
        stores = parts.queries()
        name = parts.printer(printer_id, stores)
        film = stores.film(name)
        if film is None:
            raise HTTPException(404, NO_FILM)
        own = printer_address(name, "film.mp4")
        address = parts.addresses.of(own, film.key, film.taken_at, parts.clock())
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
        stores = parts.queries()
        film = stores.film(parts.printer(printer_id, stores))
        if film is None or at not in (None, version_of(film.taken_at)):
            raise HTTPException(404, NO_FILM)
        if parts.addresses.origin is not None:
            return RedirectResponse(parts.addresses.of("", film.key, film.taken_at, parts.clock()).text, 302)
        from functions.api.film_sending import FilmResponse  # the cloud sends none itself

        try:
            return FilmResponse(parts.frames.open(film.key), film.size, byte_range)
        except NotFoundError:
            raise HTTPException(404, NO_FILM) from None
