"""In whatever order updates come, however often, and wherever the program is killed: each is answered once.

But for a kill between a message and its mark, which repeats that one message.
"""

import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.chat.bot import Bot
from functions.chat.building import build_service
from functions.chat.service import Handled, Later
from functions.shared.domain.keys import preferences_key, token_of
from functions.shared.messages.callback_data import Action, CallbackData, encode_callback
from functions.shared.messages.chat_preferences import ChatPreferences, read_preferences
from functions.shared.ports import RecordStore, Stored
from functions.shared.settings import Settings
from functions.shared.telegram.calls import BotConnection
from tests.functions.chat.harness import BERLIN, NOW, Harness, running
from tests.support.telegram.faults import HANG_UP, SERVER_ERROR, Fault, too_many_requests
from tests.support.telegram.server import TelegramServer

MOST = 5
NAMES = [f"Printer-{letter}" for letter in "ABCDE"]
FAULTS = [None, None, too_many_requests(2), SERVER_ERROR, HANG_UP]
KINDS = ["/mute {} 1h", "/status {}", "/errors {}", "press mute", "press choose", "press fine"]


class Killed(BaseException):
    """Nothing catches it, as nothing catches a kill."""


@dataclass
class Fate:
    """Kills after so many steps (each call outside is two: just before it and just after it)."""

    steps_left: int | None = None
    is_unmarked: bool = False  # a message is sent, and nothing has marked it
    repeats_allowed: Counter[str] = field(default_factory=Counter)
    about: str = ""

    def step(self) -> None:
        if self.steps_left is None:
            return
        self.steps_left -= 1
        if self.steps_left < 0:
            self.steps_left = None
            self.repeats_allowed[self.about] += self.is_unmarked
            raise Killed


class FatefulStore:
    """A RecordStore of a program that may be killed. `changes`: of what is wished, by whom it is about."""

    def __init__(self, real: RecordStore, fate: Fate) -> None:
        self._real = real
        self._fate = fate
        self.changes: Counter[str] = Counter()

    def get(self, key: str) -> Stored | None:
        return self._real.get(key)

    def list(self, prefix: str, after: str = "", limit: int | None = None) -> list[Stored]:
        return self._real.list(prefix, after, limit)

    def put(
        self, key: str, value: dict[str, Any], expected_version: int, expires_at: float | None = None
    ) -> int:
        self._fate.step()
        version = self._real.put(key, value, expected_version, expires_at)
        self.changes[self._fate.about] += key.startswith("preferences/")
        self._fate.step()
        return version

    def put_if_absent(self, key: str, expires_at: float) -> bool:
        self._fate.step()
        is_new = self._real.put_if_absent(key, expires_at)
        self._fate.is_unmarked = False
        self._fate.step()
        return is_new


class FatefulConnection(BotConnection):
    """A connection of a program that may be killed."""

    def __init__(self, token: str, url: str, fate: Fate) -> None:
        super().__init__(token, url)
        self._fate = fate

    def post(self, method: str, *arguments: Any, **options: Any) -> Any:
        self._fate.step()
        answer = super().post(method, *arguments, **options)
        if method == "sendMessage" and getattr(answer, "status", 0) == 200:
            self._fate.is_unmarked = True
        self._fate.step()
        return answer


