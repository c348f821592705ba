"""A Lambda container on this machine: the real runtime client in a process of its own, a local Runtime API.

Source of the API: AWS Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes".
"""

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from tests.support.timeouts import TIMEOUT

_ROOT = Path(__file__).parents[3]
_ANSWER_BYTES_LIMIT = 6_291_556  # what Lambda says when it refuses one


@dataclass(frozen=True, slots=True)
class Code:
    """Where a container's modules are, and how Python is started: here and now as it is installed, unless
    said. `task` is the function's own folder; `path` where else modules are looked for.
    """

    task: Path = _ROOT
    path: tuple[Path, ...] = ()
    options: Sequence[str] = ()


_AS_INSTALLED = Code()


class LambdaRuntime:
    """One container of one function, with that whole environment: `invoke` calls its handler, `begin` does
    not wait for it. At the end it is killed, whatever it does.

    `output` is what it has printed so far.
    """

    def __init__(
        self,
        handler: str,
        environment: Mapping[str, str],
        seconds: float = TIMEOUT,
        code: Code = _AS_INSTALLED,
    ) -> None:
        self._handler = handler
        self._code = code
        self._environment = environment
        self._seconds = seconds
        self._events: queue.Queue[str | None] = queue.Queue()
        self._answers: queue.Queue[tuple[str, Any]] = queue.Queue()
        self._printed: list[str] = []

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", 0), _handler_for(self))
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.started_at = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, *self._code.options, "-m", "awslambdaric", self._handler],
            cwd=self._code.task,
            env={
                **self._environment,
                "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._server.server_address[1]}",
                "AWS_LAMBDA_FUNCTION_NAME": "function",
                "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
                "LAMBDA_TASK_ROOT": str(self._code.task),
                "PYTHONPATH": ":".join(map(str, (self._code.task, *self._code.path))),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait(TIMEOUT)
        self._reader.join(TIMEOUT)
        self._events.put(None)
        self._server.shutdown()
        self._server.server_close()

    @property
    def output(self) -> str:
        return "".join(self._printed)

    @property
    def pid(self) -> int:
        return self._process.pid

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """What the handler answers. Raises AssertionError with what Lambda would be told of a failure."""
        self.begin(event)
        try:
            kind, answer = self._answers.get(timeout=self._seconds)
        except queue.Empty:
            raise AssertionError(f"no answer within {self._seconds:g} s:\n{self.output}") from None
        assert kind == "response", f"{answer}\n{self.output}"
        return answer

    def begin(self, event: Mapping[str, Any]) -> None:
        self._events.put(json.dumps(event))

    def next_event(self) -> str | None:
        return self._events.get()

    def take_answer(self, kind: str, body: bytes) -> None:
        if kind == "response" and len(body) > _ANSWER_BYTES_LIMIT:
            kind, body = "error", b'{"errorType": "Function.ResponseSizeTooLarge"}'
        self._answers.put((kind, json.loads(body or b"null")))

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self._printed.append(line)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A container that is killed while it waits is the normal end."""


def _handler_for(runtime: LambdaRuntime) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            event = runtime.next_event()
            if event is None:
                self.close_connection = True
                return
            body = event.encode()
            self.send_response(200)
            self.send_header("Lambda-Runtime-Aws-Request-Id", "request-1")
            self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:local:0:function:f")
            self.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + 120) * 1000)))
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            runtime.take_answer(self.path.rpartition("/")[2], body)
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Quiet."""

    return Handler
