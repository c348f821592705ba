"""The printer's record: the tracker's own, and as far as it goes for all others."""

import json
from dataclasses import replace
from typing import Any

import pytest

from functions.shared.domain.keys import printer_key
from functions.shared.errors import ContractError
from functions.shared.messages.printer_record import (
    Episode,
    Job,
    Phase,
    PrinterRecord,
    printer_record_of,
    record_from_json,
    record_to_json,
)
from functions.shared.messages.report import FrameReference
from functions.shared.ports import Stored

JOB = Job(
    id="j",
    started_at=1.0,
    start_is_known=True,
    phase=Phase.LOST,
    state="RUNNING",
    printing_since=2.0,
    next_photo_at=3.0,
    next_inspection_at=4.0,
    name="benchy",
    step=5,
    lost_at=6.0,
)
RECORD = PrinterRecord(
    "A1",
    model="A1M",
    sequences=(("c", 7),),
    status={"gcode_state": "RUNNING"},
    frame=FrameReference("k", 5.0, 6),
    offline_announced=True,
    job=JOB,
    episodes=(Episode("0300-4006", 8.0),),
    announced_once=("0500-C011",),
)


def stored(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(json.dumps(record_to_json(RECORD)))
    return body | changes


def test_it_is_the_same_for_the_tracker_and_for_others() -> None:
    assert record_from_json(stored()) == RECORD
    assert printer_record_of(Stored(printer_key("A1"), stored(), 1)) == RECORD


def test_names_of_older_releases_stay() -> None:
    body = stored()
    assert (body["told_once"], body["offline_said"], body["job"]["settled_at"]) == (["0500-C011"], True, 2.0)


def test_a_phase_of_a_newer_tracker_refuses_the_record_to_the_tracker_alone() -> None:
    body = stored(job=stored()["job"] | {"phase": "hovering"})
    with pytest.raises(ContractError, match="'hovering' is not a valid Phase"):
        record_from_json(body)
    read = printer_record_of(Stored(printer_key("A1"), body, 1))
    assert read.job == replace(JOB, phase=Phase.ACTIVE)


@pytest.mark.parametrize("name", ["printer_id", "job"])
def test_without_what_every_tracker_writes_it_starts_anew(name: str) -> None:
    with pytest.raises(ContractError):
        record_from_json(stored(**{name: {"id": "j"} if name == "job" else ""}))


def test_others_know_what_can_be_read_and_the_printer_by_its_key() -> None:
    body = {"printer_id": 5, "model": "A1M", "is_online": "?", "status": [], "frame": {"key": "k"}, "job": 5}
    read = printer_record_of(Stored(printer_key("A1"), body, 1))
    assert read == PrinterRecord("A1", model="A1M")
