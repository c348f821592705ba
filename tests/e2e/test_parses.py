"""How often the JSON of one status is parsed on its way from the socket to Telegram.

At the edge at most twice: quickly for what it says, wholly when it becomes a report. In the tracker once.
Notify never sees it.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from collector.bambui import messages
from collector.outbox.uploader import Uploader
from functions.notify import handler as notify_handler
from functions.tracker import handler as tracker_handler
from tests.e2e.replay import Replay
from tests.support.consuming import consume
from tests.support.lambda_runtime.stack import LambdaStack
from tests.support.telegram.server import TelegramServer

pytest_plugins = ("tests.support.lambda_runtime.fixtures",)

ROOT = Path(__file__).parents[2]
OURS = tuple(str(ROOT / part) for part in ("collector", "functions", "infra"))
MARK = "the-status-that-is-followed"
PRINTER = "A1M-1"
BOT_TOKEN = "TELEGRAM_BOT_TOKEN_PARAMETER"


class Parses:
    """Counts, for each part of the way, how often code of ours parses a text with the mark in it."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.of: Counter[str] = Counter()
        self._part: str | None = None
        read_message, loads = messages.read_message, json.loads

        def counted_read(frame: str | bytes) -> messages.Message:
            self._count(frame)
            return read_message(frame)

        def counted_loads(text: str | bytes, **options: Any) -> Any:
            if sys._getframe(1).f_code.co_filename.startswith(OURS):  # noqa: SLF001 - a public function
                self._count(text)
            return loads(text, **options)

        patch.setattr("collector.printer.session.read_message", counted_read)
        patch.setattr(json, "loads", counted_loads)

    @contextmanager
    def counted_as(self, part: str) -> Iterator[None]:
        self._part = part
        yield
        self._part = None

    def _count(self, text: str | bytes) -> None:
        if self._part is not None and MARK in (text if isinstance(text, str) else text.decode()):
            self.of[self._part] += 1


class Way:
    """A printer's socket, the edge behind it, and then the tracker and notify of one shape."""

    def __init__(
        self, replay: Replay, parses: Parses, track: Callable[[], object], notify: Callable[[], object]
    ) -> None:
        self._replay = replay
        self._parses = parses
        self._steps = {"tracker": track, "notify": notify}
        self._status: dict[str, Any] = {"gcode_state": "IDLE", "subtask_name": "benchy"}
        replay.session.opened()
        self.say(marked=False)
        replay.hand.pass_time(2.0)  # the first words after a connect settle
        self.say(marked=False)

    def say(self, *, after: float = 2.0, marked: bool = True, **changed: Any) -> dict[str, int]:
        """A status, with what has changed, from the socket to where it ends; its parses since it came."""
        self._parses.of.clear()
        self._replay.hand.skip(after)
        self._status |= changed
        message = {"type": "printer_status", "data": self._status | ({"mark": MARK} if marked else {})}
        with self._parses.counted_as("edge"):
            self._replay.session.received(json.dumps(message, separators=(",", ":")))
            self._replay.edge.uploader.upload_once()
        for part, step in self._steps.items():
            with self._parses.counted_as(part):
                step()
        return dict(self._parses.of)


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    with TelegramServer() as server:
        yield server


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> Parses:
    return Parses(monkeypatch)


@pytest.fixture
def embedded(tmp_path: Path, telegram: TelegramServer, parses: Parses) -> Iterator[Way]:
    replay = Replay(tmp_path, telegram, PRINTER)
    reports, notifications = replay.stores.reports, replay.stores.notifications
    yield Way(
        replay,
        parses,
        lambda: consume(reports, replay.tracker, reports.receive(10)),
        lambda: consume(notifications, replay.notify, notifications.receive(1)),
    )
    replay.stop()


@pytest.fixture
def cloud(tmp_path: Path, telegram: TelegramServer, parses: Parses, stack: LambdaStack) -> Iterator[Way]:
    stack.set(TELEGRAM_API_URL=telegram.url, TELEGRAM_CHAT_ID=telegram.chat_id)
    stack.set_secret(BOT_TOKEN, "/parses/token", telegram.token)
    replay = Replay(tmp_path, telegram, PRINTER)
    replay.edge.uploader = Uploader(
        replay.outbox,
        stack.frames,
        stack.queue("REPORTS"),
        monotonic=replay.hand.monotonic,
        jitter=lambda: 0.0,
    )
    yield Way(
        replay,
        parses,
        lambda: stack.turn("REPORTS", tracker_handler.handle),
        lambda: stack.turn("NOTIFICATIONS", notify_handler.handle, batch=1),
    )
    replay.stop()


def assert_bound(way: Way, telegram: TelegramServer) -> None:
    assert way.say(gcode_state="RUNNING", mc_percent=0) == {"edge": 2, "tracker": 1}
    assert telegram.texts[-1].splitlines()[0] == f"▶️ {PRINTER}: print started"


def test_a_change_is_parsed_twice_at_the_edge_and_once_in_the_tracker_embedded(
    embedded: Way, telegram: TelegramServer
) -> None:
    assert_bound(embedded, telegram)


def test_a_change_is_parsed_twice_at_the_edge_and_once_in_the_tracker_in_the_cloud(
    cloud: Way, telegram: TelegramServer
) -> None:
    assert_bound(cloud, telegram)


def test_a_heartbeat_costs_no_more(embedded: Way) -> None:
    embedded.say(marked=False, gcode_state="RUNNING")
    assert embedded.say(after=200.0, nozzle_temper=210) == {"edge": 2, "tracker": 1}


def test_a_status_that_becomes_no_report_is_only_looked_at(embedded: Way) -> None:
    assert embedded.say(nozzle_temper=27) == {"edge": 1}


def test_without_the_quick_parser_it_is_no_more(embedded: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    """No wheel of it for 32-bit ARM: then the standard parser does both."""
    monkeypatch.setattr("collector.printer.session.read_message", messages.read_leniently)
    assert embedded.say(gcode_state="RUNNING") == {"edge": 2, "tracker": 1}
