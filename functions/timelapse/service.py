"""One order for a film: wait for its frames, make it, store it, tell the person; or tell why not."""

import logging
import math
import shlex
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from functions.shared.dispatch import DeadLetter, Done, Received, Retry, Settlement
from functions.shared.domain.keys import (
    belongs_to,
    digest,
    effect_id,
    film_key,
    photo_key,
    thumbnail_key,
)
from functions.shared.domain.limits import DONE_MARK_SECONDS
from functions.shared.effect_sender import EffectSender
from functions.shared.errors import ContractError, PermanentError, TransientError
from functions.shared.job_archive import JobArchive
from functions.shared.messages.effects import (
    BY_HAND,
    Category,
    Film,
    JobSnapshot,
    Notification,
    Timelapse,
    decode_timelapse,
)
from functions.shared.messages.job_history import JobFilm
from functions.shared.messages.report import FrameReference
from functions.shared.ports import Backends, FrameStore, Queue, RecordStore, StoredFrame
from functions.shared.records import is_done, mark_done
from functions.shared.settings import Settings
from functions.shared.starts import STARTS_LIMIT, Starts
from functions.shared.value_class import dataclass
from functions.shared.wording.reasons import frames_are_kept, interrupted
from functions.timelapse.errors import EncodingError, TooFewFramesError
from functions.timelapse.ffmpeg import DEFAULT_TIMEOUTS, Timeouts, find_ffmpeg
from functions.timelapse.film import EncodeJob, MadeFilm, make_film
from functions.timelapse.plan import (
    FAILURES_LIMIT,
    FEWEST_FRAMES,
    RETRY_DELAYS,
    FilmSpec,
    choose_evenly,
    missing_frames,
    most_frames,
    retry_delay,
    wait_for_frames,
)

_log = logging.getLogger(__name__)

_STORE_RETRY_SECONDS, _STORE_RETRY_DOUBLINGS = 10.0, 6
_LEFTOVERS = "film-*"
_LEAST_ROOM = 4 * 1024 * 1024
_LEFTOVER_SECONDS = 3600.0
_HAND_STAMP = "%Y%m%dT%H%M%S"


@dataclass(frozen=True, slots=True)
class FilmSettings:
    """What the service needs to know: wishes, the FFMPEG setting, the chat, a folder for the film being made.

    `shown_folder` turns a key prefix into the folder that a person can find the frames in. `history_days`:
    HISTORY_RETENTION_DAYS.
    """

    spec: FilmSpec
    chat_id: str
    work_folder: Path
    ffmpeg: str = ""
    timeouts: Timeouts = DEFAULT_TIMEOUTS
    retry_delays: Sequence[float] = RETRY_DELAYS
    shown_folder: Callable[[str], str] = str
    history_days: float = 0.0


