"""A gate in front of an AWS emulator: lets requests through, is shut, stalls, or answers with one fault."""

import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit

from tests.support.timeouts import TIMEOUT

_FAULTS = {
    "ExpiredToken": (403, "The security token included in the request is expired"),
    "ServiceUnavailable": (503, "Please try again later"),
}
Answer = tuple[int, list[tuple[str, str]], bytes]
_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"})


class AwsGate:
    """`fault`: a name of _FAULTS, answered to everything; `stalls`: requests hang until the gate is shut."""

    def __init__(self, behind: str) -> None:
        self.fault: str | None = None
        self.stalls = False
        self.requests = 0
        self.behind = urlsplit(behind).netloc
        self.shutting = threading.Event()
        self._port = 0
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.shut()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def settle(self, request: "GateRequest", body: bytes) -> None:
        """Answer one request, or do not."""
        if self.stalls:
            self.shutting.wait(TIMEOUT)
        if self.fault is not None:
            request.answer(*fault_answer(self.fault, *_FAULTS[self.fault], is_json=request.is_json))
        else:
            request.answer(*ask(self.behind, request, body))

    def open(self) -> None:
        """Listen, on the same port as before."""
        self.shutting.clear()
        gate = self

        class Handler(GateRequest):
            def handle_any(self) -> None:
                gate.requests += 1
                try:
                    body = self.rfile.read(int(self.headers.get("content-length") or 0))
                except OSError:  # who asks has been killed
                    return
                try:
                    gate.settle(self, body)
                except (OSError, http.client.HTTPException):
                    if not gate.shutting.is_set():
                        raise
                    self.close_connection = True  # a poll that outlasted the emulator

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any  # noqa: N815

        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        self._port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def shut(self) -> None:
        """Nobody listens any more."""
        self.shutting.set()
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join(TIMEOUT)
            self._server = None


class GateRequest(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def is_json(self) -> bool:
        """SQS speaks JSON, S3 XML."""
        return "x-amz-target" in self.headers

    def answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """One answer a connection, so that a shut gate is seen at once."""
        self.close_connection = True
        self.send_response(status)
        for name, value in [*headers, ("content-length", str(len(body))), ("connection", "close")]:
            self.send_header(name, value)
        try:
            self.end_headers()
            self.wfile.write(body)
        except OSError:  # who asked has been killed
            pass

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Nothing."""


def ask(behind: str, request: BaseHTTPRequestHandler, body: bytes) -> Answer:
    """What the emulator answers to the request with that body."""
    connection = http.client.HTTPConnection(behind, timeout=TIMEOUT)
    try:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP}
        connection.request(request.command, request.path, body, headers)
        answer = connection.getresponse()
        kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in _HOP]
        return answer.status, kept, answer.read()
    finally:
        connection.close()


def fault_answer(name: str, status: int, message: str, *, is_json: bool) -> Answer:
    """In the form of the service that was asked."""
    if is_json:
        kind, body = "application/x-amz-json-1.0", json.dumps({"__type": name, "message": message})
    else:
        kind = "application/xml"
        body = f"<?xml version='1.0'?><Error><Code>{name}</Code><Message>{message}</Message></Error>"
    return status, [("content-type", kind)], body.encode()
