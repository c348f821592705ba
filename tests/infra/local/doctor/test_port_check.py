"""The ports of the API and of the collector's figures."""

import errno
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from functions.shared.settings import load_settings
from infra.local.doctor.findings import Finding
from infra.local.doctor.port_check import evaluate_port, run, run_metrics
from tests.infra.local.doctor.examined import FAULT, FINE, NOTHING, WARNING, setup_of
from tests.support.http_server import free_port


def look(port: int, **more: str) -> list[Finding]:
    return list(run(setup_of({"PORT": str(port), **more})).findings)


@contextmanager
def answering(status: int, body: bytes) -> Iterator[int]:
    """The port of a server that answers so at `/api/`, and 404 elsewhere."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/api/" else 404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture
def api() -> Iterator[int]:
    """What answers as a bridge does."""
    with answering(200, b"OK") as port:
        yield port


def test_a_free_port_and_any_free_port() -> None:
    assert look(free_port())[0].outcome is FINE
    assert look(0)[0].outcome is NOTHING


def test_our_own_bridge_may_have_it(api: int) -> None:
    (finding,) = look(api)
    assert (finding.outcome, "what runs already" in finding.found) == (FINE, True)


def test_somebody_else_may_not() -> None:
    with answering(404, b"") as port:
        (finding,) = look(port)
    assert (finding.outcome, finding.advice) == (FAULT, "Set PORT to a free port.")


def test_an_address_that_is_not_ours() -> None:
    for host in ("192.0.2.1", "no.such.host.invalid"):
        for port in (8000, 0):
            (finding,) = look(port, HOST=host)  # and nobody can reach what does not listen
            assert (finding.outcome, "HOST" in finding.advice) == (FAULT, True)
    assert "1024" in evaluate_port("0.0.0.0", 80, errno.EACCES, is_ours=False).advice


def test_the_collector_s_own_port_of_figures(api: int) -> None:
    def result(port: int) -> Finding:
        collector = load_settings({"METRICS_PORT": str(port)}, "collector")
        return run_metrics(setup_of({}, is_cloud=True, collector=collector)).findings[0]

    assert result(0).outcome is NOTHING
    assert result(api).advice == "Set METRICS_PORT to a free port."
    assert result(free_port()).outcome is FINE


def test_an_open_door_is_said() -> None:
    port = free_port()
    assert [it.outcome for it in look(port, HOST="0.0.0.0")] == [FINE, WARNING]
    assert [it.outcome for it in look(port, HOST="0.0.0.0", API_KEY="0123456789abcdef")] == [FINE]
