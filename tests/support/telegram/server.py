"""A strict local Bot API server: real HTTP, real checks, faults on demand. For tests and end-to-end runs.

with TelegramServer() as telegram:
    ... TELEGRAM_API_URL=telegram.url, TELEGRAM_BOT_TOKEN=telegram.token, TELEGRAM_CHAT_ID=telegram.chat_id
    messages = telegram.wait_for(3)
"""

import math
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Self

from tests.support.telegram import chats, incoming
from tests.support.telegram.calls import Call, CallError, bad_request, read_call
from tests.support.telegram.chats import ChatProfile, Updates
from tests.support.telegram.faults import Fault
from tests.support.telegram.forum import (
    EDIT_NOT_FOUND,
    EDIT_REFUSED,
    NOT_MODIFIED,
    Forum,
    is_forum_call,
    read_forum_call,
)
from tests.support.telegram.http import BotHttpServer
from tests.support.telegram.incoming import ADA, BotSide
from tests.support.telegram.keyboards import KeyboardError, reply_to
from tests.support.timeouts import TIMEOUT

TOKEN = "123456789:AAFakeTokenForTheLocalServer_0123456789"
CHAT_ID = 4242
GROUP_ID = -1001234567890


@dataclass(frozen=True, slots=True)
class Posted:
    """A message that a person has got: `text` as seen, `photo` whole, of a video size and digest.

    `live`: mentions, links and commands that Telegram makes of the text by itself. `buttons`: rows of text
    and data; `edits`: how often it was edited (it is as it was edited last).
    """

    id: int
    method: str
    chat_id: int | str
    thread_id: int | None
    text: str
    markup: str
    parse_mode: str | None
    is_silent: bool
    photo: bytes | None = field(repr=False)
    video: bytes | None = field(repr=False)
    video_size: int | None
    video_digest: str | None
    parameters: Mapping[str, Any] = field(repr=False)
    at: float  # wall time
    reply_to: int | None = None
    buttons: tuple[tuple[tuple[str, str], ...], ...] = ()
    edits: int = 0
    thumbnail: bytes | None = field(default=None, repr=False)
    live: Sequence[str] = ()


