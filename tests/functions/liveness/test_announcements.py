"""What a person reads of a silent collector."""

from zoneinfo import ZoneInfo

import pytest

from functions.liveness.service import notification_of
from functions.notify.render import RenderContext, render
from functions.shared.domain.collector_liveness import Announcement, Change, Collector
from functions.shared.messages.effects import decode_notification, encode_effect

NOW = 1_764_000_000.0


def message(*printers: str, quiet: float = 1020.0, change: Change = Change.LOST) -> list[str]:
    announcement = Announcement(change, 7, NOW, quiet)
    notification = notification_of(Collector("pi", 7, NOW - quiet, printers), announcement, NOW + 1)
    read = decode_notification(encode_effect(notification))
    return render(read, RenderContext(NOW, 0.0, ZoneInfo("UTC"))).plain.splitlines()


def test_the_only_printer_heads_the_message() -> None:
    assert message("A1M-1") == [
        "🛑 A1M-1: the collector is silent",
        "No report for 17 min. The printers are not watched until it is back.",
    ]


def test_several_printers_are_counted_and_then_named() -> None:
    assert message("P1S", "A1M-1", "a1m-0") == [
        "🛑 3 printers: the collector is silent",
        "No report for 17 min. The printers are not watched until it is back.",
        "It watches a1m-0, A1M-1 and P1S",
    ]


def test_of_very_many_printers_the_first_ten_are_named() -> None:
    assert message(*(f"P{number:02d}" for number in range(25)))[2].endswith("P08, P09 and 15 more")


def test_a_collector_that_knew_no_printer_is_announced_of_too() -> None:
    assert message()[0] == "🛑 Printer bridge: the collector is silent"


@pytest.mark.parametrize(
    ("quiet", "words"), [(1020, "17 min"), (11_100, "3 h 5 min"), (187_200, "2 d 4 h"), (3599, "1 h 0 min")]
)
def test_the_return_says_how_long_it_was(quiet: float, words: str) -> None:
    assert message("A1M-1", quiet=quiet, change=Change.BACK) == [
        "🟢 A1M-1: the collector is back",
        f"It was silent for {words}.",
    ]


def test_a_repeat_has_the_same_id_and_another_silence_another() -> None:
    def id_of(sequence: int, change: Change, now: float) -> str:
        announcement = Announcement(change, sequence, now, 1000.0)
        return notification_of(Collector("pi", sequence, now), announcement, now + 5).id

    lost = id_of(7, Change.LOST, NOW)
    assert id_of(7, Change.LOST, NOW + 300) == lost
    assert len({lost, id_of(7, Change.BACK, NOW), id_of(8, Change.LOST, NOW)}) == 3
