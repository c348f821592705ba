"""Calls of the Bot API over HTTP: a status and a body, or why there is none; the token is in neither.

Source: core.telegram.org/bots/api, "Making requests".
"""

import logging
import math
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from weakref import WeakSet

from functions.shared.telegram.multipart import MultipartBody
from functions.shared.text import HIDDEN
from functions.shared.value_class import dataclass

if TYPE_CHECKING:
    from functions.shared.telegram.deadline_session import DeadlineSession

ANSWER_LIMIT = 64 * 1024
SHORTEST_SECONDS = 3.0  # in less nothing is sent and answered


def endless() -> float:
    return math.inf


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


AT_HOME = CallTimes()


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back, whatever it says. `cut_off`: the time was over, so perhaps it is not all."""

    status: int
    body: bytes
    cut_off: str = ""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Not sent, or nothing came back (in time): in words."""

    reason: str


class BotConnection:
    """One bot on one Bot API server. Blocks; thread-safe: each thread has connections of its own.

    `time_left`: seconds that this program may still call for; a call that it has none for is not made.
    """

    def __init__(self, token: str, api_url: str, time_left: Callable[[], float] = endless) -> None:
        self._token = token
        self.api_url = api_url.rstrip("/")
        self._time_left = time_left
        self._local = threading.local()
        self._sessions: WeakSet[DeadlineSession] = WeakSet()
        self._is_closed = False
        logging.getLogger("urllib3.connectionpool").addFilter(self._hide_token)

    @property
    def bot_id(self) -> str:
        """The part of the token that is no secret, and stays when the token is renewed."""
        return self._token.partition(":")[0]

    def post(
        self,
        method: str,
        body: bytes | MultipartBody,
        content_type: str,
        times: CallTimes,
        answer_limit: int = ANSWER_LIMIT,
    ) -> HttpAnswer | NoAnswer:
        """Never raises for what the other side or the network does."""
        import requests
        import urllib3

        if self._is_closed:
            return NoAnswer("the program ends")
        left = self._time_left()
        if left < SHORTEST_SECONDS:
            return NoAnswer("no time is left for it in this run")
        seconds = min(times.whole, left)
        began = time.monotonic()
        session = self._session()
        url = f"{self.api_url}/bot{self._token}/{method}"
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
                content = response.raw.read(answer_limit, decode_content=True)
                status = response.status_code
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            self.drop_session()
            is_over = time.monotonic() - began >= seconds
            return NoAnswer(_cut_off(seconds) if is_over else _reason_of(error, times))
        cut_off = _cut_off(seconds) if time.monotonic() - began >= seconds else ""
        harmless = content.replace(self._token.encode(), HIDDEN.encode())  # it may repeat the path
        return HttpAnswer(status, harmless, cut_off)

    def drop_session(self) -> None:
        """After a fault its connections are not to be trusted."""
        self._session().close()
        self._local.session = None

    def close(self) -> None:
        """Cut off every call, whichever thread makes it; no other is made."""
        self._is_closed = True
        for session in list(self._sessions):
            session.cut_off()

    def _session(self) -> "DeadlineSession":
        """One for each thread, so that connections are used again."""
        from functions.shared.telegram.deadline_session import DeadlineSession

        session: DeadlineSession | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = DeadlineSession()
            self._sessions.add(session)
        return session

    def _hide_token(self, record: logging.LogRecord) -> bool:
        """The HTTP library logs paths at its lowest level, and the token is part of them."""
        text = record.getMessage()
        if self._token and self._token in text:
            record.msg, record.args = text.replace(self._token, HIDDEN), ()
        return True


def _cut_off(seconds: float) -> str:
    return f"not sent and answered within {seconds:.1f} s"


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
