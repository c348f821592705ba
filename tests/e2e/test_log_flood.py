"""A stranger who sends nonsense as fast as the line gives does not fill the disk with log."""

import socket
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from tests.e2e.program import Program
from tests.e2e.test_program import NOWHERE, get
from tests.support.timeouts import TIMEOUT

NONSENSE = (
    b"\x16\x03\x01\x02\x00\x01\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
)


def send(port: int, nonsense: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), TIMEOUT) as connection:
        connection.sendall(nonsense)
        with suppress(ConnectionError):
            connection.recv(1000)


def test_malformed_requests_are_a_few_lines(tmp_path: Path) -> None:
    with Program(tmp_path, **NOWHERE) as program:
        port = urlsplit(program.url).port
        assert port is not None
        for number in range(600):
            send(port, NONSENSE[number % len(NONSENSE)])
        assert get(f"{program.url}/api/").text == "OK"
        assert program.stop() == 0
    lines = program.err.splitlines()
    assert 1 <= sum("uvicorn" in line for line in lines) <= 20
    assert len(lines) < 30
