"""When it is quiet: by the settings, by the wish of the chat, by a mute."""

from dataclasses import replace
from datetime import UTC, time

from functions.shared.domain.quiet_hours import QuietHours
from functions.shared.messages.chat_preferences import ChatPreferences, with_mute, with_quiet
from functions.shared.messages.quiet_times import QuietTimes

NIGHT = QuietTimes(QuietHours(time(22, 0), time(7, 0)), UTC)
NONE = QuietTimes(None, UTC)
NOON, MIDNIGHT = 12 * 3600.0, 86_400.0
PLAIN = ChatPreferences()


def test_the_settings_stand_unless_the_chat_wishes_something_else() -> None:
    assert NIGHT.is_quiet(PLAIN, "A1", MIDNIGHT)
    assert not NIGHT.is_quiet(PLAIN, "A1", NOON)
    assert not NIGHT.is_quiet(with_quiet(PLAIN, "off"), "A1", MIDNIGHT)
    assert NIGHT.is_quiet(with_quiet(PLAIN, "11:00-13:00"), "A1", NOON)
    assert NONE.is_quiet(with_quiet(PLAIN, "11:00-13:00"), "A1", NOON)
    assert NIGHT.is_quiet(with_quiet(PLAIN, "whenever"), "A1", MIDNIGHT)
    assert not NONE.is_quiet(PLAIN, "A1", MIDNIGHT)


def test_a_wish_that_nobody_can_take_back_is_not_obeyed() -> None:
    unanswered = replace(NIGHT, obeys_chat=False)
    assert unanswered.is_quiet(with_quiet(PLAIN, "off"), "A1", MIDNIGHT)
    assert not unanswered.is_quiet(with_mute(PLAIN, "A1", NOON, NOON + 600), "A1", NOON)
    assert not unanswered.is_quiet(with_quiet(PLAIN, "11:00-13:00"), "A1", NOON)


def test_a_mute_is_of_its_printer_and_no_night() -> None:
    muted = with_mute(PLAIN, "A1", NOON, NOON + 600)
    assert NONE.is_quiet(muted, "A1", NOON + 599)
    assert not NONE.is_quiet(muted, "A1", NOON + 600)
    assert not NONE.is_quiet(muted, "P1S", NOON)
    assert NONE.night(muted, NOON) is None
    assert NIGHT.night(muted, MIDNIGHT) is not None
