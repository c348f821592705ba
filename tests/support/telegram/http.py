"""The HTTP side of the local Bot API server: connections, bodies, faults; what calls mean is its owner's."""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

from tests.support.telegram.calls import VIDEO_BYTES, CallError
from tests.support.telegram.faults import Fault
from tests.support.timeouts import TIMEOUT


class Owner(Protocol):
    """Who answers the calls."""

    def count_connection(self) -> None: ...

    def fault_of(self, path: str) -> Fault | None: ...

    def result_of(self, path: str, content_type: str, body: bytes) -> dict[str, Any]: ...

    def refuse(self, error: CallError) -> None: ...


_ENDED_WITHIN = 2.0  # seconds: a handler that ends its own server is waited for no longer


class BotHttpServer(ThreadingHTTPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, owner: Owner, port: int) -> None:
        self.owner = owner
        self.is_closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._changed = threading.Condition()
        super().__init__(("127.0.0.1", port), _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self.owner.count_connection()
        with self._changed:
            self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._changed:
            self._open.discard(request)
            self._changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away, or was thrown out by `down`, is no fault."""

    def close_all(self) -> None:
        """And see them closed, so that the garbage collector finds none in another test."""
        self.is_closing.set()
        self.shutdown()
        self.server_close()
        with self._changed:
            connections = list(self._open)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        with self._changed:
            self._changed.wait_for(lambda: not self._open, _ENDED_WITHIN)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: BotHttpServer

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class names it so
        """Quiet."""

    def do_GET(self) -> None:
        self._serve(b"{}")

    def do_POST(self) -> None:
        owner = self.server.owner
        fault = owner.fault_of(self.path)
        if fault is not None and fault.kind == "close_unread":
            self.close_connection = True
            return
        try:
            length = int(self.headers["Content-Length"])
        except (TypeError, ValueError):
            self._answer(411, b"{}")
            return
        body = self._read(length)
        if len(body) < length:
            self.close_connection = True
            return
        self._serve(body, fault)

    def _is_alone(self) -> bool:
        """Whether the client has closed the connection."""
        try:
            return not self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def _read(self, length: int) -> bytes:
        """The body; of one that is far too large only its length matters."""
        if length <= VIDEO_BYTES + 1024 * 1024:
            return self.rfile.read(length)
        left = length
        while left and (piece := self.rfile.read(min(left, 1 << 20))):
            left -= len(piece)
        return bytes(length - left)

    def _serve(self, body: bytes, fault: Fault | None = None) -> None:
        owner = self.server.owner
        if fault is not None and fault.kind != "lose_answer":
            if fault.kind == "answer":
                self._answer(fault.code, fault.body, fault.content_type)
            else:
                if fault.kind == "stall":
                    self.server.is_closing.wait(TIMEOUT)
                self.close_connection = True
            return
        try:
            if len(body) > VIDEO_BYTES + 1024 * 1024:
                raise CallError(413, "Request Entity Too Large")
            result = owner.result_of(self.path, self.headers.get("Content-Type", "application/json"), body)
        except CallError as error:
            if not self._is_alone():  # a poll that was cut off is refused to nobody
                owner.refuse(error)
            fields: dict[str, Any] = {"ok": False, "error_code": error.code, "description": error.description}
            if error.parameters:
                fields["parameters"] = error.parameters
            self._answer(error.code, json.dumps(fields).encode())
            return
        if fault is not None:
            self.close_connection = True
            return
        self._answer(200, json.dumps({"ok": True, "result": result}).encode())

    def _answer(self, code: int, body: bytes, content_type: str = "application/json") -> None:
        self.send_response(code)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
