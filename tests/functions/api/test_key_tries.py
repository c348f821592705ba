"""Who tries keys one after another is counted, held back and told of; who has the right one is not."""

import logging

import pytest

from functions.api.key_tries import FREE_TRIES, KeyTries
from tests.functions.api.bridge_data import BridgeData
from tests.functions.api.serving import served
from tests.support.clock import HandClock

KEY = "0123456789abcdef"


def test_ten_are_free_and_then_one_a_second() -> None:
    clock = HandClock(0.0)
    tries = KeyTries(clock)
    allowed = 0
    for _ in range(200):
        clock.skip(0.1)
        if not tries.is_held_back("192.0.2.1"):
            tries.note_wrong("192.0.2.1")
            allowed += 1
    assert FREE_TRIES + 18 <= allowed <= FREE_TRIES + 22
    assert tries.wrong("192.0.2.1") == allowed
    assert not tries.is_held_back("192.0.2.2")
    clock.skip(FREE_TRIES)
    assert not tries.is_held_back("192.0.2.1")


def test_a_thousand_addresses_are_remembered_and_no_more() -> None:
    tries = KeyTries(HandClock(0.0))
    for number in range(2000):
        tries.note_wrong(f"192.0.{number // 250}.{number % 250}")
    assert sum(tries.wrong(f"192.0.{number // 250}.{number % 250}") for number in range(2000)) == 1024


def test_a_minute_of_tries_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    clock = HandClock(0.0)
    tries = KeyTries(clock)
    for _ in range(130):
        tries.note_wrong("192.0.2.1")
        clock.skip(1.0)
    lines = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(lines) == 3
    assert "by 192.0.2.1 (121 by it so far)" in lines[-1]


def test_over_a_socket(bridge: BridgeData) -> None:
    with served(bridge.app(KEY)) as server:
        answers = [server.ask("/api/printers", x_api_key=f"wrong {number}").status for number in range(40)]
        assert answers[:FREE_TRIES] == [401] * FREE_TRIES
        assert answers[-1] == 429
        assert server.ask("/api/printers", x_api_key=KEY).headers["Retry-After"] == "1"
        assert server.ask("/api/printers").status == 401  # no key is no try
        assert server.ask("/api/").status == 200