class TimelapseService:
    """One film at a time. `made` and `failed` count the films since the start."""

    def __init__(
        self,
        notifications: Queue,
        records: RecordStore,
        frames: FrameStore,
        clock: Callable[[], float],
        settings: FilmSettings,
    ) -> None:
        self.made = 0
        self.failed = 0
        self._sender = EffectSender(settings.chat_id, notifications)
        self._records = records
        self._frames = frames
        self._clock = clock
        self._starts = Starts(records, clock)
        self._archive = JobArchive(records, clock, settings.history_days)
        self._settings = settings
        self._remove_leftovers()

    def decode(self, body: str) -> Timelapse:
        """Raises ContractError."""
        order = decode_timelapse(body)
        if not order.prefix.endswith("/") or not belongs_to(order.prefix, order.printer_id):
            raise ContractError(f"{order.prefix[:200]!r} is no folder of that printer")
        return order

    def refuse(self, error: Exception) -> DeadLetter:
        _log.error("an order for a film is not readable: %s", error)
        return DeadLetter(str(error))

    def handle(self, message: Received[Timelapse]) -> Settlement:
        """Make the film that is asked for, or say why there is none."""
        try:
            return self._fulfil(message.content, message.sent_at)
        except TransientError as error:
            doublings = min(message.receive_count - 1, _STORE_RETRY_DOUBLINGS)
            _log.warning("the film of %s has to wait: %s", _named(message.content), error)
            return Retry(error.retry_after or _STORE_RETRY_SECONDS * 2**doublings)

    def _fulfil(self, order: Timelapse, sent_at: float) -> Settlement:
        if is_done(self._records, order.id):
            return Done()
        # A job that was taken as ended and went on has two orders; the first may wait for frames the longer.
        if self._archive.has_later_film(order.job_id, order.observed_at):
            _log.info("no film of %s until then: one that shows more of it is there", _named(order))
            mark_done(self._records, order.id, self._clock())
            return Done()
        frames = self._frames_of(order)
        wait = wait_for_frames(len(frames), order.frames_kept, self._clock() - sent_at)
        if wait is not None:
            _log.info(
                "the film of %s waits for frames: %d of %s are here",
                *(_named(order), len(frames), order.frames_kept),
            )
            return Retry(wait)
        if self._starts.begin(order.id) > STARTS_LIMIT:
            self._announce_failure(order, interrupted(STARTS_LIMIT))
        else:
            try:
                delay = self._try(order, frames)
            except TransientError:
                self._starts.end(order.id)
                raise
            if delay is not None:
                self._starts.end(order.id)
                return Retry(delay)
        mark_done(self._records, order.id, self._clock())
        return Done()

    def _try(self, order: Timelapse, frames: Sequence[StoredFrame]) -> float | None:
        """Make it or say why not; the seconds after which it is tried again, if that may help."""
        try:
            self._make(order, frames)
        except TooFewFramesError as error:
            _log.warning("no film of %s: %s", _named(order), error)
        except EncodingError as error:
            if self._is_out_of_room():
                raise TransientError("the disk is full") from error
            failures = self._count_failure(order)
            delay = retry_delay(failures, self._settings.retry_delays)
            if delay is not None:
                _log.warning("the film of %s failed, again in %.0f s: %s", _named(order), delay, error)
                return delay
            self._announce_failure(order, str(error))
        except PermanentError as error:
            self._announce_failure(order, str(error))
        return None

    def _is_out_of_room(self) -> bool:
        """Then a failure says nothing of the film."""
        try:
            return shutil.disk_usage(self._settings.work_folder).free < _LEAST_ROOM
        except OSError:
            return False

    def _remove_leftovers(self) -> None:
        """Of a run that was killed. A young file may be a film that another process is making right now."""
        for file in self._settings.work_folder.glob(_LEFTOVERS):
            with suppress(FileNotFoundError):
                if self._clock() - file.stat().st_mtime > _LEFTOVER_SECONDS:
                    file.unlink()

    def _frames_of(self, order: Timelapse) -> list[StoredFrame]:
        """The job's frames by time, not by folder: other runs of the same file share the folder."""
        # A name carries whole seconds: the second in which the job began is the job's.
        found = self._frames.list(order.prefix, math.floor(order.since), order.until)
        return sorted(found, key=lambda frame: (frame.taken_at, frame.key))

    def _make(self, order: Timelapse, frames: Sequence[StoredFrame]) -> None:
        filled = [frame for frame in frames if frame.size > 0]
        if len(filled) < FEWEST_FRAMES:
            raise TooFewFramesError(f"{len(filled)} frames are there, and a film needs two")
        spec = self._settings.spec
        if order.max_bytes is not None:
            spec = replace(spec, max_bytes=min(spec.max_bytes, order.max_bytes))
        most = most_frames(spec.target_seconds, spec.fps_cap)
        chosen = [filled[place] for place in choose_evenly([frame.taken_at for frame in filled], most)]
        path = self._work_file(order, ".mp4")
        made = make_film(
            EncodeJob(
                ffmpeg=find_ffmpeg(self._settings.ffmpeg),
                keys=[frame.key for frame in chosen],
                fetch=self._frames.get,
                spec=spec,
                output=path,
                timeouts=self._settings.timeouts,
            )
        )
        try:
            self._announce_film(order, made, len(frames), len(frames) - len(filled), chosen[-1].taken_at)
        finally:
            path.unlink(missing_ok=True)

    def _announce_film(
        self, order: Timelapse, made: MadeFilm, arrived: int, empty: int, taken_at: float
    ) -> None:
        # By the job's end and not by the clock: a repeat after a crash writes the same film again. A
        # smaller one lies beside the one that was refused.
        key = film_key(order.prefix, order.observed_at + (order.max_bytes is not None))
        thumbnail = self._store_thumbnail(order, key, made, taken_at)
        photo = self._store_photo(order, key, made, taken_at)
        self._frames.put(key, made.path)
        self._keep_in_history(order, key, made, thumbnail, photo)
        self.made += 1
        missing = missing_frames(arrived, order.frames_kept, made.broken + empty)
        _log.info(
            "the film of %s: %d frames (%d missing), %.0f s, %.1f MB",
            *(_named(order), made.frames, missing, made.seconds, made.size / 1e6),
        )
        film = Film(key, made.size, made.seconds, made.width, made.height, made.frames, missing)
        self._send(replace(_notification(order, Category.FILM), film=film, frame=thumbnail, remake=order))

    def _store_thumbnail(
        self, order: Timelapse, key: str, made: MadeFilm, taken_at: float
    ) -> FrameReference | None:
        if made.thumbnail is None:
            return None
        return self._store_picture(order, thumbnail_key(key), made.thumbnail, taken_at)

    def _store_photo(
        self, order: Timelapse, key: str, made: MadeFilm, taken_at: float
    ) -> FrameReference | None:
        """The last frame is kept as long as the film: frames go earlier."""
        if order.max_bytes is not None or not made.last_frame:
            return None
        return self._store_picture(order, photo_key(key), made.last_frame, taken_at)

    def _store_picture(self, order: Timelapse, key: str, data: bytes, taken_at: float) -> FrameReference:
        path = self._work_file(order, ".jpg")
        try:
            path.write_bytes(data)
        except OSError as error:
            raise EncodingError(f"a picture of the film cannot be written: {error.strerror}") from error
        self._frames.put(key, path)
        return FrameReference(key, taken_at, len(data))

    def _keep_in_history(
        self,
        order: Timelapse,
        key: str,
        made: MadeFilm,
        thumbnail: FrameReference | None,
        photo: FrameReference | None,
    ) -> None:
        """A smaller film is for the chat alone: the history has the one before it."""
        if order.max_bytes is not None:
            return
        film = JobFilm(
            key,
            made.size,
            order.observed_at,
            None if thumbnail is None else thumbnail.size,
            None if photo is None else photo.size,
            None if photo is None else photo.taken_at,
        )
        try:
            self._archive.keep_film(order.job_id, film)
        except PermanentError as error:  # a film that is made is told all the same
            _log.error("the film of %s is not in the history: %s", _named(order), error)

    def _work_file(self, order: Timelapse, ending: str) -> Path:
        folder = self._settings.work_folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EncodingError(f"{folder} cannot be made: {error.strerror}") from error
        return folder / f"film-{digest(order.id)[:16]}{ending}"

    def _announce_failure(self, order: Timelapse, cause: str) -> None:
        since, until = (
            datetime.fromtimestamp(stamp, UTC).strftime(_HAND_STAMP) for stamp in (order.since, order.until)
        )
        folder = shlex.quote(self._settings.shown_folder(order.prefix))
        command = f"printer-bridge timelapse {folder} --since {since} --until {until}"
        reason = frames_are_kept(cause, BY_HAND) + command
        _log.error("no film of %s: %s", _named(order), cause)
        self.failed += 1
        self._send(replace(_notification(order, Category.FILM_FAILED), reason=reason))

    def _send(self, notification: Notification) -> None:
        for refusal in self._sender.offer(notification):
            _log.error("the message about a film was refused: %s", refusal.reason)

    def _count_failure(self, order: Timelapse) -> int:
        """How often it has failed, this time included; not beyond the limit."""
        for number in range(1, FAILURES_LIMIT + 1):
            expires_at = self._clock() + DONE_MARK_SECONDS
            if self._records.put_if_absent(f"film-failure/{order.id}/{number}", expires_at):
                return number
        return FAILURES_LIMIT


def build_service(
    backends: Backends,
    settings: Settings,
    work_folder: Path,
    shown_folder: Callable[[str], str],
    timeouts: Timeouts = DEFAULT_TIMEOUTS,
) -> TimelapseService:
    """Over those back ends; the rest is as in `FilmSettings`."""
    film_settings = FilmSettings(
        FilmSpec.from_settings(settings),
        backends.chat,
        work_folder,
        settings.ffmpeg,
        timeouts,
        shown_folder=shown_folder,
        history_days=settings.history_retention_days,
    )
    return TimelapseService(
        backends.notifications, backends.records, backends.frames, backends.clock, film_settings
    )


def _notification(order: Timelapse, category: Category) -> Notification:
    return Notification(
        id=effect_id(order.id, category.value),
        category=category,
        printer_id=order.printer_id,
        observed_at=order.observed_at,
        model=order.model,
        job_id=order.job_id,
        job=JobSnapshot(order.job_name),
        duration_seconds=order.duration_seconds,
    )


def _named(order: Timelapse) -> str:
    return f"{order.job_name or 'a job without a name'!r} on {order.printer_id!r}"
