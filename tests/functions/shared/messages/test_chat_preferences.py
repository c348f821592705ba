"""What a chat has asked for: it holds as long as it should, and is bounded."""

from hypothesis import given
from hypothesis import strategies as st

from functions.shared.domain.keys import token_of
from functions.shared.messages.chat_preferences import (
    EVERY_PRINTER,
    MOST_DISMISSED,
    MOST_MUTES,
    QUIET_IS_OFF,
    ChatPreferences,
    preferences_to_json,
    read_preferences,
    with_dismissed,
    with_mute,
    with_quiet,
    without_ended,
    without_mute,
)
from tests.functions.shared.messages.test_report import any_json

NOW = 1_800_000_000.0
names = st.sampled_from(["P1S", "A1", "X1", EVERY_PRINTER])
times = st.floats(0, 100_000)
changes = st.lists(st.tuples(st.sampled_from(["mute", "unmute", "told"]), names, times, times), max_size=12)


def after(steps: list[tuple[str, str, float, float]]) -> ChatPreferences:
    preferences = ChatPreferences()
    for what, name, at, lasts in steps:
        match what:
            case "mute":
                preferences = with_mute(preferences, name, NOW + at, NOW + at + lasts)
            case "unmute":
                preferences = without_mute(preferences, name, NOW + at)
            case _:
                preferences = without_ended(preferences, NOW + at)
    return preferences


def test_a_printer_is_muted_until_then_and_others_are_not() -> None:
    muted = with_mute(ChatPreferences(), "P1S", NOW, NOW + 3600)
    assert muted.muted_until("P1S", NOW + 3599) == NOW + 3600
    assert muted.muted_until("P1S", NOW + 3600) is None
    assert muted.muted_until("A1", NOW) is None
    assert with_mute(muted, EVERY_PRINTER, NOW, NOW + 60).muted_until("A1", NOW) == NOW + 60


def test_a_mute_that_is_over_stays_until_what_it_kept_back_was_told() -> None:
    ended = without_mute(with_mute(ChatPreferences(), "P1S", NOW, NOW + 3600), "P1S", NOW + 60)
    assert [mute.printer_id for mute in ended.ended_mutes(NOW + 60)] == ["P1S"]
    assert without_ended(ended, NOW + 60) == ChatPreferences()


def test_a_mute_that_is_made_longer_began_when_it_began() -> None:
    muted = with_mute(with_mute(ChatPreferences(), "P1S", NOW, NOW + 3600), "P1S", NOW + 1800, NOW + 9000)
    assert [(mute.since, mute.until) for mute in muted.mutes] == [(NOW, NOW + 9000)]


def test_a_clock_that_was_put_back_by_a_year_leaves_nobody_muted() -> None:
    muted = with_mute(ChatPreferences(), EVERY_PRINTER, NOW, NOW + 60)
    assert muted.muted_until("P1S", NOW - 31_536_000) is None


def test_an_alert_is_dismissed_for_its_job_and_kind_alone() -> None:
    preferences = with_dismissed(ChatPreferences(), token_of("job-1"), "spaghetti")
    assert preferences.is_dismissed("job-1", "spaghetti")
    assert not preferences.is_dismissed("job-1", "detached")
    assert not preferences.is_dismissed("job-2", "spaghetti")


def test_what_is_kept_is_bounded_and_the_newest_stay() -> None:
    preferences = ChatPreferences()
    for number in range(300):
        preferences = with_dismissed(preferences, token_of(str(number)), "other")
        preferences = with_mute(preferences, f"printer {number}", NOW, NOW + 60)
    assert (len(preferences.dismissed), len(preferences.mutes)) == (MOST_DISMISSED, MOST_MUTES)
    assert preferences.is_dismissed("299", "other")
    assert preferences.muted_until("printer 299", NOW) == NOW + 60


@given(changes)
def test_whatever_was_asked_for_is_read_as_it_was_written(
    steps: list[tuple[str, str, float, float]],
) -> None:
    preferences = with_quiet(after(steps), QUIET_IS_OFF)
    assert read_preferences(preferences_to_json(preferences)) == preferences


@given(changes, times)
def test_unmute_is_the_end_of_every_mute_of_that_printer(
    steps: list[tuple[str, str, float, float]], at: float
) -> None:
    preferences = without_mute(after(steps), "P1S", NOW + at)
    assert preferences.muted_until("P1S", NOW + at) is None


@given(any_json)
def test_junk_is_nothing_asked_for(junk: object) -> None:
    assert isinstance(read_preferences({"mutes": junk, "quiet": junk, "dismissed": junk}), ChatPreferences)