class Program:
    """A chat of five printers, one update about each; `restart` forgets all but what is stored."""

    def __init__(self, folder: Path, telegram: TelegramServer) -> None:
        self.fate = Fate()
        self.telegram = telegram
        self.harness = Harness(folder, telegram)
        self.harness.knows(*(running(name, print_error=0x0300_8015) for name in NAMES))
        self.store = FatefulStore(self.harness.records, self.fate)
        self.connection = self.harness.connection
        self.harness.bot.call("sendMessage", chat_id=int(telegram.chat_id), text="an alert")
        self.updates: list[dict[str, Any]] = []
        self.restart()

    def restart(self) -> None:
        self.close()
        harness = self.harness
        self.connection = FatefulConnection(self.telegram.token, self.telegram.url, self.fate)
        fields: dict[str, Any] = {"telegram_chat_id": self.telegram.chat_id, "timezone": BERLIN}
        self.service = build_service(
            *(Bot(self.connection), self.store, harness.frames, harness.samples, harness.clock),
            Settings(**fields),
        )

    def close(self) -> None:
        self.connection.close()

    def asks(self, number: int, kind: str) -> None:
        """Somebody, each time another person, writes or presses what is about that printer."""
        name, sender = NAMES[number], {"id": 100 + number, "is_bot": False, "first_name": "Ada"}
        token, job = token_of(name), token_of(f"job-{name}")
        buttons = {
            "press mute": CallbackData(Action.MUTE, token, seconds=3600),
            "press choose": CallbackData(Action.CHOOSE, token, command="mute", seconds=3600),
            "press fine": CallbackData(Action.LOOKS_FINE, token, job, "spaghetti"),
        }
        if kind in buttons:
            below = self.telegram.messages[0]
            self.telegram.presses_data(encode_callback(buttons[kind]), below, sender)
        else:
            self.telegram.says(kind.format(name), sender, date=int(NOW))
        self.updates.append(self.telegram.updates.waiting[-1])

    def comes(self, number: int, killed_after: int | None = None, fault: Fault | None = None) -> bool:
        """That update is delivered; whether it is dealt with."""
        self.harness.clock.pass_time(1.0)
        self.fate.about, self.fate.steps_left, self.fate.is_unmarked = NAMES[number], killed_after, False
        if fault is not None:
            # A press that Telegram takes no answer of is carried out all the same, and not tried again.
            self.telegram.script(fault, method="sendMessage" if fault.code == 429 else None)
        try:
            handled = self.service.handle(self.updates[number])
        except Killed:
            self.restart()
            return False
        finally:
            self.fate.steps_left = None
        if isinstance(handled, Later):
            self.harness.clock.pass_time(handled.seconds)
        return isinstance(handled, Handled)

    @property
    def preferences(self) -> ChatPreferences:
        stored = self.store.get(preferences_key(self.harness.chat_id))
        return read_preferences(stored.value if stored else {})


deliveries = st.tuples(
    st.integers(0, MOST - 1), st.one_of(st.none(), st.integers(0, 12)), st.sampled_from(FAULTS)
)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(KINDS), min_size=1, max_size=MOST), st.lists(deliveries, max_size=15))
def test_each_update_is_answered_once_and_each_wish_holds(
    kinds: list[str], coming: list[tuple[int, int | None, Fault | None]]
) -> None:
    with tempfile.TemporaryDirectory() as folder, TelegramServer() as telegram:
        program = Program(Path(folder), telegram)
        for number, kind in enumerate(kinds):
            program.asks(number, kind)
        for number, killed_after, fault in coming:
            if number < len(kinds):
                program.comes(number, killed_after, fault)
        for number in range(len(kinds)):  # as Telegram does until it is confirmed
            while not program.comes(number):
                pass
            assert program.comes(number), "once more, for good measure"
        program.close()
        _check(program, kinds)
        program.harness.connection.close()
        program.harness.database.close()


def _check(program: Program, kinds: list[str]) -> None:
    texts = program.telegram.texts
    for name, kind in zip(NAMES, kinds, strict=False):
        said = sum(name in text for text in texts)
        assert 1 <= said <= 1 + program.fate.repeats_allowed[name], f"{kind} of {name}: {texts}"
        is_wish = kind.startswith(("/mute", "press"))
        assert program.store.changes[name] == is_wish, f"{kind} of {name} was written so often"
        muted = program.preferences.muted_until(name, program.harness.clock())
        assert (muted is not None) == (is_wish and kind != "press fine")
        assert program.preferences.is_dismissed(f"job-{name}", "spaghetti") == (kind == "press fine")
    assert not program.telegram.bot.open_presses, "who pressed is answered"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("killed_after", range(14))
def test_wherever_it_is_killed_the_repeat_brings_it_to_its_end(
    tmp_path: Path, kind: str, killed_after: int
) -> None:
    with TelegramServer() as telegram:
        program = Program(tmp_path, telegram)
        program.asks(0, kind)
        if not program.comes(0, killed_after):
            assert program.comes(0)
        program.close()
        program.harness.connection.close()
        _check(program, [kind])
