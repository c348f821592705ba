"""What is one server, and what is another."""

import pytest

from functions.shared.runtime.redirects import stays_on_server


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://bambui.lan/api/printers", "http://bambui.lan/other"),
        ("http://bambui.lan/api/printers", "http://BAMBUI.lan:80/other"),
        ("https://bambui.lan:8443/a", "https://bambui.lan:8443/b"),
        ("http://bambui.lan/a", "https://bambui.lan/a"),
        ("http://me:secret@bambui.lan/a", "http://bambui.lan/b"),
        ("ws://[::1]:8000/a", "ws://[::1]:8000/b"),
    ],
)
def test_the_same_server(url: str, target: str) -> None:
    assert stays_on_server(url, target)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://bambui.lan/a", "http://192.168.1.1/a"),
        ("http://bambui.lan/a", "http://bambui.lan:8080/a"),
        ("http://bambui.lan:8080/a", "https://bambui.lan/a"),
        ("https://bambui.lan/a", "http://bambui.lan/a"),
        ("http://bambui.lan/a", "ftp://bambui.lan/a"),
        ("http://bambui.lan/a", "file:///etc/passwd"),
        ("http://bambui.lan/a", "http://bambui.lan@evil.example/a"),
        ("http://bambui.lan/a", "http://evil.example@bambui.lan/a"),
        ("http://bambui.lan/a", "http://evil.example\\@bambui.lan/a"),
        ("http://bambui.lan/a", "http://bambui.lan\\@evil.example/a"),
        ("http://bambui.lan/a", "http://bambui.lan.evil.example/a"),
        ("http://bambui.lan/a", "http://bambui.lan:99999/a"),
        ("http://bambui.lan/a", "http://[bambui.lan/a"),
        ("http://bambui.lan/a", "//bambui.lan/a"),
        ("http://bambui.lan/a", ""),
    ],
)
def test_another_server(url: str, target: str) -> None:
    assert not stays_on_server(url, target)
