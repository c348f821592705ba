"""A server that sends the bridge on to another one: the other one must not be asked anything.

Every module that makes requests of its own is tried here, against two real servers.
"""

import ast
import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from collector.bambui.client import Connection
from collector.bambui.discovery import fetch
from functions.inspection.model import OpenAiModel
from functions.inspection.prompt import Question
from functions.notify.render import Message
from functions.notify.telegram import Telegram
from functions.notify.transports import Outcome
from functions.shared.errors import TransientError
from functions.shared.runtime.backoff import Backoff
from infra.local.doctor.printer_check import watch_printer
from infra.local.probes.http import HttpAnswer, HttpRequest, ask
from tests.support.telegram.server import CHAT_ID, TOKEN
from tests.support.timeouts import TIMEOUT
from tests.test_architecture import PROGRAM, ROOT, module_of, names_in

RULE = "functions.shared.runtime.redirects"
STATUSES = (301, 302, 303, 307, 308)
# boto3 is none of them: it never follows a Location.
CLIENT_LIBRARIES = (
    "aiohttp",
    "http.client.HTTPConnection",
    "http.client.HTTPSConnection",
    "httpx",
    "httpx2",
    "openai",
    "requests",
    "urllib.request",
    "websockets.asyncio.client",
    "websockets.client",
    "websockets.sync",
)


@dataclass
class Server:
    """Answers everything with `status`, and notes what it was asked: first line and Authorization."""

    status: int = 200
    base: str = ""  # `://host:port` of where it leads to; empty: its own
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    port: int = 0

    def __enter__(self) -> "Server":
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", "0")))
                owner.asked.append((self.path, self.headers.get("authorization")))
                is_redirect = self.path.startswith("/first")
                self.send_response(owner.status if is_redirect else 200)
                if is_redirect:
                    scheme = "ws" if "upgrade" in self.headers else "http"
                    self.send_header("location", f"{owner.base and scheme}{owner.base}/other")
                self.send_header("content-type", "application/json")
                self.send_header("content-length", "2")
                self.send_header("connection", "close")
                self.end_headers()
                self.wfile.write(b"[]")
                self.close_connection = True

            do_POST = do_GET  # noqa: N815 - the library's names

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=partial(self._server.serve_forever, 0.02), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(TIMEOUT)

    def url(self, scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.port}/first"


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture(scope="module")
def first(elsewhere: Server) -> Iterator[Server]:
    with Server(base=f"://127.0.0.1:{elsewhere.port}") as server:
        yield server


@pytest.fixture(params=STATUSES)
def redirecting(request: pytest.FixtureRequest, first: Server, elsewhere: Server) -> Iterator[Server]:
    """Sends everybody elsewhere, where nothing must be asked."""
    first.status = request.param
    first.asked.clear()
    elsewhere.asked.clear()
    yield first
    assert first.asked, "nothing was tried"
    assert elsewhere.asked == []


def the_list_is_read(server: Server) -> None:
    with pytest.raises(TransientError, match=r"redirect to another server.*PRINTERS_API_URL"):
        fetch(server.url().replace("//", "//me:secret@"))


def a_printer_is_connected(server: Server) -> None:
    async def connect() -> None:
        is_failed = asyncio.Event()

        def random() -> float:
            is_failed.set()
            return 0.5

        class Nobody:
            def opened(self) -> None:
                raise AssertionError

            closed = opened

            def received(self, frame: str | bytes) -> None:
                raise AssertionError

        loop = asyncio.get_running_loop()
        connection = Connection("P", server.url("ws"), Nobody(), Backoff(60.0, 60.0), random, loop.time)
        running = asyncio.ensure_future(connection.run())
        async with asyncio.timeout(TIMEOUT):
            await is_failed.wait()
        running.cancel()
        await asyncio.wait([running])

    asyncio.run(connect())


def the_doctor_watches_a_printer(server: Server) -> None:
    seen = asyncio.run(watch_printer(server.url("ws"), TIMEOUT))
    assert seen.refused_with == server.status


def a_message_is_sent(server: Server) -> None:
    telegram = Telegram(TOKEN, str(CHAT_ID), api_url=server.url())
    assert telegram.send_text(Message(None, "done")).outcome is not Outcome.SENT
    assert telegram.send_photo(Message(None, "done"), b"x").outcome is not Outcome.SENT


def a_check_is_made(server: Server) -> None:
    model = OpenAiModel(server.url(), "sk-secret", "fake/vision", TIMEOUT)
    with pytest.raises(TransientError, match=r"redirect, which is not followed.*OPENROUTER_BASE_URL"):
        model.ask(Question("look", ("this",), "verdict", {}))


def the_doctor_asks(server: Server) -> None:
    headers = {"authorization": "Bearer secret"}
    for body in (None, b"{}"):
        for is_local in (False, True):
            answer = ask(HttpRequest(server.url(), headers, body, is_local=is_local))
            assert isinstance(answer, HttpAnswer)
            assert answer.status == server.status


TRIED: dict[str, Callable[[Server], None]] = {
    "collector.bambui.client": a_printer_is_connected,
    "collector.bambui.reception": a_printer_is_connected,
    "collector.bambui.discovery": the_list_is_read,
    "functions.inspection.model": a_check_is_made,
    "functions.shared.telegram.deadline_session": a_message_is_sent,
    "functions.shared.telegram.calls": a_message_is_sent,
    "infra.local.doctor.printer_check": the_doctor_watches_a_printer,
    "infra.local.probes.http": the_doctor_asks,
}


@pytest.mark.parametrize("module", TRIED)
def test_nobody_is_led_to_another_server(module: str, redirecting: Server) -> None:
    TRIED[module](redirecting)


def imports_a_client(source: str) -> bool:
    """Anywhere in it, other than for types alone."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    names = {name for node in ast.walk(tree) for name in names_in(node, [])}
    return any(f"{name}.".startswith(f"{library}.") for name in names for library in CLIENT_LIBRARIES)


def test_every_module_that_makes_requests_is_tried() -> None:
    makes = {module_of(path) for path in PROGRAM if imports_a_client((ROOT / path).read_text("utf-8"))}
    assert makes - {RULE} == TRIED.keys()


def test_a_redirect_on_the_same_server_is_followed_without_the_password() -> None:
    with Server(302) as server:
        assert fetch(server.url().replace("//", "//me:secret@")).body == b"[]"
        assert server.asked == [("/first", "Basic bWU6c2VjcmV0"), ("/other", None)]
