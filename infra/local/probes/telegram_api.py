"""Calls of the Bot API that send nothing. The token is in no value that comes out of here.

Source: core.telegram.org/bots/api, "Making requests".
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from functions.shared.messages.codec import fields_of
from infra.local.probes.http import HttpAnswer, HttpRequest, Unreachable, ask

_DESCRIPTION_LIMIT = 200
_MOST_BYTES = 8 * 1024 * 1024
_KINDS = {"private": "person", "group": "group", "supergroup": "group", "channel": "channel"}


@dataclass(frozen=True, slots=True)
class BotAnswer:
    """`result` when `is_ok`, else why not. `status` is 0 for what is no Bot API answer at all.

    `unreachable`: nothing answered, for that reason.
    """

    is_ok: bool
    status: int = 0
    result: Any = None
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    ahead: float | None = None
    unreachable: Unreachable | None = None

    @property
    def fields(self) -> Mapping[str, Any]:
        """Of the object that the result is."""
        return fields_of(self.result)


class BotApi:
    """One bot on one Bot API server. Blocking."""

    def __init__(self, api_url: str, token: str) -> None:
        self.api_url = api_url
        self._token = token

    def call(self, method: str, seconds: float = 15.0, **parameters: Any) -> BotAnswer:
        """Never raises for what the other side or the network does."""
        url = f"{self.api_url.rstrip('/')}/bot{self._token}/{method}"
        headers = {"content-type": "application/json"}
        answer = ask(HttpRequest(url, headers, json.dumps(parameters).encode(), seconds, _MOST_BYTES))
        if isinstance(answer, Unreachable):
            return BotAnswer(False, description=answer.words, unreachable=answer)
        return self._read(answer)

    def _read(self, answer: HttpAnswer) -> BotAnswer:
        body = answer.body.replace(self._token.encode(), b"***")  # a hostile server may repeat it
        fields = replace(answer, body=body).fields
        if answer.status == 200 and fields.get("ok") is True:
            return BotAnswer(True, 200, fields.get("result"), ahead=answer.ahead)
        description = fields.get("description")
        if not isinstance(description, str) or fields.get("ok") is not False:
            return BotAnswer(False, description=f"HTTP {answer.status}, and no answer of the Bot API")
        parameters = fields_of(fields.get("parameters"))
        return BotAnswer(
            False, answer.status, None, description[:_DESCRIPTION_LIMIT], parameters, answer.ahead
        )


def text_of(value: object) -> str:
    """A text of the answer in one short line, or nothing."""
    return " ".join(value.split())[:100] if isinstance(value, str) else ""


def chat_words(chat: Mapping[str, Any]) -> str:
    """Kind and name of a chat."""
    kind = _KINDS.get(str(chat.get("type")), "chat")
    name = chat_name(chat)
    topics = " with topics" if chat.get("is_forum") is True else ""
    return f'{kind} "{name}"{topics}' if name else f"a {kind}{topics}"


def chat_name(chat: Mapping[str, Any]) -> str:
    """Title of a group or channel, name of a person."""
    first, last = text_of(chat.get("first_name")), text_of(chat.get("last_name"))
    return text_of(chat.get("title")) or " ".join(part for part in (first, last) if part)
