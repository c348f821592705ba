"""Whole conversations, as the people in the chat see them: `<` is what they write or press."""

from pathlib import Path

import pytest

from functions.shared.domain.keys import inspection_key, token_of
from functions.shared.live import Live
from functions.shared.messages.callback_data import Action, CallbackData, encode_callback
from functions.shared.messages.inspection_record import Evidence, InspectionState, inspection_to_json
from infra.local.chat_polling import ChatPolling
from tests.functions.chat.harness import NOW, Harness, jpeg, resting, running
from tests.support.telegram.incoming import buttons_of
from tests.support.telegram.server import TelegramServer

WORD_JOINER = "\u2060"


class Conversation:
    """People and the bot over real polling; `restart` ends the program in between.

    What was dealt with last is given again then, as Telegram does with what no later call has confirmed.
    """

    def __init__(self, folder: Path, telegram: TelegramServer, live: Live | None = None) -> None:
        self.harness = Harness(folder, telegram, live)
        self.telegram = telegram
        self._told = 0
        self.lines: list[str] = []
        self._poll()

    def writes(self, text: str) -> None:
        self.telegram.says(text, date=int(self.harness.clock()))
        self._deal(f"< {text}")

    def presses(self, button: str) -> None:
        press = self.telegram.presses(button)
        self._deal(f"< [{button}]")
        if toast := self.telegram.bot.answers.get(press):
            self.lines.insert(len(self.lines) - self._new, f"({toast})")

    def restart(self, *meanwhile: str) -> None:
        """`meanwhile` is written while nobody listens."""
        self.harness.connection.close()
        for text in meanwhile:
            self.telegram.says(text, date=int(self.harness.clock()))
        self.harness.restart()
        self._poll()
        self.lines.append("-- a restart")
        self._deal(*(f"< {text}" for text in meanwhile))

    def later(self, seconds: float) -> None:
        self.harness.clock.pass_time(seconds)

    def _poll(self) -> None:
        harness = self.harness
        self.polling = ChatPolling(
            harness.connection, harness.bot, harness.service, harness.records, harness.chat_id, harness.clock
        )

    def _deal(self, *what: str) -> None:
        self.lines += what
        if self.telegram.updates.waiting:
            self.polling.poll_once()
        new = self.telegram.messages[self._told :]
        self._told += len(new)
        shown = []
        for message in new:
            shown += ["[picture]"] if message.photo is not None else []
            shown += message.text.replace(WORD_JOINER, "").splitlines()
            buttons = [f"[{button['text']}]" for button in buttons_of(message.parameters)]
            shown += [" ".join(buttons)] if buttons else []
        self._new = len(shown)
        self.lines += shown

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@pytest.fixture
def conversation(tmp_path: Path, telegram: TelegramServer) -> Conversation:
    return Conversation(tmp_path, telegram)


def test_muting_in_mid_print_with_a_restart(conversation: Conversation) -> None:
    conversation.harness.knows(running("P1S"), resting("A1"))
    conversation.writes("/status")
    conversation.writes("/mute 2h")
    conversation.presses("P1S")
    conversation.restart()
    conversation.writes("/status p1s")
    conversation.later(2 * 3600)
    conversation.writes("/unmute")
    assert conversation.text == (
        "< /status\n"
        "2 printers, 1 printing\n"
        "\n"
        "🖨 P1S: printing\n"
        "P1S part.3mf\n"
        "▰▰▰▰▰▱▱▱▱▱ 50 % · layer 50/200 · 1 h left · ready ~18:00 CET\n"
        "\n"
        "✅ A1: finished\n"
        "< /mute 2h\n"
        "Which printer is to be quiet?\n"
        "[A1] [P1S] [All printers]\n"
        "< [P1S]\n"
        "🔕 P1S is muted until 19:00 CET. Critical messages still come. /unmute ends it.\n"
        "-- a restart\n"
        "< /status p1s\n"
        "🖨 P1S: printing\n"
        "P1S part.3mf\n"
        "▰▰▰▰▰▱▱▱▱▱ 50 % · layer 50/200 · 1 h left · ready ~18:00 CET\n"
        "🔕 muted until 19:00 CET\n"
        "[📷 Photo] [🔕 Mute 1 h]\n"
        "< /unmute\n"
        "Nothing is muted."
    )


