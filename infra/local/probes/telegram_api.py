"""Calls of the Bot API that send nothing. The token is in no value that comes out of here.

Source: core.telegram.org/bots/api, "Making requests".
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.local.probes.http import HttpAnswer, HttpRequest, Unreachable, ask

_DESCRIPTION_LIMIT = 200
_MOST_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class BotAnswer:
    """`result` when `is_ok`, else why not. `status` is 0 for what is no Bot API answer at all."""

    is_ok: bool
    status: int = 0
    result: Any = None
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    ahead: float | None = None


class BotApi:
    """One bot on one Bot API server. Blocking."""

    def __init__(self, api_url: str, token: str) -> None:
        self.api_url = api_url
        self._token = token

    def call(self, method: str, seconds: float = 15.0, **parameters: Any) -> BotAnswer | Unreachable:
        """Never raises for what the other side or the network does."""
        answer = ask(
            HttpRequest(
                f"{self.api_url.rstrip('/')}/bot{self._token}/{method}",
                {"content-type": "application/json"},
                json.dumps(parameters).encode(),
                seconds,
                _MOST_BYTES,
            )
        )
        return answer if isinstance(answer, Unreachable) else self._read(answer)

    def _read(self, answer: HttpAnswer) -> BotAnswer:
        body = answer.body.replace(self._token.encode(), b"***")  # a hostile server may repeat it
        fields = _object(body)
        if answer.status == 200 and fields.get("ok") is True:
            return BotAnswer(True, 200, fields.get("result"), ahead=answer.ahead)
        description = fields.get("description")
        if not isinstance(description, str) or fields.get("ok") is not False:
            return BotAnswer(False, 0, description=f"HTTP {answer.status}, and no answer of the Bot API")
        parameters = fields.get("parameters")
        return BotAnswer(
            False,
            answer.status,
            None,
            description[:_DESCRIPTION_LIMIT],
            parameters if isinstance(parameters, dict) else {},
            answer.ahead,
        )


def _object(body: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}


def fields_of(value: object) -> Mapping[str, Any]:
    """An object of the answer; anything else has no fields."""
    return value if isinstance(value, dict) else {}


def text_of(value: object) -> str:
    """A text of the answer in one short line, or nothing."""
    return " ".join(value.split())[:100] if isinstance(value, str) else ""
