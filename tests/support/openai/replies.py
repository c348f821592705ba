"""What an OpenAI-compatible server may answer: verdicts in every dress, and every kind of fault."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Reply:
    """What goes over the wire. `hangs`: nothing is sent; `breaks`: the connection is cut in mid-body;
    `drips`: blanks are sent for ten seconds in place of the body."""

    status: int = 200
    body: str = ""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    hangs: bool = False
    breaks: bool = False
    drips: bool = False


def says(text: str | None, finish_reason: str = "stop", refusal: str | None = None) -> Reply:
    """A completion with that text, as it is."""
    message = {"role": "assistant", "content": text, "refusal": refusal}
    choice = {"index": 0, "message": message, "finish_reason": finish_reason, "logprobs": None}
    return Reply(
        body=json.dumps(
            {
                "id": "gen-1",
                "object": "chat.completion",
                "created": 1_700_000_000,
                "model": "fake/vision",
                "choices": [choice],
                "usage": {"prompt_tokens": 900, "completion_tokens": 40, "total_tokens": 940},
            }
        )
    )


def verdict_text(
    has_defect: bool = False, confidence: object = 0.03, category: str = "none", summary: str = "All is well."
) -> str:
    return json.dumps(
        {"has_defect": has_defect, "confidence": confidence, "category": category, "summary": summary}
    )


def fine(confidence: float = 0.03) -> Reply:
    """A clean answer: nothing is wrong."""
    return says(verdict_text(confidence=confidence))


def defect(
    category: str = "spaghetti", confidence: float = 0.9, summary: str = "Loose filament on the plate."
) -> Reply:
    """A clean answer: something is wrong."""
    return says(verdict_text(True, confidence, category, summary))


def fenced(text: str) -> Reply:
    return says(f"```json\n{text}\n```")


def in_prose(text: str) -> Reply:
    return says(f"I looked at both pictures. My answer is:\n\n{text}\n\nLet me know if you need more.")


def empty() -> Reply:
    return says("")


def refuses() -> Reply:
    return says(None, refusal="I cannot help with that picture.")


def cut_off() -> Reply:
    return says(verdict_text(True, 0.95, "spaghetti")[:40], finish_reason="length")


def failure(status: int, message: str = "it failed", retry_after: str | None = None) -> Reply:
    """An error answer as OpenRouter makes it."""
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return Reply(status, json.dumps({"error": {"code": status, "message": message}}), headers=headers)


def failure_in_body(
    code: int, message: str = "Provider returned error", raw: str = "upstream is down"
) -> Reply:
    """An error after the model has begun: status 200 all the same."""
    error = {"code": code, "message": message, "metadata": {"raw": raw, "provider_name": "Fake"}}
    return Reply(body=json.dumps({"error": error, "user_id": "u1"}))


def html() -> Reply:
    return Reply(200, "<!doctype html><title>Log in to the hotel network</title>", "text/html")


def hangs() -> Reply:
    return Reply(hangs=True)


def breaks() -> Reply:
    return Reply(body=fine().body, breaks=True)


def drips() -> Reply:
    return Reply(drips=True)
