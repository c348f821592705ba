"""An address that cannot be listened at is said in words before anything starts."""

import socket

import pytest
from fastapi import FastAPI

from functions.shared.errors import PermanentError
from infra.local.api_server import ApiServer


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("127.0.0.1", "it is in use"),
        ("203.0.113.1", "HOST must be an address of this computer"),
        ("ü" * 70, "HOST is no name of a computer"),
        ("a..b", "HOST is no name of a computer"),
    ],
)
def test_a_wrong_address_is_said(host: str, words: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(PermanentError, match=words):
        ApiServer(FastAPI(), host, taken.getsockname()[1])