class TelegramServer:
    """Knows one token and some chats (id -> its topics, None: any); `per_minute` paces its groups.

    `profiles` describes chats to who asks; `happens` adds to what getUpdates gives (`webhook`: refused).

    `profiles` also says what a chat refuses to whom writes; `refuses_all` is what every call gets for a while
    (Telegram has such hours).

    `forum` has its topics and pins. A person deletes messages (`deleted`), of some age none can be edited
    (`uneditable`); `edits` are those that were made.

    `messages` is what arrived, `calls` (and by method `calls_of`) count every call, `refusals` tells why
    calls were refused.
    """

    def __init__(
        self,
        token: str = TOKEN,
        chats: Mapping[int, frozenset[int] | None] | None = None,
        per_minute: int | None = None,
        keeps_videos: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.token = token
        self.chats: dict[int, frozenset[int] | None] = (
            dict(chats) if chats is not None else {CHAT_ID: None, GROUP_ID: None}
        )
        self.blocked: set[int] = set()
        self.profiles: dict[int, ChatProfile] = {}
        self.username = "bridge_bot"
        self.reads_all = False
        self.bot = BotSide()
        self.refuses_all: CallError | None = None
        self.updates = Updates()
        self.calls = 0
        self.calls_of: Counter[str] = Counter()
        self.connections = 0
        self.refusals: list[str] = []
        self._per_minute = per_minute
        self._keeps_videos = keeps_videos
        self._clock = clock
        self._arrivals: dict[int | str, deque[float]] = {}
        self._faults: deque[Fault] = deque()
        self._faults_of: dict[str, deque[Fault]] = {}
        self._messages: list[Posted] = []
        self.edits: list[Posted] = []  # each as it was after it
        self.uneditable: set[int] = set()
        self.deleted: set[int] = set()
        self.forum = Forum(
            lambda chat: self.chats[chat], lambda chat, topics: self.chats.update({chat: topics})
        )
        self._changed = threading.Condition()
        self._server: BotHttpServer | None = None
        self._port = 0

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def chat_id(self) -> str:
        return str(next(iter(self.chats)))

    @property
    def messages(self) -> list[Posted]:
        with self._changed:
            return list(self._messages)

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.messages]

    def script(self, *faults: Fault, method: str | None = None) -> None:
        """The next calls (of that method, if given) meet these, one each, in this order."""
        with self._changed:
            script = self._faults if method is None else self._faults_of.setdefault(method, deque())
            script.extend(faults)

    def down(self) -> None:
        """The port is closed, and so are all connections; `up` opens the same port again."""
        if self._server is not None:
            server, self._server = self._server, None
            with self._changed:
                self._changed.notify_all()  # who polls
            server.close_all()

    def up(self) -> None:
        if self._server is None:
            self._server = BotHttpServer(self, self._port)
            self._port = self._server.server_address[1]
            threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def wait_for(
        self, wanted: int | Callable[[list[Posted]], bool], timeout: float = TIMEOUT
    ) -> list[Posted]:
        """The messages once there are so many, or the condition holds. Raises TimeoutError with what came."""

        def holds() -> bool:
            return len(self._messages) >= wanted if isinstance(wanted, int) else wanted(list(self._messages))

        with self._changed:
            if not self._changed.wait_for(holds, timeout):
                shown = "\n---\n".join(message.text for message in self._messages)
                raise TimeoutError(f"{len(self._messages)} messages within {timeout:g} s:\n{shown}")
            return list(self._messages)

    def wait_for_calls(self, count: int, timeout: float = TIMEOUT, method: str | None = None) -> int:
        """The number of calls (of that method, if given), refused ones included, once there are so many."""

        def made() -> int:
            return self.calls if method is None else self.calls_of[method]

        with self._changed:
            if not self._changed.wait_for(lambda: made() >= count, timeout):
                raise TimeoutError(f"{made()} calls within {timeout:g} s")
            return made()

    def count_connection(self) -> None:
        with self._changed:
            self.connections += 1

    def fault_of(self, path: str) -> Fault | None:
        """What a call to that path meets: its method's own script comes before that of all."""
        method = path.rpartition("/")[2]
        with self._changed:
            self.calls_of[method] += 1
            script = self._faults_of.get(method)
            if not script:
                return self.next_fault()
            self.calls += 1
            self._changed.notify_all()
            return script.popleft()

    def next_fault(self) -> Fault | None:
        with self._changed:
            self.calls += 1
            self._changed.notify_all()
            return self._faults.popleft() if self._faults else None

    def result_of(self, path: str, content_type: str, body: bytes) -> dict[str, Any]:
        """Do what a call asks. Raises CallError."""
        root, _, method = path.removeprefix("/bot").partition("/")
        if not path.startswith("/bot") or not method:
            raise CallError(404, "Not Found")
        if root != self.token:
            raise CallError(401, "Unauthorized") if ":" in root else CallError(404, "Not Found")
        if self.refuses_all is not None:
            raise self.refuses_all
        if incoming.is_incoming(method):
            with self._changed:
                done: dict[str, Any] = self.bot.answer(method, body, self.updates.waiting.clear)
                self._changed.notify_all()
            return done  # mostly true
        if chats.is_query(method):
            answer: dict[str, Any] = self._answer_query(method, chats.read_query(method, body))
            return answer  # of getUpdates a list, of sendChatAction true
        if is_forum_call(method):
            made: dict[str, Any] = self._answer_forum_call(method, read_forum_call(method, body))
            return made  # of most true
        call = read_call(method, content_type, body)
        if "reply_markup" in call.parameters:
            incoming.check_keyboard(call.parameters["reply_markup"])
        self._check_chat(call)
        with self._changed:
            self._check_pace(call.chat_id)
            if method.startswith("edit"):
                posted = self._edited(call)
                self._messages[posted.id - 1] = posted
                self.edits.append(posted)
            else:
                posted = self._posted(call, len(self._messages) + 1)
                self._messages.append(posted)
            self._changed.notify_all()
        return {"message_id": posted.id, "date": int(posted.at), "chat": {"id": call.chat_id}}

    @property
    def webhook(self) -> str:
        return self.bot.webhook.url

    @webhook.setter
    def webhook(self, url: str) -> None:
        self.bot.webhook.url = url

    def happens(self, **update: Any) -> int:
        """The bot sees something: `message={...}`, `my_chat_member={...}`. The update's id."""
        with self._changed:
            number = self.updates.add(update)
            self._changed.notify_all()
            return number

    def says(self, text: str, sender: Mapping[str, Any] = ADA, **more: Any) -> int:
        """A person writes in the chat, just now."""
        chat_id = int(self.chat_id)
        message = {
            "message_id": 9_000,
            "date": int(time.time()),
            "chat": chats.chat_fields(chat_id, self._profile(chat_id)),
            "from": sender,
            "text": text,
        }
        return self.happens(message=message | more)

    def presses(self, button: str, message: Posted | None = None, sender: Mapping[str, Any] = ADA) -> str:
        """A person presses a button, by its words, of the last message that has it. The id of the press."""
        messages = [message] if message is not None else self.messages[::-1]
        found = [(it, one) for it in messages for one in incoming.buttons_of(it.parameters)]
        below, data = next((it, one["callback_data"]) for it, one in found if one["text"] == button)
        return self.presses_data(data, below, sender)

    def presses_data(self, data: str, below: Posted, sender: Mapping[str, Any] = ADA) -> str:
        """As `presses`, whatever the button carries."""
        chat_id = int(below.chat_id)
        press = f"press-{len(self.bot.open_presses) + len(self.bot.answers) + 1}"
        chat = chats.chat_fields(chat_id, self._profile(chat_id))
        shown = {"message_id": below.id, "date": int(below.at), "chat": chat, "text": below.text}
        with self._changed:
            self.bot.open_presses.add(press)
        self.happens(callback_query={"id": press, "from": sender, "message": shown, "data": data})
        return press

    def push(self) -> int:
        """Push what waits to the webhook; how many updates were taken."""
        with self._changed:
            waiting = list(self.updates.waiting)
        taken = self.bot.push(waiting)
        with self._changed:
            del self.updates.waiting[:taken]
        return taken

    def _answer_query(self, method: str, values: Mapping[str, Any]) -> Any:
        if method == "getMe":
            return chats.me(self.token, self.username, self.reads_all)
        if method == "getWebhookInfo":
            return self.bot.info(len(self.updates.waiting))
        if method == "getUpdates":
            return self._updates(values)
        chat_id = values["chat_id"]
        if chat_id not in self.chats:
            raise bad_request("chat not found")
        profile = self._profile(chat_id)
        if method == "sendChatAction":
            self._check_writing(chat_id)
            return True
        chats.check_access(profile, is_writing=False)
        if method == "getChat":
            return chats.full_chat(chat_id, profile)
        if values["user_id"] != int(self.token.split(":")[0]):
            raise bad_request("member not found")
        return {"user": chats.me(self.token, self.username, self.reads_all), **profile.member}

    def _updates(self, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        if self.webhook:
            raise CallError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete "
                "the webhook first",
            )
        with self._changed:
            self.bot.allowed = values.get("allowed_updates", self.bot.allowed)
            self.bot.polls += 1
            own = self.bot.polls
            self._changed.notify_all()
            offset, limit = values.get("offset", 0), values.get("limit", 100)

            def wanted() -> list[dict[str, Any]]:
                return [it for it in self.updates.take(offset, limit) if self.bot.wants(it)]

            self._changed.wait_for(
                lambda: self.bot.polls != own or self._server is None or wanted(), values.get("timeout", 0)
            )
            if self.bot.polls != own:
                raise incoming.TERMINATED
            return wanted()

    def refuse(self, error: CallError) -> None:
        with self._changed:
            self.refusals.append(f"{error.code} {error.description}")

    def _check_chat(self, call: Call) -> None:
        if call.chat_id not in self.chats:
            raise bad_request("chat not found")
        self._check_writing(int(call.chat_id))
        chats.check_right(self._profile(int(call.chat_id)), call.method)
        topics = self.chats[int(call.chat_id)]
        if call.thread_id is not None and topics is not None and call.thread_id not in topics:
            raise bad_request("message thread not found")
        if call.thread_id in self._profile(int(call.chat_id)).closed_topics:
            raise bad_request("TOPIC_CLOSED")

    def _check_writing(self, chat_id: int) -> None:
        if chat_id in self.blocked:
            raise CallError(403, "Forbidden: bot was blocked by the user")
        chats.check_access(self._profile(chat_id), is_writing=True)

    def _profile(self, chat_id: int) -> ChatProfile:
        return self.profiles.get(chat_id) or chats.profile_for(chat_id)

    def _check_pace(self, chat_id: int | str) -> None:
        if self._per_minute is None or not isinstance(chat_id, int) or chat_id >= 0:
            return
        now = self._clock()
        arrivals = self._arrivals.setdefault(chat_id, deque())
        while arrivals and arrivals[0] <= now - 60:
            arrivals.popleft()
        if len(arrivals) >= self._per_minute:
            wait = max(1, math.ceil(arrivals[0] + 60 - now))
            raise CallError(429, f"Too Many Requests: retry after {wait}", {"retry_after": wait})
        arrivals.append(now)

    def _answer_forum_call(self, method: str, values: dict[str, Any]) -> Any:
        chat_id = values["chat_id"]
        if chat_id not in self.chats:
            raise bad_request("chat not found")
        self._check_writing(chat_id)
        with self._changed:
            known = {it.id for it in self._messages if it.chat_id == chat_id} - self.deleted
            answer = self.forum.answer(method, values, self._profile(chat_id), known)
            self._changed.notify_all()
        return answer

    def _edited(self, call: Call) -> Posted:
        number: int = call.parameters["message_id"]
        before = self._messages[number - 1] if 0 < number <= len(self._messages) else None
        topics = self.chats[int(call.chat_id)]
        is_gone = before is None or number in self.deleted or before.chat_id != call.chat_id
        if (
            before is None
            or is_gone
            or (before.thread_id is not None and topics is not None and before.thread_id not in topics)
        ):
            raise EDIT_NOT_FOUND
        if number in self.uneditable:
            raise EDIT_REFUSED
        if call.method == "editMessageText" and (before.photo or before.video_size is not None):
            raise bad_request("there is no text in the message to edit")
        if call.method == "editMessageCaption" and not (before.photo or before.video_size is not None):
            raise bad_request("there is no caption in the message to edit")
        photo = call.files.get("photo", before.photo)
        after = replace(
            before, text=call.text, markup=call.markup, parse_mode=call.parse_mode, photo=photo,
            buttons=call.buttons, live=call.live,
        )  # fmt: skip
        if after == before:
            raise NOT_MODIFIED
        return replace(after, edits=before.edits + 1)

    def _posted(self, call: Call, number: int) -> Posted:
        video = call.files.get("video")
        chats_of = {it.id: it.chat_id for it in self._messages if it.id not in self.deleted}
        try:
            answers_to = reply_to(call.parameters, chats_of, call.chat_id)
        except KeyboardError as error:
            raise bad_request(str(error)) from None
        return Posted(
            id=number,
            method=call.method,
            chat_id=call.chat_id,
            thread_id=call.thread_id,
            text=call.text,
            markup=call.markup,
            parse_mode=call.parse_mode,
            is_silent=call.is_silent,
            photo=call.files.get("photo"),
            video=video if self._keeps_videos else None,
            video_size=len(video) if video is not None else None,
            video_digest=sha256(video).hexdigest() if video is not None else None,
            parameters=call.parameters,
            at=time.time(),
            thumbnail=call.files.get("thumbnail"),
            live=call.live,
            reply_to=answers_to,
            buttons=call.buttons,
        )
