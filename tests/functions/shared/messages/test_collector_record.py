"""A collector's item: two write it, each its own part, and everybody reads it by one parser."""

import pytest

from functions.shared.domain.collector_liveness import Announcement, Change, Collector, LivenessState
from functions.shared.domain.keys import collector_key
from functions.shared.errors import ContractError
from functions.shared.messages.codec import to_json
from functions.shared.messages.collector_record import (
    CollectorRecord,
    CollectorStatus,
    ReportedPrinter,
    collector_of,
    collector_record_of,
    with_report,
    with_state,
)
from functions.shared.messages.report import Report, ReportKind
from functions.shared.ports import Stored

STATUS = CollectorStatus(
    "1.0", 3.0, {"bytes": 5}, (ReportedPrinter("A1", "A1M", True, True), ReportedPrinter("P1"))
)
REPORT = Report("pi", 7, "collector", ReportKind.COLLECTOR, 5.0, status=to_json(STATUS))
STATE = LivenessState(lost_sequence=7, lost_since=9.0, pending=Announcement(Change.LOST, 7, 10.0, 1000.0))


def read(value: dict[str, object]) -> CollectorRecord:
    return collector_record_of(Stored(collector_key("pi"), value, 1))


def test_what_both_wrote_is_read() -> None:
    value = with_state(with_report({}, REPORT, 9.0), STATE)
    assert read(value) == CollectorRecord("pi", 7, 9.0, 5.0, STATUS, STATE)
    assert collector_of(read(value)) == Collector("pi", 7, 9.0, ("A1", "P1"), STATE)


def test_each_leaves_the_others_part_and_what_it_does_not_know() -> None:
    value = with_state(with_report({"later": 1}, REPORT, 9.0), STATE)
    assert with_report(value, REPORT, 11.0) == value | {"received_at": 11.0}
    assert with_state(value, LivenessState()) == with_report({"later": 1}, REPORT, 9.0)


def test_a_state_is_kept_without_what_is_not_set() -> None:
    assert with_state({}, STATE)["liveness"] == {
        "lost_sequence": 7,
        "lost_since": 9.0,
        "pending": {"category": "collector_lost", "sequence": 7, "decided_at": 10.0, "quiet_seconds": 1000.0},
    }
    assert with_state({}, LivenessState(forgotten_sequence=7))["liveness"] == {"forgotten_sequence": 7}


@pytest.mark.parametrize("pending", [{"category": "later"}, 5])
def test_a_state_with_a_word_of_a_newer_version_counts_as_none(pending: object) -> None:
    assert read({"liveness": {"lost_sequence": 7, "pending": pending}}).liveness == LivenessState()


def test_an_item_without_a_report_is_no_collector() -> None:
    with pytest.raises(ContractError, match="sequence is not an integer"):
        collector_of(read({"received_at": 5.0}))
    with pytest.raises(ContractError, match="received_at is not a number"):
        collector_of(read({"sequence": 7}))


def test_printers_are_named_once_and_names_are_cut() -> None:
    names = [5, {}, {"printer_id": ""}, {"printer_id": "A"}, {"printer_id": "A"}, {"printer_id": "x" * 999}]
    record = read({"sequence": 1, "received_at": 5.0, "status": {"printers": names}})
    assert [len(name) for name in collector_of(record).printers] == [1, 300]
