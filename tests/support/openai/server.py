"""A strict local server of OpenAI-compatible chat completions with images; its answers are scripted.

A request that is not exactly as agreed gets a 400 and is noted in `faults`, whatever the script says.
"""

import json
import threading
from collections import deque
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

from tests.support.openai.replies import Reply, failure, fine
from tests.support.openai.requests import SeenRequest, checked_request
from tests.support.timeouts import TIMEOUT

BODY_LIMIT = 8 * 1024 * 1024
_HANG_LIMIT = 60.0
_BLANKS = 1000

Judge: TypeAlias = Callable[[SeenRequest], Reply]


class OpenAiServer:
    """Use as a context manager. `script` replies are used up in order, then `judge` is asked each time."""

    def __init__(self, api_key: str = "sk-or-v1-test", models: Sequence[str] = ("fake/vision",)) -> None:
        self.api_key = api_key
        self.models = tuple(models)
        self.judge: Judge = lambda request: fine()
        self.takes_schema = True
        self.key: dict[str, Any] | None = {"label": "sk-or-v1-tes...est", "limit": None, "usage": 0.0}
        self.input_modalities: tuple[str, ...] | None = ("text", "image")
        self.asked: list[str] = []
        self.requests: list[SeenRequest] = []
        self.faults: list[str] = []
        self._script: deque[Reply] = deque()
        self._lock = threading.Lock()
        self.closing = threading.Event()
        self._server = _Server(self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/api/v1"

    def script(self, *replies: Reply) -> None:
        with self._lock:
            self._script.extend(replies)

    def __enter__(self) -> "OpenAiServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=TIMEOUT)

    def reply_to(self, path: str, authorization: str, content_type: str, raw: bytes) -> Reply:
        """Check a request and choose the reply; in order even when several come at once."""
        with self._lock:
            if path != "/api/v1/chat/completions":
                return Reply(404, "<h1>Not found</h1>", "text/html")
            if authorization != f"Bearer {self.api_key}":
                return failure(401, f"No auth credentials found for {authorization.removeprefix('Bearer ')}")
            try:
                request = checked_request(raw, content_type)
            except ValueError as error:
                self.faults.append(str(error))
                return failure(400, str(error))
            if request.body["model"] not in self.models:
                return failure(400, f"{request.body['model']} is not a valid model ID")
            self.requests.append(request)
            if request.has_schema and not self.takes_schema:
                return failure(400, "response_format is not supported by this model")
            if self._script:
                return self._script.popleft()
            return self.judge(request)

    def reply_to_question(self, path: str, authorization: str) -> Reply:
        """The questions that cost nothing: /key (only OpenRouter has it; None: another server), /models."""
        with self._lock:
            self.asked.append(path)
            if path not in ("/api/v1/key", "/api/v1/models"):
                return failure(405, "POST only")
            if path == "/api/v1/key" and self.key is None:
                return Reply(404, "<h1>Not found</h1>", "text/html")
            if authorization != f"Bearer {self.api_key}":
                return failure(401, f"No auth credentials found for {authorization.removeprefix('Bearer ')}")
            if path == "/api/v1/key":
                return Reply(body=json.dumps({"data": self.key}))
            return Reply(body=json.dumps({"data": [self._described(model) for model in self.models]}))

    def _described(self, model: str) -> dict[str, Any]:
        fields: dict[str, Any] = {"id": model, "object": "model", "created": 1_700_000_000}
        if self.input_modalities is not None:
            fields["architecture"] = {
                "input_modalities": list(self.input_modalities),
                "output_modalities": ["text"],
            }
        return fields


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True

    def __init__(self, owner: OpenAiServer) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up early is part of the game."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 10

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        if length > BODY_LIMIT:
            self._send(failure(413, "too large"))
            return
        raw = self.rfile.read(length)
        reply = self.server.owner.reply_to(
            self.path, self.headers.get("Authorization", ""), self.headers.get("Content-Type", ""), raw
        )
        self._send(reply)

    def do_GET(self) -> None:
        self._send(self.server.owner.reply_to_question(self.path, self.headers.get("Authorization", "")))

    def _send(self, reply: Reply) -> None:
        self.close_connection = True
        if reply.hangs:
            self.server.owner.closing.wait(_HANG_LIMIT)
            return
        body = reply.body.encode()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", reply.content_type)
        if reply.drips:
            self.end_headers()
            for _ in range(_BLANKS):
                if self.server.owner.closing.wait(0.01):
                    break
                self.wfile.write(b" ")
            return
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if reply.breaks else body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""
