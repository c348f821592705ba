"""Takes one notification to the transport, and falls back step by step: with its photo or film, without it,
without markup. Only the last step's answer counts, so nothing that hangs on a message can hold it up.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from functions.notify.render import (
    Message,
    RenderContext,
    film_remark,
    headline_message,
    photo_age,
    render,
)
from functions.notify.transports import Answer, Outcome, Transport
from functions.shared.domain.jpeg import Jpeg, read_jpeg
from functions.shared.domain.keys import belongs_to
from functions.shared.domain.limits import PHOTO_AGE_LIMIT_SECONDS, THUMBNAIL_BYTES, THUMBNAIL_SIDE
from functions.shared.errors import PermanentError, TransientError
from functions.shared.messages.effects import Category, Film, Notification
from functions.shared.ports import FrameStore
from functions.shared.telegram.markup import Line, Span
from functions.shared.wording import details

if TYPE_CHECKING:
    from functions.shared.messages.job_message import JobMessage

_log = logging.getLogger(__name__)

_GIVEN_UP = frozenset({Outcome.REFUSED, Outcome.TOO_LARGE, Outcome.BAD_MARKUP, Outcome.DOUBTFUL})
_PERHAPS_MARKUP = frozenset({Outcome.BAD_MARKUP, Outcome.REFUSED, Outcome.DOUBTFUL})
_PHOTO_TRIES = 2
_FILM_TRIES = 12  # most of an hour, by the back-off
_EDIT_TRIES = 8  # four minutes: alerts of that printer wait behind it


class NotificationDelivery:
    """Knows the transport and where photos and films lie."""

    def __init__(self, transport: Transport, frames: FrameStore) -> None:
        self._transport = transport
        self._frames = frames

    def deliver(
        self, notification: Notification, context: RenderContext, failures: int, *, as_text: bool = False
    ) -> Answer:
        """Send it with all that belongs to it; `failures`: tries in a row that found Telegram away.

        `as_text`: without its photo or film, which is not even read. A film that is refused as too large is
        answered TOO_LARGE and not told yet. Raises TransientError when the film cannot be read now.
        """
        if notification.film is not None and as_text:
            return self.announce_film(notification, context, details.FILM_BROKE_OFF)
        if notification.film is not None:
            return self._deliver_film(notification, notification.film, context, failures)
        photo = None if as_text else self._photo_of(notification)
        if photo is not None:
            message = render(notification, context, has_photo=True)
            answer = _formatted_first(message, lambda given: self._transport.send_photo(given, photo))
            if not _is_hopeless(answer, failures, _PHOTO_TRIES):
                return replace(answer, has_photo=answer.is_sent)
            _log.warning("the picture of %s is left out: %s", notification.id, answer.reason)
        return self.send_text(render(notification, context))

    def edit(
        self, notification: Notification, context: RenderContext, shown: "JobMessage", failures: int
    ) -> Answer:
        """Show it in that message, with a newer photo if that one has any; UNCHANGED if it stays as it is.

        Whatever is refused of it, or fails for long, costs nothing: the next edit tells more.
        """
        with_photo = shown.has_photo and failures < _PHOTO_TRIES
        photo = self._photo_of(notification) if with_photo else None

        def edit(newer: bytes | None) -> Answer:
            message = render(notification, context, has_photo=newer is not None, as_caption=shown.has_photo)
            return _formatted_first(message, lambda given: self._transport.edit(given, shown, newer))

        answer = edit(photo)
        if photo is not None and answer.outcome in _GIVEN_UP:
            answer = edit(None)
        is_given_up = answer.outcome is Outcome.UNAVAILABLE and failures >= _EDIT_TRIES
        if answer.outcome in _GIVEN_UP or is_given_up:
            _log.warning("a message could not be edited: %s", answer.reason)
            return Answer(Outcome.UNCHANGED, answer.reason)
        return answer

    def deliver_headline(self, notification: Notification, context: RenderContext) -> Answer:
        """Its first line alone: what happened, without what Telegram may not like in the rest."""
        return self._transport.send_text(headline_message(notification, context, details.REST_NOT_TAKEN))

    def announce_film(self, notification: Notification, context: RenderContext, why: str) -> Answer:
        """Say by text why a film does not come along, and where it lies."""
        film = notification.film
        if film is None:
            return self.send_text(render(notification, context))
        is_named = belongs_to(film.key, notification.printer_id)
        return self._send_with_text(notification, context, film_remark(film, why, is_named=is_named))

    def _deliver_film(
        self, notification: Notification, film: Film, context: RenderContext, failures: int
    ) -> Answer:
        if not belongs_to(film.key, notification.printer_id):
            _log.error("the film of %s is not its printer's own: refused", notification.id)
            return self._send_with_text(notification, context, (Span(details.FILM_UNREADABLE),))
        thumbnail = self._thumbnail_of(notification)

        def send(message: Message) -> Answer:
            with self._frames.open(film.key) as content:
                size = content.seek(0, 2)
                return self._transport.send_film(message, replace(film, size=size), content, thumbnail)

        try:
            answer = _formatted_first(render(notification, context), send)
        except (PermanentError, OSError) as error:
            _log.error("the film of %s cannot be read: %s", notification.id, type(error).__name__)
            return self._send_with_text(notification, context, (Span(details.FILM_UNREADABLE),))
        if answer.outcome is Outcome.TOO_LARGE or not _is_hopeless(answer, failures, _FILM_TRIES):
            return answer
        _log.warning("the film of %s is left out: %s", notification.id, answer.reason)
        return self.announce_film(notification, context, details.FILM_NOT_TAKEN)

    def _send_with_text(self, notification: Notification, context: RenderContext, remark: Line) -> Answer:
        return self.send_text(render(notification, context, remark=remark))

    def send_text(self, message: Message) -> Answer:
        return _formatted_first(message, self._transport.send_text, _PERHAPS_MARKUP)

    def _photo_of(self, notification: Notification) -> bytes | None:
        """The photo, if it is fresh, the printer's own, whole, and can be read."""
        frame, age = notification.frame, photo_age(notification)
        if frame is None or age is None:
            return None
        is_evidence = notification.category is Category.DEFECT  # the very photo that was judged
        if age > PHOTO_AGE_LIMIT_SECONDS and not is_evidence:
            _log.info("the picture of %s is left out: %.0f s old", notification.id, age)
            return None
        read = self._read_jpeg(notification, frame.key)
        return None if read is None else read[0]

    def _thumbnail_of(self, notification: Notification) -> bytes | None:
        """The thumbnail that was stored with the film, if Telegram would take it."""
        if notification.category is not Category.FILM or notification.frame is None:
            return None
        read = self._read_jpeg(notification, notification.frame.key)
        if read is None:
            return None
        photo, jpeg = read
        is_taken = len(photo) <= THUMBNAIL_BYTES and max(jpeg.width, jpeg.height) <= THUMBNAIL_SIDE
        return photo if is_taken else None

    def _read_jpeg(self, notification: Notification, key: str) -> tuple[bytes, Jpeg] | None:
        if not belongs_to(key, notification.printer_id):
            _log.error("a picture of %s is not its printer's own: refused", notification.id)
            return None
        try:
            data = self._frames.get(key)
        except (PermanentError, TransientError, OSError) as error:
            _log.warning("the picture of %s cannot be read: %s", notification.id, type(error).__name__)
            return None
        jpeg = read_jpeg(data)
        if jpeg.fault is not None:
            _log.warning("the picture of %s is left out: %s", notification.id, jpeg.fault)
            return None
        return data, jpeg


def _is_hopeless(answer: Answer, failures: int, tries: int) -> bool:
    """Whether to go on without the photo or film: refused, or in the way after that many failed tries.

    If it was not the photo after all, the text fails just as well, and both are tried again together.
    """
    return answer.outcome in _GIVEN_UP or (answer.outcome is Outcome.UNAVAILABLE and failures >= tries)


def _formatted_first(
    message: Message,
    send: Callable[[Message], Answer],
    perhaps_markup: frozenset[Outcome] = frozenset({Outcome.BAD_MARKUP}),
) -> Answer:
    """As it is; once more as plain text if the markup could not be read, or might be why it is refused."""
    answer = send(message)
    if answer.outcome not in perhaps_markup or message.html is None:
        return answer
    if answer.outcome is Outcome.BAD_MARKUP:
        _log.error("a message's markup was not understood, it is sent as plain text: %s", answer.reason)
    return send(message.unformatted())
