"""The bot: the Bot API's calls that the chat's part makes. Every way a call can end is a Reply.

Source: core.telegram.org/bots/api (getUpdates, setWebhook, setMyCommands, answerCallbackQuery, sendMessage,
sendPhoto, sendVideo, ResponseParameters).
"""

import json
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import field
from io import BytesIO
from typing import Any, BinaryIO

from functions.chat.response import Button
from functions.chat.updates import WANTED
from functions.shared.messages.codec import fields_in, fields_of
from functions.shared.telegram.calls import BotConnection, CallTimes, NoAnswer
from functions.shared.telegram.markup import (
    CAPTION_LIMIT,
    TEXT_LIMIT,
    Line,
    clean,
    fitted,
    to_html,
    to_plain,
    without_markup,
)
from functions.shared.telegram.multipart import FilePart, MultipartBody
from functions.shared.value_class import dataclass

_log = logging.getLogger(__name__)

TOAST_LIMIT = 200  # answerCallbackQuery
FILM_BYTES_LIMIT = 50 * 1000 * 1000  # sendVideo
_UPDATES_AT_ONCE = 50
_ANSWER_BYTES = 4 * 1024 * 1024  # of so many updates, with room
_REASON_LIMIT = 200
_TIMES = CallTimes(connect=5.0, read=20.0, whole=25.0)


