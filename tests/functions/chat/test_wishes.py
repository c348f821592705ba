"""What is said of a wish is what holds from then on."""

import pytest

from functions.chat.commands import Request, Word
from functions.chat.response import Ask, Known
from functions.chat.wishes import unmute
from functions.shared.messages.chat_preferences import EVERY_PRINTER, ChatPreferences, with_mute
from functions.shared.telegram.markup import to_plain
from tests.functions.chat.harness import BERLIN, NOW, resting, running
from tests.functions.chat.test_answers import now_of

PRINTERS = (now_of(running("P1S")), now_of(resting("A1")))


def muted(*names: str) -> ChatPreferences:
    preferences = ChatPreferences()
    for name in names:
        preferences = with_mute(preferences, name, NOW - 60, NOW + 3600)
    return preferences


@pytest.mark.parametrize(
    ("mutes", "name", "words", "still_muted"),
    [
        ((EVERY_PRINTER,), "P1S", "🔔 Nothing is muted any more.", []),
        ((EVERY_PRINTER, "P1S"), "P1S", "🔔 Nothing is muted any more.", []),
        (
            (EVERY_PRINTER, "A1"),
            "P1S",
            "🔔 P1S speaks again, and so does every printer that is not muted by itself.",
            ["A1"],
        ),
        (("P1S", "A1"), "P1S", "🔔 P1S speaks again.", ["A1"]),
        ((EVERY_PRINTER, "A1"), "", "🔔 Nothing is muted any more.", []),
        ((), "P1S", "Nothing is muted.", []),
    ],
)
def test_the_end_of_a_mute(mutes: tuple[str, ...], name: str, words: str, still_muted: list[str]) -> None:
    known = Known(NOW, BERLIN, PRINTERS, preferences=muted(*mutes))
    response = unmute(
        Ask(Request(Word.UNMUTE, name), known, tuple(it for it in PRINTERS if it.printer_id == name))
    )
    assert [to_plain(block) for block in response.blocks] == [words]
    after = response.change(known.preferences) if response.change is not None else known.preferences
    assert [
        it.printer_id for it in PRINTERS if after.muted_until(it.printer_id, NOW) is not None
    ] == still_muted
