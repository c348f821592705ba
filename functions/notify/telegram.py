"""The Telegram transport: the Bot API over HTTP. Every way a call can end is an Answer; the token is in none.

Source: core.telegram.org/bots/api (sendMessage, sendPhoto, sendVideo, editMessageText, editMessageCaption,
editMessageMedia, createForumTopic, ReplyParameters, InlineKeyboardMarkup).
"""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

from functions.notify.render import Message
from functions.notify.telegram_answer import read_answer
from functions.notify.transports import Answer, Outcome
from functions.shared.messages.effects import Film
from functions.shared.settings import Settings
from functions.shared.telegram.calls import AT_HOME, BotConnection, CallTimes, NoAnswer, endless
from functions.shared.telegram.multipart import FilePart, MultipartBody

if TYPE_CHECKING:
    from functions.shared.messages.job_message import JobMessage

_log = logging.getLogger(__name__)

_FILM_FACTOR = 5


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
        times: CallTimes = AT_HOME,
        time_left: Callable[[], float] = endless,
    ) -> None:
        self._connection = BotConnection(token, api_url, time_left)
        self._chat_id = chat_id
        self._thread_id = thread_id
        self._times = times
        self._moved_to: str | None = None

    @classmethod
    def from_settings(
        cls,
        settings: Settings,
        token: str,
        times: CallTimes = AT_HOME,
        time_left: Callable[[], float] = endless,
    ) -> "Telegram":
        """The chat that the settings name."""
        chat_id, thread_id = settings.telegram_chat_id, settings.telegram_thread_id
        return cls(token, chat_id, thread_id, settings.telegram_api_url, times, time_left)

    def __repr__(self) -> str:
        return f"Telegram(chat_id={self._chat_id!r}, api_url={self._connection.api_url!r})"

    def send_text(self, message: Message) -> Answer:
        def call(message: Message) -> Answer:
            fields = {**self._address(message), "link_preview_options": {"is_disabled": True}}
            fields["text"], mode = _text_of(message)
            fields |= mode | ({"disable_notification": True} if message.is_silent else {})
            return self._post_fields("sendMessage", fields | _surroundings(message))

        return self._following_the_chat(call, message)

    def send_photo(self, message: Message, photo: bytes) -> Answer:
        def call(message: Message) -> Answer:
            part = FilePart("photo", "photo.jpg", "image/jpeg", BytesIO(photo), len(photo))
            return self._post_form("sendPhoto", message, {}, [part], self._times)

        return self._following_the_chat(call, message)

    def edit(self, message: Message, shown: "JobMessage", photo: bytes | None) -> Answer:
        """In the chat that it was sent to: in the one that this became, its number is another message's."""
        text, mode = _text_of(message)
        fields = {"chat_id": _number_of(shown.chat), "message_id": shown.message_id} | _keyboard(message)
        try:
            if not shown.has_photo:
                preview = {"link_preview_options": {"is_disabled": True}}
                return self._post_fields("editMessageText", {**fields, "text": text, **mode, **preview})
            if photo is None:
                return self._post_fields("editMessageCaption", {**fields, "caption": text, **mode})
            media = {"type": "photo", "media": "attach://photo", "caption": text, **mode}
            part = FilePart("photo", "photo.jpg", "image/jpeg", BytesIO(photo), len(photo))
            body = MultipartBody(_as_texts(fields | {"media": media}), [part])
            return self._post("editMessageMedia", body, body.content_type, self._times)
        except _ChatMovedError:
            return Answer(Outcome.GONE, "its group became a supergroup")

    def make_topic(self, name: str) -> Answer:
        def call(_: Message) -> Answer:
            fields = {"chat_id": _number_of(self._chat_id), "name": name}
            return self._post_fields("createForumTopic", fields)

        return self._following_the_chat(call, Message(None, name))

    def send_film(self, message: Message, film: Film, content: BinaryIO, thumbnail: bytes | None) -> Answer:
        def call(message: Message) -> Answer:
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

        return self._following_the_chat(call, message)

    def _address(self, message: Message) -> dict[str, Any]:
        address: dict[str, Any] = {"chat_id": _number_of(self._chat_id)}
        if message.topic_id is not None:
            address["message_thread_id"] = message.topic_id
        elif self._thread_id is not None and message.goes_to_topic:
            address["message_thread_id"] = self._thread_id
        return address

    def _post_fields(self, method: str, fields: Mapping[str, Any]) -> Answer:
        return self._post(method, json.dumps(fields).encode(), "application/json", self._times)

    def _post_form(
        self,
        method: str,
        message: Message,
        more: Mapping[str, str],
        files: Sequence[FilePart],
        times: CallTimes,
    ) -> Answer:
        caption, mode = _text_of(message)
        fields = _as_texts(self._address(message) | _surroundings(message))
        fields |= {"caption": caption, **mode, **more}
        if message.is_silent:
            fields["disable_notification"] = "true"
        body = MultipartBody(fields, files)
        return self._post(method, body, body.content_type, times)

    def _post(self, method: str, body: bytes | MultipartBody, content_type: str, times: CallTimes) -> Answer:
        answered = self._connection.post(method, body, content_type, times)
        if isinstance(answered, NoAnswer):
            return Answer(Outcome.UNAVAILABLE, answered.reason)
        parsed = read_answer(answered.status, answered.body)
        if parsed.new_chat_id is not None and str(parsed.new_chat_id) != self._chat_id:
            raise _ChatMovedError(parsed.new_chat_id)
        if parsed.answer.outcome is Outcome.UNAVAILABLE and answered.cut_off:
            return Answer(Outcome.UNAVAILABLE, answered.cut_off)
        return parsed.answer

    def _following_the_chat(self, call: Callable[[Message], Answer], message: Message) -> Answer:
        """A group that became a supergroup has a new id: use it from now on, and say so once."""
        try:
            answer = call(message)
        except _ChatMovedError as moved:
            _log.warning(
                "the chat has a new id, because its group became a supergroup: set TELEGRAM_CHAT_ID=%s",
                moved.new_chat_id,
            )
            self._chat_id = self._moved_to = str(moved.new_chat_id)
            try:
                answer = call(replace(message, reply_to=None))  # its number was the old chat's
            except _ChatMovedError:
                return Answer(Outcome.SHUT_OUT, "the chat moves from id to id; check TELEGRAM_CHAT_ID")
        return answer if self._moved_to is None else replace(answer, moved_to=self._moved_to)