@dataclass(frozen=True, slots=True)
class Reply:
    """`status` 0: nothing came back. `retry_after`: seconds that Telegram asks to wait for (429)."""

    status: int
    result: Any = None
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_ok(self) -> bool:
        return self.status == 200

    @property
    def retry_after(self) -> float | None:
        """Of a 429; a second where it does not say."""
        if self.status != 429:
            return None
        seconds = self.parameters.get("retry_after")
        is_number = isinstance(seconds, int | float) and math.isfinite(seconds) and seconds >= 0
        return float(seconds) if is_number else 1.0  # type: ignore[arg-type]

    @property
    def may_pass(self) -> bool:
        """Not reached, or the other side is in trouble: it may work later."""
        return self.status == 0 or self.status == 429 or self.status >= 500

    def says(self, words: str) -> bool:
        return words in self.description.lower()


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer goes: the chat, its topic, the message that asked."""

    chat: int
    topic: int | None = None
    reply_to: int | None = None


class Bot:
    """Blocks; thread-safe."""

    def __init__(self, connection: BotConnection, times: CallTimes = _TIMES) -> None:
        self._connection = connection
        self._times = times

    @property
    def id(self) -> str:
        return self._connection.bot_id

    def call(self, method: str, times: CallTimes | None = None, **parameters: Any) -> Reply:
        """Any call without files."""
        body = json.dumps(parameters).encode()
        return self._post(method, body, "application/json", times or self._times)

    def updates(self, offset: int | None, poll_seconds: float) -> Reply:
        """What has come; waits so long for the first. An offset confirms all before it."""
        waiting = CallTimes(self._times.connect, poll_seconds + 10.0, poll_seconds + 15.0)
        more = {} if offset is None else {"offset": offset}
        return self.call(
            "getUpdates",
            waiting,
            timeout=int(poll_seconds),
            limit=_UPDATES_AT_ONCE,
            allowed_updates=list(WANTED),
            **more,
        )

    def answer_press(self, press: str, text: str) -> Reply:
        if not text:
            return self.call("answerCallbackQuery", callback_query_id=press)
        return self.call("answerCallbackQuery", callback_query_id=press, text=text)

    def say(
        self,
        place: Place,
        lines: Sequence[Line],
        buttons: Sequence[Sequence[Button]] = (),
        *,
        is_silent: bool = True,
    ) -> Reply:
        """A text; as plain text if Telegram cannot read the markup, without its topic if that is gone."""

        def send(formatted: bool, topic: int | None) -> Reply:
            fields = _address(place, topic)
            fields |= _text("text", lines, TEXT_LIMIT, formatted=formatted)
            fields["link_preview_options"] = {"is_disabled": True}
            if buttons:
                fields["reply_markup"] = _keyboard(buttons)
            if is_silent:
                fields["disable_notification"] = True
            return self.call("sendMessage", **fields)

        return _as_it_goes(send, place)

    def show(
        self, place: Place, lines: Sequence[Line], photo: bytes, buttons: Sequence[Sequence[Button]] = ()
    ) -> Reply:
        """A JPEG with the lines as its caption."""

        def send(formatted: bool, topic: int | None) -> Reply:
            part = FilePart("photo", "photo.jpg", "image/jpeg", BytesIO(photo), len(photo))
            return self._send_file(
                "sendPhoto", _form(place, topic, lines, buttons, formatted=formatted), part
            )

        return _as_it_goes(send, place)

    def show_film(self, place: Place, lines: Sequence[Line], content: BinaryIO, size: int) -> Reply:
        """An MP4."""

        def send(formatted: bool, topic: int | None) -> Reply:
            content.seek(0)
            part = FilePart("video", "timelapse.mp4", "video/mp4", content, size)
            fields = _form(place, topic, lines, (), formatted=formatted) | {"supports_streaming": "true"}
            return self._send_file("sendVideo", fields, part)

        return _as_it_goes(send, place)

    def _send_file(self, method: str, fields: Mapping[str, str], part: FilePart) -> Reply:
        body = MultipartBody(fields, [part])
        times = CallTimes(self._times.connect, self._times.read, max(self._times.whole, self._times.film))
        return self._post(method, body, body.content_type, times)

    def _post(self, method: str, body: bytes | MultipartBody, content_type: str, times: CallTimes) -> Reply:
        answered = self._connection.post(method, body, content_type, times, _ANSWER_BYTES)
        if isinstance(answered, NoAnswer):
            return Reply(0, description=answered.reason)
        fields = fields_in(answered.body)
        if answered.status == 200 and fields.get("ok") is True:
            return Reply(200, fields.get("result"))
        description = fields.get("description")
        words = clean(description)[:_REASON_LIMIT] if isinstance(description, str) else "no description"
        # 200 without what belongs to it is no answer of the Bot API: a login page, a proxy.
        status = 0 if answered.status == 200 or not fields else answered.status
        return Reply(status, None, f"HTTP {answered.status}: {words}", fields_of(fields.get("parameters")))


def _as_it_goes(send: Any, place: Place) -> Reply:
    reply: Reply = send(formatted=True, topic=place.topic)
    if reply.status != 400:
        return reply
    topic = place.topic
    if topic is not None and (reply.says("thread not found") or reply.says("topic_")):
        topic = None
        reply = send(formatted=True, topic=None)
    if reply.says("can't parse entities"):
        _log.error("an answer's markup was not understood, it is sent as plain text: %s", reply.description)
        reply = send(formatted=False, topic=topic)
    return reply


def _address(place: Place, topic: int | None) -> dict[str, Any]:
    fields: dict[str, Any] = {"chat_id": place.chat}
    if topic is not None:
        fields["message_thread_id"] = topic
    if place.reply_to is not None:
        # The question may be deleted by then.
        fields["reply_parameters"] = {
            "message_id": place.reply_to,
            "allow_sending_without_reply": True,
        }
    return fields


def _text(name: str, lines: Sequence[Line], limit: int, *, formatted: bool) -> dict[str, str]:
    if formatted:
        return {name: to_html(fitted(lines, limit)), "parse_mode": "HTML"}
    return {name: to_plain(fitted(without_markup(lines), limit))}


def _form(
    place: Place,
    topic: int | None,
    lines: Sequence[Line],
    buttons: Sequence[Sequence[Button]],
    *,
    formatted: bool,
) -> dict[str, str]:
    """The fields of a form, which carries only texts."""
    fields = {
        name: json.dumps(value) if isinstance(value, dict) else str(value)
        for name, value in _address(place, topic).items()
    }
    fields |= _text("caption", lines, CAPTION_LIMIT, formatted=formatted) | {"disable_notification": "true"}
    return fields | ({"reply_markup": json.dumps(_keyboard(buttons))} if buttons else {})


def _keyboard(buttons: Sequence[Sequence[Button]]) -> dict[str, Any]:
    rows = [[{"text": button.text, "callback_data": button.data} for button in row] for row in buttons]
    return {"inline_keyboard": rows}
