"""The local server is as strict as it says: what it let through in the other tests was in order."""

import base64
import http.client
import json
from collections.abc import Iterator
from typing import Any

import pytest

from functions.inspection.prompt import SCHEMA
from tests.functions.inspection.frame_images import jpeg_image
from tests.support.openai.server import OpenAiServer
from tests.support.timeouts import TIMEOUT


@pytest.fixture
def server() -> Iterator[OpenAiServer]:
    with OpenAiServer() as running:
        yield running


def uri(data: bytes, kind: str = "jpeg") -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def image(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


def messages(*parts: Any) -> list[dict[str, Any]]:
    return [{"role": "system", "content": "Look."}, {"role": "user", "content": list(parts)}]


def schema(**changes: Any) -> dict[str, Any]:
    inner = {"name": "look", "strict": True, "schema": SCHEMA} | changes
    return {"type": "json_schema", "json_schema": inner}


GOOD: dict[str, Any] = {
    "model": "fake/vision",
    "max_tokens": 100,
    "temperature": 0,
    "messages": messages({"type": "text", "text": "This:"}, image(uri(jpeg_image(1)))),
    "response_format": schema(),
}


def post(server: OpenAiServer, body: Any, key: str | None = None) -> int:
    host, _, port = server.base_url.removeprefix("http://").partition("/")[0].partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=TIMEOUT)
    try:
        connection.request(
            "POST",
            "/api/v1/chat/completions",
            json.dumps(body),
            {"Content-Type": "application/json", "Authorization": f"Bearer {key or server.api_key}"},
        )
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()


def test_a_proper_request_is_answered(server: OpenAiServer) -> None:
    assert post(server, GOOD) == 200
    assert server.requests[0].text == "Look.\nThis:"
    assert server.requests[0].images[0].width == 640
    assert post(server, GOOD, key="wrong") == 401


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"stream": True}, "unknown parameters: stream"),
        ({"max_tokens": 100_000}, "max_tokens"),
        ({"max_tokens": None}, "max_tokens"),
        ({"temperature": 3}, "temperature"),
        ({"messages": []}, "messages"),
        ({"messages": messages({"type": "text", "text": "no picture"})}, "no picture"),
        ({"messages": messages(image("https://example.org/a.jpg"))}, "data URI"),
        ({"messages": messages(image(uri(jpeg_image(1), "png")))}, "data URI"),
        ({"messages": messages(image(uri(b"\xff\xd8 no picture")))}, "cannot be decoded"),
        ({"messages": messages(image(uri(jpeg_image(1, size=(1300, 700)))))}, "1300x700"),
        ({"messages": messages({"type": "text", "text": "a", "name": "b"})}, "neither"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "role"),
        ({"messages": [{"role": "user", "content": "x", "name": "y"}]}, "other fields"),
        ({"response_format": {"type": "json_object"}}, "no json_schema"),
        ({"response_format": schema(strict=False)}, "not strict"),
        ({"response_format": schema(name="a b")}, "name"),
        ({"response_format": schema(schema=SCHEMA | {"required": ["summary"]})}, "requires all"),
        ({"response_format": schema(schema=SCHEMA | {"additionalProperties": True})}, "no others"),
        ({"response_format": schema(schema=SCHEMA | {"minProperties": 1})}, "do not know minProperties"),
    ],
)
def test_anything_else_is_refused(server: OpenAiServer, changes: dict[str, Any], fault: str) -> None:
    assert post(server, GOOD | changes) == 400
    assert fault in server.faults[0]
    assert server.requests == []
