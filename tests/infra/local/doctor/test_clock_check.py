"""This machine's clock beside those of the servers, and the time zone."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from infra.local.doctor.clock_check import evaluate_clock, evaluate_zone
from infra.local.doctor.findings import Outcome
from tests.infra.local.doctor.examined import FAULT, FINE, NOTHING, WARNING

NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("clocks", "outcomes"),
    [
        ([], [NOTHING]),
        ([("BambUI", 3.0)], [FINE]),
        ([("BambUI", 90.0)], [WARNING]),
        ([("Telegram", 3.0), ("BambUI", 3.0)], [FINE]),
        ([("Telegram", -60.0)], [WARNING]),
        ([("BambUI", 3700.0), ("Telegram", 3600.0)], [FAULT, WARNING]),
        ([("BambUI", 3600.0), ("Telegram", 3600.0)], [FAULT]),
        ([("BambUI", -3600.0), ("AI", 0.2)], [FINE, WARNING]),
    ],
)
def test_the_clock(clocks: list[tuple[str, float]], outcomes: list[Outcome]) -> None:
    assert [finding.outcome for finding in evaluate_clock(NOW, clocks)] == outcomes


def test_a_clock_that_is_wrong_is_said_in_hours_and_minutes() -> None:
    (finding,) = evaluate_clock(NOW, [("Telegram", 3600.0)])
    assert finding.found == "Telegram's is 1 h ahead of this machine's"
    assert "set-ntp" in finding.advice


def test_a_clock_that_no_server_was_there_to_compare_with() -> None:
    (finding,) = evaluate_clock(NOW, [])
    assert finding.found.startswith("not compared: no server was reached")


def test_a_pi_without_a_clock_of_its_own() -> None:
    assert evaluate_clock(0.0, [])[0].found == "it is 1970-01-01 by this machine's clock"


def test_the_time_zone_is_shown_by_the_time_in_it() -> None:
    berlin = evaluate_zone({"TIMEZONE": "Europe/Berlin"}, ZoneInfo("Europe/Berlin"), NOW)
    assert berlin.found == "Europe/Berlin: messages would now say 14:00 CEST"
    assert "TIMEZONE is not set" in evaluate_zone({}, ZoneInfo("UTC"), NOW).found
