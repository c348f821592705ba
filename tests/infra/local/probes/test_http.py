"""Every way a request can come out, as a value and in words."""

import socket
import ssl
from datetime import UTC, datetime

import pytest

from infra.local.probes.http import (
    HttpRequest,
    Trouble,
    Unreachable,
    ahead_of,
    ask,
    reach_advice,
    unreachable,
)

NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC).timestamp()


def test_a_server_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        request = HttpRequest(f"http://127.0.0.1:{port}/", seconds=0.2, is_local=True)
        assert ask(request) == Unreachable(Trouble.TIMEOUT, "no answer in time")


def test_a_certificate_that_is_not_trusted_is_announced_from_no_encryption_at_all() -> None:
    refused = ssl.SSLCertVerificationError(1, "certificate verify failed")
    refused.verify_message = "certificate has expired"
    answer = unreachable(refused)
    assert answer.trouble is Trouble.CERTIFICATE
    assert "expired" in answer.words
    assert "certificate" in reach_advice("PRINTERS_API_URL", "https://bambui.lan", answer, "BambUI")


@pytest.mark.parametrize("date", [None, "", "yesterday", "Mon, 99 Foo 2026 99:99:99 GMT"])
def test_a_date_that_is_none(date: str | None) -> None:
    assert ahead_of(date, NOW) is None


def test_a_date_is_compared_in_the_middle_of_its_second() -> None:
    assert ahead_of("Wed, 01 Jul 2026 12:00:30 GMT", NOW) == 30.5
