"""The API's port, the clock and the time zone."""

import errno
import http.server
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from functions.shared.settings import load_settings
from infra.local.doctor.clock_check import evaluate_clock, evaluate_zone
from infra.local.doctor.findings import Finding, Outcome
from infra.local.doctor.port_check import MetricsPortCheck, PortCheck, evaluate_port
from infra.local.probes.http import ahead_of, ask

FINE, WARNING, FAULT, NOTHING = Outcome.FINE, Outcome.WARNING, Outcome.FAULT, Outcome.NOTHING
NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC).timestamp()


def look(port: int, **more: str) -> list[Finding]:
    settings = load_settings({"PORT": str(port), **more}, "local")
    return list(PortCheck(settings, ask).look().findings)


@pytest.fixture
def api() -> Iterator[int]:
    """What answers OK at `/api/`, as a bridge does."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/api/" else 404)
            self.end_headers()
            self.wfile.write(b"OK")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_a_free_port_and_any_free_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert look(port)[0].outcome is FINE
    assert look(0)[0].outcome is NOTHING


def test_our_own_bridge_may_have_it(api: int) -> None:
    (finding,) = look(api)
    assert (finding.outcome, "what runs already" in finding.found) == (FINE, True)


def test_somebody_else_may_not() -> None:
    class Rude(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(404)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Quiet."""

    with http.server.HTTPServer(("127.0.0.1", 0), Rude) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        (finding,) = look(server.server_port)
    assert (finding.outcome, finding.advice) == (FAULT, "Set PORT to a free port.")


def test_an_address_that_is_not_ours() -> None:
    for host in ("192.0.2.1", "no.such.host.invalid"):
        for port in (8000, 0):
            (finding,) = look(port, HOST=host)  # and nobody can reach what does not listen
            assert (finding.outcome, "HOST" in finding.advice) == (FAULT, True)
    assert "1024" in evaluate_port("0.0.0.0", 80, errno.EACCES, is_ours=False).advice


def test_the_collector_s_own_port_of_figures(api: int) -> None:
    def result(port: int) -> Finding:
        settings = load_settings({"METRICS_PORT": str(port)}, "collector")
        return MetricsPortCheck(settings, ask).look().findings[0]

    assert result(0).outcome is NOTHING
    assert result(api).advice == "Set METRICS_PORT to a free port."
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert result(port).outcome is FINE


def test_an_open_door_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert [it.outcome for it in look(port, HOST="0.0.0.0")] == [FINE, WARNING]
    assert [it.outcome for it in look(port, HOST="0.0.0.0", API_KEY="key")] == [FINE]


@pytest.mark.parametrize(
    ("clocks", "outcomes"),
    [
        ([], [NOTHING]),
        ([("BambUI", 3.0)], [FINE]),
        ([("BambUI", 90.0)], [WARNING]),
        ([("Telegram", 3.0), ("BambUI", 3.0)], [FINE]),
        ([("Telegram", -60.0)], [WARNING]),
        ([("BambUI", 3700.0), ("Telegram", 3600.0)], [FAULT, WARNING]),
        ([("BambUI", 3600.0), ("Telegram", 3600.0)], [FAULT]),
        ([("BambUI", -3600.0), ("AI", 0.2)], [FINE, WARNING]),
    ],
)
def test_the_clock(clocks: list[tuple[str, float]], outcomes: list[Outcome]) -> None:
    assert [finding.outcome for finding in evaluate_clock(NOW, clocks)] == outcomes


def test_a_clock_that_is_wrong_is_said_in_hours_and_minutes() -> None:
    (finding,) = evaluate_clock(NOW, [("Telegram", 3600.0)])
    assert finding.found == "Telegram's is 1 h ahead of this machine's"
    assert "set-ntp" in finding.advice


def test_a_clock_that_no_server_was_there_to_compare_with() -> None:
    (finding,) = evaluate_clock(NOW, [])
    assert finding.found.startswith("not compared: no server was reached")


def test_a_pi_without_a_clock_of_its_own() -> None:
    assert evaluate_clock(0.0, [])[0].found == "it is 1970-01-01 by this machine's clock"


def test_the_time_zone_is_shown_by_the_time_in_it() -> None:
    berlin = evaluate_zone({"TIMEZONE": "Europe/Berlin"}, ZoneInfo("Europe/Berlin"), NOW)
    assert berlin.found == "Europe/Berlin: messages would now say 14:00 CEST"
    assert "TIMEZONE is not set" in evaluate_zone({}, ZoneInfo("UTC"), NOW).found


@pytest.mark.parametrize("date", [None, "", "yesterday", "Mon, 99 Foo 2026 99:99:99 GMT"])
def test_a_date_that_is_none(date: str | None) -> None:
    assert ahead_of(date, NOW) is None


def test_a_date_is_compared_in_the_middle_of_its_second() -> None:
    assert ahead_of("Wed, 01 Jul 2026 12:00:30 GMT", NOW) == 30.5