class _ChatMovedError(Exception):
    def __init__(self, new_chat_id: int) -> None:
        super().__init__(str(new_chat_id))
        self.new_chat_id = new_chat_id


def _number_of(chat_id: str) -> str | int:
    return chat_id if chat_id.startswith("@") else int(chat_id)


def _surroundings(message: Message) -> dict[str, Any]:
    """What it answers to, and the buttons under it; an answer goes out though that is gone."""
    if message.reply_to is None:
        return _keyboard(message)
    answered = {"message_id": message.reply_to, "allow_sending_without_reply": True}
    return {"reply_parameters": answered} | _keyboard(message)


def _keyboard(message: Message) -> dict[str, Any]:
    if not message.buttons:
        return {}
    rows = [[{"text": text, "callback_data": data} for text, data in row] for row in message.buttons]
    return {"reply_markup": {"inline_keyboard": rows}}


def _as_texts(fields: Mapping[str, Any]) -> dict[str, str]:
    """A form has texts only; objects are JSON in it."""
    return {
        name: json.dumps(value) if isinstance(value, dict) else str(value) for name, value in fields.items()
    }


def _text_of(message: Message) -> tuple[str, dict[str, str]]:
    if message.html is None:
        return message.plain, {}
    return message.html, {"parse_mode": "HTML"}
