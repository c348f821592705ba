"""What is sent beside words: a photo, a film; and what is kept of an alert that was none."""

import logging
from collections.abc import Callable

from functions.chat.bot import FILM_BYTES_LIMIT, Bot, Place, Reply
from functions.chat.photos import FreshPictures, Picture
from functions.chat.progress import Progress
from functions.chat.response import JOB_LIMIT, Known
from functions.chat.standing import card, title
from functions.shared import job_listing
from functions.shared.domain.keys import belongs_to, inspection_key, preferences_key, token_of
from functions.shared.domain.limits import PHOTO_AGE_MENTIONED_SECONDS
from functions.shared.errors import BridgeError, NotFoundError, PermanentError
from functions.shared.live import Live
from functions.shared.messages.chat_preferences import (
    preferences_to_json,
    read_preferences,
    with_dismissed,
)
from functions.shared.messages.inspection_record import inspection_from_json
from functions.shared.ports import FrameStore, RecordStore, StoredFrame
from functions.shared.read_model import Queries
from functions.shared.records import update
from functions.shared.runtime.clocks import Clock
from functions.shared.samples import Sample, Samples
from functions.shared.telegram.markup import Line, Span, code_words, name_words
from functions.shared.wording import chat_answers as wording
from functions.shared.wording.figures import size

_log = logging.getLogger(__name__)
_NAME_LIMIT = 60
_JOBS_BACK = 100  # a button under an end of some weeks ago


class Media:
    """Knows where pictures and films lie. `fresh`: who is asked for a new picture."""

    def __init__(
        self,
        bot: Bot,
        records: RecordStore,
        frames: FrameStore,
        live: Live | None,
        fresh: FreshPictures,
        clock: Clock,
    ) -> None:
        self._bot = bot
        self._records = records
        self._frames = frames
        self._live = live
        self._fresh = fresh
        self._clock = clock

    def send_photo(
        self, place: Place, known: Known, printer_id: str, wish: str, turn: Callable[[], None]
    ) -> Reply:
        """The freshest there is; its age is said where it looks like now and is not.

        `turn` is called right before it is sent, as seconds went by until it was there, and raises what it
        likes: a repeat finds the picture at once.
        """
        picture, is_fresh = self._picture(printer_id, wish)
        turn()
        if picture is None:
            return self._bot.say(place, [(Span(wording.no_photo(name_words(printer_id, _NAME_LIMIT))),)])
        printer = known.named(printer_id)
        lines = list(card(printer, known, is_compact=False)) if printer is not None else [title(printer_id)]
        age = self._clock() - picture.taken_at
        if age > PHOTO_AGE_MENTIONED_SECONDS:
            said = wording.photo_age(age) if is_fresh else wording.no_fresh_photo(age)
            lines.append((Span(said, "i"),))
        reply = self._bot.show(place, lines, picture.data)
        if reply.status in (400, 413):  # the picture is what Telegram does not take: its words it may
            _log.error("a photo is refused: %s", reply.description)
            return self._bot.say(place, [*lines, (Span(wording.could_not_send("photo")),)])
        return reply

    def _picture(self, printer_id: str, wish: str) -> tuple[Picture | None, bool]:
        """The picture, and whether it is as fresh as it can be."""
        asked = self._fresh.ask(printer_id, wish) if self._live is None else None
        if asked is not None:
            return asked, True
        newest = Queries(self._records, self._frames, self._live).image(printer_id)
        return None if newest is None else Picture(newest.data, newest.taken_at), self._live is not None

    def send_film(self, place: Place, known: Known, printer_id: str, job: str, progress: Progress) -> Reply:
        """Of the job with that token, or of the printer's last. Begun once: minutes go by in an upload, and
        nobody wants it twice.
        """
        name = name_words(printer_id, _NAME_LIMIT)
        now = known.named(printer_id)
        last = now.job.id if now is not None and now.job is not None else None
        is_last = not job or (last is not None and token_of(last) == job)
        queries = Queries(self._records, self._frames, self._live)
        film = queries.film(printer_id) if is_last else self._film_of(printer_id, job)
        none = wording.no_film(name) if is_last else wording.no_film_of_print(name)
        if film is None or not belongs_to(film.key, printer_id):
            return self._bot.say(place, [(Span(none),)])
        if film.size > FILM_BYTES_LIMIT:
            return self._bot.say(place, [(Span(wording.film_too_large(name, size(film.size))),)])
        caption: Line = (Span(f"{wording.ICONS['film']} "), *title(printer_id))
        print_name = next((it.name for it in known.jobs if job and token_of(it.job_id) == job), None)
        if print_name:
            caption = (*caption, Span(": "), Span(code_words(print_name, JOB_LIMIT), "code"))
        try:
            with self._frames.open(film.key) as content:
                if not progress.begin_film():
                    return self._bot.say(place, [(Span(wording.film_may_be_here(name)),)])
                reply = self._bot.show_film(place, [caption], content, film.size)
        except (NotFoundError, PermanentError, OSError) as error:
            _log.error("the film of %r cannot be read: %s", printer_id, type(error).__name__)
            return self._bot.say(place, [(Span(none),)])
        if reply.status == 429:
            progress.film_not_taken()
        if reply.is_ok or reply.status == 429:
            return reply
        _log.error("a film is not taken: %s", reply.description)
        return self._bot.say(place, [caption, (Span(wording.could_not_send("film")),)])

    def _film_of(self, printer_id: str, job: str) -> StoredFrame | None:
        """Of a job before the last, by its token."""
        wanted = job_listing.JobFilter(printer_id)
        for line in job_listing.page(self._records, wanted, None, _JOBS_BACK).lines:
            if token_of(line.end.job_id) == job and line.film is not None:
                return StoredFrame(line.film.key, line.film.size, line.film.made_at)
        return None

    def dismiss(
        self, samples: Samples | None, printer_id: str, job: str, category: str, chat_id: str
    ) -> None:
        """Nobody is told of that kind again in that job; what the AI saw is kept, for who tunes it."""
        key = preferences_key(chat_id)

        update(
            self._records,
            key,
            read_preferences,
            preferences_to_json,
            lambda preferences: with_dismissed(preferences, job, category),
        )
        stored = self._records.get(inspection_key(printer_id))
        if samples is None or stored is None:
            return
        alerts = inspection_from_json(stored.value).alerts
        found = next((it for it in alerts if token_of(it.job_id) == job and it.category == category), None)
        if found is None:
            _log.info("%r: what the alert of %s was about is not known any more", printer_id, category)
            return
        frames = [key for key in (found.frame, found.earlier_frame) if key and belongs_to(key, printer_id)]
        pictures = []
        for frame in frames:
            try:
                pictures.append(self._frames.get(frame))
            except (NotFoundError, PermanentError):
                _log.info("%s of a sample is gone", frame)
        sample = Sample(
            id=token_of(found.check),
            printer_id=printer_id,
            category=category,
            confidence=found.confidence,
            summary=found.summary,
            alerted_at=found.at,
            kept_at=self._clock(),
            pictures=len(pictures),
        )
        try:
            samples.keep(sample, pictures)
        except BridgeError as error:  # a full disk: what was wished holds all the same, and is said
            _log.warning("%s", error)