def test_a_false_alarm_of_the_ai_with_restarts(tmp_path: Path, telegram: TelegramServer) -> None:
    live = Live()
    conversation = Conversation(tmp_path, telegram, live)
    harness = conversation.harness
    harness.knows(running("P1S"))
    live.put_heard("P1S")
    live.pictures.put("P1S", jpeg(), NOW - 2)
    evidence = Evidence("check-1", "job-P1S", "spaghetti", NOW - 60, 0.9, "threads")
    harness.records.put(inspection_key("P1S"), inspection_to_json(InspectionState(alerts=(evidence,))), 0)
    fine = CallbackData(Action.LOOKS_FINE, token_of("P1S"), token_of("job-P1S"), "spaghetti")
    photo = CallbackData(Action.PHOTO, token_of("P1S"))
    buttons = [
        [
            {"text": "Photo", "callback_data": encode_callback(photo)},
            {"text": "Looks fine", "callback_data": encode_callback(fine)},
        ]
    ]
    harness.bot.call("sendMessage", chat_id=int(harness.chat_id), text="🚨 P1S", reply_markup={
        "inline_keyboard": buttons
    })  # fmt: skip
    conversation.presses("Photo")
    conversation.restart()
    conversation.presses("Looks fine")
    conversation.restart()
    conversation.presses("Looks fine")
    assert conversation.text == (
        "< [Photo]\n"
        "🚨 P1S\n"
        "[Photo] [Looks fine]\n"
        "[picture]\n"
        "🖨 P1S: printing\n"
        "P1S part.3mf\n"
        "▰▰▰▰▰▱▱▱▱▱ 50 % · layer 50/200 · 1 h left · ready ~18:00 CET\n"
        "-- a restart\n"
        "< [Looks fine]\n"
        "(Thank you: not told again in this print.)\n"
        "👌 P1S: Ada looked: all is well. Spaghetti is not told again in this print.\n"
        "-- a restart\n"
        "< [Looks fine]\n"
        "(Thank you: not told again in this print.)\n"
        "👌 P1S: Ada looked: all is well. Spaghetti is not told again in this print."
    )
    assert len(harness.samples.newest()) == 1, "kept once"
    assert harness.preferences.is_dismissed("job-P1S", "spaghetti")


def test_a_farm_asks_before_and_after_a_restart(conversation: Conversation) -> None:
    records = [running(f"Farm {number:02}", percent=number, minutes=number) for number in range(1, 49)]
    troubled = running("Farm 49", gcode_state="PAUSE", print_error=0x0300_8015)
    conversation.harness.knows(*records, troubled, resting("Farm 50", "failed", "FAILED"))
    conversation.writes("/status")
    conversation.later(20)
    conversation.restart()
    conversation.writes("/errors")
    conversation.later(20)
    conversation.restart("/status", "/eta")
    conversation.writes("/history")
    lines = conversation.text.splitlines()
    asked = ["< /status", "-- a restart", "< /errors", "-- a restart", "< /status", "< /eta", "< /history"]
    assert [line for line in lines if line.startswith(("<", "--"))] == asked
    status = lines[1 : lines.index("-- a restart")]
    assert status[0] == "50 printers, 2 need you, 49 printing"
    assert "Farm 49" in status[1]
    assert sum(line.startswith("🖨 Farm") for line in status) == 48
    again = lines[lines.index("< /eta") + 1 : lines.index("< /history")]
    assert again[: len(status)] == status, "the same person sees the same"
    ready = again[len(status) :]
    assert len(ready) == 50, "each that prints in a line, one of them with its fault"
    assert ready[0].startswith("🖨 Farm 01: printing · 1 %")
    errors = lines[lines.index("-- a restart") + 1 :]
    assert errors[1] == "Farm 49", "nothing is answered again before it"
    assert "0300-8015 wiki" in errors[2]
    assert lines[lines.index("< /history") + 1 :] == [
        "❌ Farm 50: Farm 50 part.3mf",
        "failed · 16:30 CET · took 2 h",
    ]
    assert [text.count("50 printers") for text in conversation.telegram.texts].count(1) == 2


def test_a_printer_that_is_asked_for_in_many_ways(conversation: Conversation) -> None:
    conversation.harness.knows(running("X1 Carbon"), running("X1E"), resting("A1M-1"))
    for text in ("/eta x1", "/stats", "/photo q", "/printers", "/film a1m"):
        conversation.writes(text)
        conversation.later(10)
    assert conversation.text == (
        "< /eta x1\n"
        "x1 may be several. Which?\n"
        "[X1 Carbon] [X1E]\n"
        "< /stats\n"
        "1 print known\n"
        "✅ 1 finished\n"
        "100 % finished · 2 h of printing\n"
        "< /photo q\n"
        "No printer is called q. /printers shows them.\n"
        "< /printers\n"
        "A1M-1 (A1 mini) · online\n"
        "X1 Carbon (P1S) · online\n"
        "X1E (P1S) · online\n"
        "< /film a1m\n"
        "There is no film of A1M-1's last print (yet, or any more)."
    )
