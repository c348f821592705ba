"""A stolen key of one site's collector changes nothing of another site's printers and collectors."""

import pytest

from functions.shared.dispatch import DeadLetter, Done, Received, Settlement
from functions.shared.domain.keys import collector_key, printer_key
from functions.shared.errors import ContractError, TransientError
from functions.shared.messages.report import Report, ReportKind
from functions.tracker.evaluation import Rules
from functions.tracker.sender_rights import report_of
from functions.tracker.service import TrackerService
from tests.support.clock import HandClock
from tests.support.memory_backend import MemoryQueue, MemoryRecords

SITES = {"AIDABERLIN": "berlin", "AIDAPARIS": "paris", "AIDAOLD": None}


class Harness:
    def __init__(self) -> None:
        self.records, self.queue = MemoryRecords(), MemoryQueue()
        self.service = TrackerService(
            self.records,
            self.queue,
            self.queue,
            None,
            Rules(),
            "chat",
            HandClock(),
            watches_collectors=True,
            site_of=SITES.__getitem__,
        )
        self._sequence = 0

    def send(self, sender: str, printer_id: str, kind: ReportKind = ReportKind.STATUS) -> Settlement:
        self._sequence += 1
        report = Report("c1", self._sequence, printer_id, kind, 5.0, status={"gcode_state": "RUNNING"})
        return self.service.handle(Received(report, 5.0, 1, "g", sender))


def test_a_key_reports_on_the_printers_of_its_own_site_alone() -> None:
    harness = Harness()
    assert harness.send("AIDABERLIN", "berlin.A1M-1") == Done()
    for other in ("paris.A1M-1", "A1M-1", "berlin", "berlin2.A1M-1"):
        refused = harness.send("AIDABERLIN", other)
        assert isinstance(refused, DeadLetter)
        assert "does not reach the printer" in refused.reason
        assert "SITE=berlin" in refused.reason
        assert harness.records.get(printer_key(other)) is None
    assert harness.records.get(printer_key("berlin.A1M-1")) is not None


def test_two_collectors_of_one_name_at_two_sites_are_two() -> None:
    harness = Harness()
    for sender in SITES:
        assert harness.send(sender, "collector", ReportKind.COLLECTOR) == Done()
    names = [key for key in harness.records.texts if key.startswith("collector/")]
    assert sorted(names) == [collector_key(name) for name in ("berlin.c1", "c1", "paris.c1")]


def test_a_key_without_a_site_reports_on_all_as_it_always_did() -> None:
    harness = Harness()
    for name in ("A1M-1", "berlin.A1M-1"):
        assert harness.send("AIDAOLD", name) == Done()


def test_effects_of_a_site_have_ids_of_their_own() -> None:
    report = Report("c1", 7, "berlin.A1M-1", ReportKind.STATUS, 5.0)
    assert report_of("berlin", report).id != report.id
    with pytest.raises(ContractError):
        report_of("paris", report)


def test_a_table_that_is_away_costs_no_report() -> None:
    def away(sender: str) -> str | None:
        raise TransientError("throttled")

    harness = Harness()
    object.__setattr__(harness.service, "site_of", away)
    settlement = harness.send("AIDABERLIN", "paris.A1M-1")
    assert not isinstance(settlement, DeadLetter | Done)
