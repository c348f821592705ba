"""What can go wrong with one call of the local Bot API server (see `TelegramServer.script`)."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one call instead of its normal answer. Use the makers below."""

    kind: str
    code: int = 0
    body: bytes = b""
    content_type: str = "application/json"


def answers(code: int, description: str, **parameters: Any) -> Fault:
    """The call is refused with that code; nothing is recorded."""
    fields: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    if parameters:
        fields["parameters"] = parameters
    return Fault("answer", code, json.dumps(fields).encode())


def too_many_requests(retry_after: int) -> Fault:
    return answers(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)


SERVER_ERROR = answers(500, "Internal Server Error")
BAD_GATEWAY = Fault("answer", 502, b"<html><h1>502 Bad Gateway</h1></html>", "text/html")
BROKEN_JSON = Fault("answer", 200, b'{"ok": tru')
REFUSE_TO_READ = Fault("close_unread")  # the connection is closed before the call was read
HANG_UP = Fault("hang_up")  # the call is read, not recorded, and the connection closed
LOSE_ANSWER = Fault("lose_answer")  # the call is recorded like any other, but its answer never comes
STALL = Fault("stall")  # the call is read, not recorded, and there is no answer while the server runs
