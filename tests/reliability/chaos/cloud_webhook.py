"""The way of an update in the cloud: what the API does between Telegram's push and the chat's real function,
which is called once at a time as Telegram is told, and kept by its schedule.
"""

import base64
import logging
import os
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

from functions.chat import handler as chat_handler
from tests.support.lambda_runtime.event_source import Context

PATH = "/telegram"
_TIMEOUT_SECONDS = 26.0  # of the function, as in the stack
_KEPT_EVERY = 5.0
_FAILED = 502
_log = logging.getLogger(__name__)


class _Webhook(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Quiet."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        event = {
            "httpMethod": "POST",
            "path": self.path,
            "headers": dict(self.headers.items()),
            "body": base64.b64encode(body).decode(),
            "isBase64Encoded": True,
        }
        try:
            status = int(chat_handler.handle(event, Context(_TIMEOUT_SECONDS))["statusCode"])
        except Exception:  # noqa: BLE001 - the gateway says only that it failed
            _log.exception("the chat's function failed")
            status = _FAILED
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()


def serve(port: int) -> None:
    """For ever."""
    HTTPServer(("127.0.0.1", port), _Webhook).serve_forever()


def keep(port: int) -> None:
    """What the schedule does every quarter of an hour, for ever."""
    url = f"http://127.0.0.1:{port}{PATH}"
    while True:
        try:
            chat_handler.handle({chat_handler.KEEP_WEBHOOK: url}, Context(_TIMEOUT_SECONDS))
        except Exception:  # noqa: BLE001 - the next one comes
            _log.exception("the chat's function failed")
        time.sleep(_KEPT_EVERY)


def port() -> int | None:
    """Where updates are to come in, if people ask at all."""
    return int(os.environ["CHAOS_WEBHOOK_PORT"]) if "CHAOS_WEBHOOK_PORT" in os.environ else None
