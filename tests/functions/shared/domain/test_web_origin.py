"""A name that a stranger can register is told from those that only the user can mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.domain.web_origin import host_name, is_foreign, is_own_host


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.0.0.1:8000", "192.168.1.5:80", "[::1]:8000", "[fe80::1]", "LOCALHOST",
        "raspberrypi", "pi:8000", "pi.local", "pi.local.", "Pi.LAN", "pi.home.arpa:8000", "pi.internal",
        "a.b.localhost", "8.8.8.8",
    ],
)  # fmt: skip
def test_the_users_own(host: str) -> None:
    assert is_own_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "rebind.evil.example", "evil.example:8000", "local.evil.example", "127.0.0.1.nip.io", "evil.example.",
        "notlocal.com", "xlocal.org", "", " ", ":8000", "a@b.local", "evil.example/.local", "evil.com?.local",
        "evil.com#.local", "[::1", "1.2.3.4.evil.example",
    ],
)  # fmt: skip
def test_a_strangers(host: str) -> None:
    assert not is_own_host(host)


def test_names_that_were_allowed() -> None:
    assert is_own_host("Printers.Example.org:443", ["printers.example.org"])
    assert not is_own_host("x.printers.example.org", ["printers.example.org"])
    assert is_own_host("a.example.org", [".example.org"])
    assert not is_own_host("evilexample.org", [".example.org"])
    assert is_own_host("anything.example", ["*"])


@pytest.mark.parametrize(
    ("site", "origin", "mode", "target", "is_refused"),
    [
        (None, None, None, None, False),  # curl, Prometheus, an <img> over plain HTTP
        ("none", None, "navigate", "document", False),
        ("same-origin", "http://pi:8000", "cors", "empty", False),
        ("same-site", None, "no-cors", "image", False),
        ("cross-site", None, "navigate", "document", False),  # a link to the page
        ("cross-site", None, "navigate", "iframe", True),
        ("cross-site", None, "no-cors", "image", True),
        ("cross-site", "https://evil.example", "cors", "empty", True),
        (None, "https://evil.example", None, None, True),
        (None, "null", None, None, True),
        (None, "http://[", None, None, True),
        (None, "http://pi:9000", None, None, False),
    ],
)
def test_who_asks(
    site: str | None, origin: str | None, mode: str | None, target: str | None, is_refused: bool
) -> None:
    assert is_foreign("pi:8000", site, origin, mode, target) == is_refused


@given(st.text(max_size=30))
def test_any_text_is_judged(text: str) -> None:
    host_name(text)
    is_own_host(text)
    is_foreign(text, None, text, None, None)
