"""The Telegram transport: the Bot API over HTTP. Every way a call can end is an Answer; the token is in none.

Sources: core.telegram.org/bots/api (sendMessage, sendPhoto, sendVideo); RFC 7578 for multipart/form-data,
whose length is known beforehand, so no chunked encoding is needed and a film never lies in memory as a whole.
"""

import json
import logging
import math
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

from functions.notify.render import Message
from functions.notify.telegram_answer import read_answer
from functions.notify.transports import Answer, Outcome
from functions.shared.messages.effects import Film
from functions.shared.settings import Settings
from functions.shared.text import HIDDEN

_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class FilePart:
    """A file in the form: field, file name, type, content and its exact length in bytes."""

    field: str
    name: str
    content_type: str
    content: BinaryIO
    size: int


class MultipartBody:
    """Has a length and can be read once; what `requests` streams.

    `read` raises OSError when a file is shorter than its size.
    """

    def __init__(self, fields: Mapping[str, str], files: Sequence[FilePart]) -> None:
        self._boundary = secrets.token_hex(16)
        self._segments: list[tuple[BinaryIO, int]] = []
        for name, value in fields.items():
            self._add(f'form-data; name="{name}"', None, value.encode("utf-8"))
        for file in files:
            disposition = f'form-data; name="{file.field}"; filename="{file.name}"'
            self._add(disposition, file.content_type, None)
            self._segments.append((file.content, file.size))
            self._add_bytes(b"\r\n")
        self._add_bytes(f"--{self._boundary}--\r\n".encode())
        self._length = sum(size for _, size in self._segments)
        self._pieces = self._read_segments()
        self._rest = b""

    @property
    def content_type(self) -> str:
        return f"multipart/form-data; boundary={self._boundary}"

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes, all the rest when negative; empty at the end."""
        if size < 0:
            rest, self._rest = self._rest, b""
            return rest + b"".join(self._pieces)
        if not self._rest:
            self._rest = next(self._pieces, b"")
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece

    def _add(self, disposition: str, content_type: str | None, value: bytes | None) -> None:
        head = f"--{self._boundary}\r\nContent-Disposition: {disposition}\r\n"
        if content_type:
            head += f"Content-Type: {content_type}\r\n"
        self._add_bytes(f"{head}\r\n".encode())
        if value is not None:
            self._add_bytes(value + b"\r\n")

    def _add_bytes(self, data: bytes) -> None:
        self._segments.append((BytesIO(data), len(data)))

    def _read_segments(self) -> Iterator[bytes]:
        for content, size in self._segments:
            left = size
            while left:
                piece = content.read(min(left, _PIECE))
                if not piece:
                    raise OSError(f"a file ended {left} bytes before its length of {size}")
                left -= len(piece)
                yield piece


if TYPE_CHECKING:
    from functions.notify.deadline_session import DeadlineSession

_log = logging.getLogger(__name__)

_ANSWER_LIMIT = 64 * 1024
_FILM_FACTOR = 5


def _endless() -> float:
    return math.inf


_SHORTEST_SECONDS = 3.0  # in less nothing is sent and answered


@dataclass(frozen=True, slots=True)
class CallTimes:
    """Seconds: `connect` and `read` bound each wait (of a film five times as long), `whole` and `film` a call
    from its first byte to the last of its answer.

    The defaults are those of a slow line at home: ten megabytes, and fifty, at a megabit a second and less.
    """

    connect: float = 10.0
    read: float = 60.0
    whole: float = 180.0
    film: float = 1500.0


_AT_HOME = CallTimes()


class Telegram:
    """A Transport. `chat_id` is a number as text or @channel; `thread_id` the topic, if any.

    `time_left`: seconds that this program may still call for; a call that it has none for is not made.
    """

    def __init__(
        self,
        token: str,
        chat_id: str,
        thread_id: int | None = None,
        api_url: str = "https://api.telegram.org",
        times: CallTimes = _AT_HOME,
        time_left: Callable[[], float] = _endless,
    ) -> None:
        self._token = token
        self._chat_id = chat_id
        self._thread_id = thread_id
        self._api_url = api_url.rstrip("/")
        self._times = times
        self._time_left = time_left
        self._local = threading.local()
        self._moved_to: str | None = None
        logging.getLogger("urllib3.connectionpool").addFilter(self._hide_token)

    @classmethod
    def from_settings(
        cls,
        settings: Settings,
        token: str,
        times: CallTimes = _AT_HOME,
        time_left: Callable[[], float] = _endless,
    ) -> "Telegram":
        """The chat that the settings name."""
        chat_id, thread_id = settings.telegram_chat_id, settings.telegram_thread_id
        return cls(token, chat_id, thread_id, settings.telegram_api_url, times, time_left)

    def __repr__(self) -> str:
        return f"Telegram(chat_id={self._chat_id!r}, api_url={self._api_url!r})"

    def send_text(self, message: Message) -> Answer:
        def call() -> Answer:
            fields = {**self._address(message), "link_preview_options": {"is_disabled": True}}
            fields["text"], mode = _text_of(message)
            fields |= mode | ({"disable_notification": True} if message.is_silent else {})
            body = json.dumps(fields).encode()
            return self._post("sendMessage", body, "application/json", self._times)

        return self._following_the_chat(call)

    def send_photo(self, message: Message, photo: bytes) -> Answer:
        def call() -> Answer:
            part = FilePart("photo", "photo.jpg", "image/jpeg", BytesIO(photo), len(photo))
            return self._post_form("sendPhoto", message, {}, [part], self._times)

        return self._following_the_chat(call)

    def send_film(self, message: Message, film: Film, content: BinaryIO, thumbnail: bytes | None) -> Answer:
        def call() -> Answer:
            content.seek(0)
            files = [FilePart("video", "timelapse.mp4", "video/mp4", content, film.size)]
            if thumbnail is not None:
                files.append(
                    FilePart("thumbnail", "thumbnail.jpg", "image/jpeg", BytesIO(thumbnail), len(thumbnail))
                )
            fields = {
                "width": str(film.width),
                "height": str(film.height),
                "duration": str(max(1, round(film.duration_seconds))),
                "supports_streaming": "true",
            }
            times = self._times
            longer = CallTimes(times.connect * _FILM_FACTOR, times.read * _FILM_FACTOR, times.film)
            return self._post_form("sendVideo", message, fields, files, longer)

        return self._following_the_chat(call)

    def _address(self, message: Message) -> dict[str, Any]:
        chat_id = self._chat_id
        address: dict[str, Any] = {"chat_id": chat_id if chat_id.startswith("@") else int(chat_id)}
        if self._thread_id is not None and message.goes_to_topic:
            address["message_thread_id"] = self._thread_id
        return address

    def _post_form(
        self,
        method: str,
        message: Message,
        more: Mapping[str, str],
        files: Sequence[FilePart],
        times: CallTimes,
    ) -> Answer:
        caption, mode = _text_of(message)
        fields = {name: str(value) for name, value in self._address(message).items()}
        fields |= {"caption": caption, **mode, **more}
        if message.is_silent:
            fields["disable_notification"] = "true"
        body = MultipartBody(fields, files)
        return self._post(method, body, body.content_type, times)

    def _post(self, method: str, body: bytes | MultipartBody, content_type: str, times: CallTimes) -> Answer:
        import requests
        import urllib3

        left = self._time_left()
        if left < _SHORTEST_SECONDS:
            return Answer(Outcome.UNAVAILABLE, "no time is left for it in this run")
        seconds = min(times.whole, left)
        began = time.monotonic()
        session = self._session()
        url = f"{self._api_url}/bot{self._token}/{method}"
        headers = {"Content-Type": content_type}
        try:
            with (
                session.within(seconds),
                session.post(
                    url,
                    data=body,
                    headers=headers,
                    timeout=(times.connect, times.read),
                    allow_redirects=False,
                    stream=True,
                ) as response,
            ):
                content = response.raw.read(_ANSWER_LIMIT, decode_content=True)
                status = response.status_code
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            self._drop_session()
            is_over = time.monotonic() - began >= seconds
            return _cut_off(seconds) if is_over else Answer(Outcome.UNAVAILABLE, _reason_of(error, times))
        harmless = content.replace(self._token.encode(), HIDDEN.encode())  # it may repeat the path
        parsed = read_answer(status, harmless)
        if parsed.new_chat_id is not None and str(parsed.new_chat_id) != self._chat_id:
            raise _ChatMovedError(parsed.new_chat_id)
        if parsed.answer.outcome is Outcome.UNAVAILABLE and time.monotonic() - began >= seconds:
            return _cut_off(seconds)  # in the headers: that is how an answer without a body looks
        return parsed.answer

    def _following_the_chat(self, call: Any) -> Answer:
        """A group that became a supergroup has a new id: use it from now on, and say so once."""
        try:
            answer: Answer = call()
        except _ChatMovedError as moved:
            _log.warning(
                "the chat has a new id, because its group became a supergroup: set TELEGRAM_CHAT_ID=%s",
                moved.new_chat_id,
            )
            self._chat_id = self._moved_to = str(moved.new_chat_id)
            try:
                answer = call()
            except _ChatMovedError:
                return Answer(Outcome.SHUT_OUT, "the chat moves from id to id; check TELEGRAM_CHAT_ID")
        return answer if self._moved_to is None else replace(answer, moved_to=self._moved_to)

    def _session(self) -> "DeadlineSession":
        """One for each thread, so that connections are used again."""
        from functions.notify.deadline_session import DeadlineSession

        session: DeadlineSession | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = DeadlineSession()
        return session

    def _drop_session(self) -> None:
        """After a fault its connections are not to be trusted."""
        self._session().close()
        self._local.session = None

    def _hide_token(self, record: logging.LogRecord) -> bool:
        """The HTTP library logs paths at its lowest level, and the token is part of them."""
        text = record.getMessage()
        if self._token and self._token in text:
            record.msg, record.args = text.replace(self._token, HIDDEN), ()
        return True


class _ChatMovedError(Exception):
    def __init__(self, new_chat_id: int) -> None:
        super().__init__(str(new_chat_id))
        self.new_chat_id = new_chat_id


def _cut_off(seconds: float) -> Answer:
    return Answer(Outcome.UNAVAILABLE, f"not sent and answered within {seconds:.1f} s")


def _text_of(message: Message) -> tuple[str, dict[str, str]]:
    if message.html is None:
        return message.plain, {}
    return message.html, {"parse_mode": "HTML"}


def _reason_of(error: BaseException, times: CallTimes) -> str:
    """Why a call failed, from types and system errors alone: messages of these errors hold the URL."""
    import requests

    if isinstance(error, requests.ConnectTimeout):
        return f"no connection within {times.connect:g} s"
    if isinstance(error, requests.Timeout):
        return f"no answer within {times.read:g} s"
    cause = _system_error(error)
    return cause or f"the connection failed ({type(error).__name__})"


def _system_error(error: BaseException | None) -> str | None:
    """The words of the system error at the bottom of a chain of causes."""
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        current = pending.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        if isinstance(current, OSError) and current.errno is not None and current.strerror:
            return str(current.strerror)
        pending += [argument for argument in current.args if isinstance(argument, BaseException)]
        pending += [current.__cause__, current.__context__, getattr(current, "reason", None)]
    return None
