"""The rules from what is held of a printer to what is shown."""

import math
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.api.health import health
from functions.api.json_values import sendable, utc_time
from functions.api.presenter import inspection_view, printer_view, summary
from functions.api.schemas import PrinterView
from functions.shared.domain.keys import collector_key, printer_key
from functions.shared.messages.collector_record import collector_record_of
from functions.shared.messages.inspection_record import InspectionState, inspection_from_json
from functions.shared.messages.printer_record import PrinterRecord, printer_record_of
from functions.shared.ports import Stored
from functions.shared.printer_now import newest_status
from functions.shared.read_model import ListedPrinter, PrinterData, ReceivedStatus
from functions.shared.wording.durations import rough_duration
from tests.functions.api.bridge_data import NOW, RUNNING, whole_record


def recorded(printer_id: str, record: Mapping[str, Any]) -> PrinterRecord:
    return printer_record_of(Stored(printer_key(printer_id), whole_record(dict(record)), 1))


def view_of(
    record: Mapping[str, object] | None = None,
    live: Mapping[str, object] | None = None,
    live_at: float = NOW,
    *,
    is_online: bool | None = True,
    is_connected: bool | None = None,
    collector_silence: float | None = None,
) -> PrinterView:
    printer_data = PrinterData(
        printer_id="P1",
        live=None if live is None else ReceivedStatus(live, live_at),
        record=recorded("P1", record or {}),
        inspection=InspectionState(),
        image_taken_at=None,
        listed=ListedPrinter("P1", "P1S", is_online, True, is_connected),
    )
    status = newest_status(printer_data)
    assert status is not None
    return printer_view(printer_data, status, NOW, collector_silence)


def test_a_silent_printer_is_shown_idle_by_inference_with_its_last_status() -> None:
    record = {"state": "IDLE", "state_inferred": True, "received_at": NOW - 200, "silent_since": NOW - 170}
    view = view_of(record | {"status": RUNNING}, live=RUNNING, live_at=NOW - 195)
    assert (view.state, view.state_inferred) == ("IDLE", True)
    assert view.status["gcode_state"] == "RUNNING"
    assert view.problem == "no status for 3 min"


def test_a_status_after_the_silence_ends_it_at_once() -> None:
    record = {"state": "IDLE", "state_inferred": True, "received_at": NOW - 200, "silent_since": NOW - 170}
    view = view_of(record, live=RUNNING, live_at=NOW - 1)
    assert (view.state, view.state_inferred, view.silent_since, view.problem) == (
        "RUNNING",
        False,
        None,
        None,
    )


def test_a_silent_printer_that_is_off_is_said_to_be() -> None:
    record = {"state": "IDLE", "received_at": NOW - 80, "silent_since": NOW - 50, "status": {}}
    assert view_of(record, is_online=False).problem == "no status for 80 s, the printer is offline"


def test_a_ping_that_failed_is_no_problem_while_statuses_come() -> None:
    assert view_of(live=RUNNING, is_online=False).problem is None
    assert view_of(live=RUNNING, live_at=NOW - 300, is_online=False).problem == "the printer is offline"


def test_a_printer_without_connection_is_said_to_be() -> None:
    view = view_of(live=RUNNING, live_at=NOW - 300, is_connected=False)
    assert view.problem == "no connection to BambUI for this printer"


def test_figures_that_a_status_leaves_out_are_those_of_the_record() -> None:
    job = {
        "id": "j",
        "name": "benchy",
        "percent": 40,
        "layer": 10,
        "total_layers": 99,
        "remaining_minutes": 7,
    }
    view = view_of({"received_at": NOW - 5, "job": job}, live={"gcode_state": "RUNNING", "layer_num": 11})
    assert view.job is not None
    assert (view.job.percent, view.job.layer, view.job.total_layers) == (40, 11, 99)
    assert view.job.remaining_minutes == 7


def test_a_job_that_the_record_does_not_know_yet_is_shown_without_an_id() -> None:
    ended = {"id": "old", "name": "A", "ended_at": NOW - 500, "result": "finished", "percent": 100}
    view = view_of({"received_at": NOW - 5, "job": ended}, live=RUNNING)
    assert view.job is not None
    assert (view.job.id, view.job.name, view.job.percent, view.job.is_active) == (None, "benchy", 62, True)
    assert (view.job.ended_at, view.job.result) == (None, None)


def test_a_name_that_differs_from_the_recorded_job_is_another_job() -> None:
    view = view_of({"received_at": NOW - 5, "job": {"id": "old", "name": "A", "percent": 99}}, live=RUNNING)
    assert view.job is not None
    assert (view.job.id, view.job.name) == (None, "benchy")


def test_the_last_job_keeps_its_own_figures_when_the_status_runs_ahead() -> None:
    ended = {"id": "j", "name": "A", "ended_at": NOW - 500, "result": "failed", "percent": 18}
    ahead = RUNNING | {"gcode_state": "FAILED", "subtask_name": "B", "mc_percent": 100}
    view = view_of({"received_at": NOW - 5, "job": ended, "state": "FAILED"}, live=ahead)
    assert view.job is not None
    assert (view.job.name, view.job.percent, view.job.is_active, view.job.result) == (
        "A",
        18,
        False,
        "failed",
    )
    assert view.job.expected_end_at is None


@pytest.mark.parametrize("result", ["cancelled", "failed", "ended", "never_began"])
@pytest.mark.parametrize("live_at", [NOW - 5, NOW])
def test_after_its_end_a_job_shows_what_it_had_reached_though_firmware_clears_it(
    result: str, live_at: float
) -> None:
    ended = {
        "id": "j", "name": "A", "ended_at": NOW - 5, "result": result, "percent": 16, "layer": 31,
        "total_layers": 200, "remaining_minutes": 90, "state": "FAILED",
    }  # fmt: skip
    cleared = RUNNING | {
        "gcode_state": "FAILED", "mc_percent": 0, "layer_num": 0, "total_layer_num": 0, "mc_remaining_time": 0
    }  # fmt: skip
    record = {"received_at": NOW - 5, "job": ended, "state": "FAILED", "status": cleared}
    view = view_of(record, live=cleared, live_at=live_at)
    assert view.job is not None
    assert (view.job.percent, view.job.layer, view.job.total_layers) == (16, 31, 200)
    assert (view.job.result, view.job.is_active) == (result, False)
    assert (view.job.remaining_minutes, view.job.expected_end_at) == (None, None), "nothing remains"
    assert view.status["mc_percent"] == 0, "the status stays as received"


def test_an_end_that_the_tracker_has_not_told_yet_clears_nothing() -> None:
    running = {"id": "j", "name": "benchy", "percent": 16, "layer": 31, "total_layers": 200}
    cleared = RUNNING | {"gcode_state": "FAILED", "mc_percent": 0, "layer_num": 0}
    view = view_of({"received_at": NOW - 5, "job": running, "state": "RUNNING"}, live=cleared)
    assert view.job is not None
    assert (view.state, view.job.is_active, view.job.percent, view.job.layer) == ("FAILED", False, 16, 31)


def test_no_time_is_promised_while_a_job_is_paused() -> None:
    view = view_of(live=RUNNING | {"gcode_state": "PAUSE"})
    assert view.job is not None
    assert (view.job.remaining_minutes, view.job.expected_end_at) == (72, None)
    paused = {"id": "j", "name": "benchy", "percent": 40, "remaining_minutes": 7, "state": "PAUSE"}
    view = view_of({"received_at": NOW - 5, "job": paused, "state": "PAUSE", "status": RUNNING})
    assert view.job is not None
    assert (view.job.remaining_minutes, view.job.expected_end_at) == (7, None)
    running = paused | {"state": "RUNNING"}
    view = view_of({"received_at": NOW - 5, "job": running, "state": "RUNNING", "status": RUNNING})
    assert view.job is not None
    assert view.job.expected_end_at == utc_time(NOW - 5 + 7 * 60)


CALIBRATION = RUNNING | {"print_type": "system", "subtask_name": "auto_cali_for_user_param", "mc_percent": 30}


def test_a_calibration_is_shown_as_one_and_not_as_a_job() -> None:
    assert view_of(live=CALIBRATION).job is None
    assert view_of(live=CALIBRATION).state == "CALIBRATING"
    record = {"received_at": NOW - 5, "state": "CALIBRATING", "status": CALIBRATION}
    assert (view_of(record).state, view_of(record).job) == ("CALIBRATING", None)
    ended = {"id": "j", "name": "A", "ended_at": NOW - 500, "result": "finished", "percent": 100}
    view = view_of(record | {"job": ended}, live=CALIBRATION)
    assert view.job is not None
    assert (view.job.id, view.job.name, view.job.percent, view.job.is_active) == ("j", "A", 100, False)


def test_what_looks_like_a_calibration_in_the_middle_of_a_print_is_part_of_it() -> None:
    running = {"id": "j", "name": "benchy", "percent": 40, "layer": 9}
    record = {"received_at": NOW - 5, "job": running, "state": "RUNNING"}
    view = view_of(record, live=RUNNING | {"print_type": "system"})
    assert view.job is not None
    assert (view.state, view.job.id, view.job.is_active, view.job.percent) == ("RUNNING", "j", True, 40)


def test_an_unknown_word_ends_no_job() -> None:
    running = {"id": "j", "name": "benchy", "percent": 40}
    view = view_of({"received_at": NOW - 5, "job": running}, live=RUNNING | {"gcode_state": "DANCING"})
    assert view.job is not None
    assert (view.state, view.job.id, view.job.is_active, view.job.percent) == ("DANCING", "j", True, 40)


def test_the_same_task_is_the_same_job_whatever_it_is_called_now() -> None:
    running = {"id": "j", "name": "benchy", "task_id": "77", "percent": 40}
    record = {"received_at": NOW - 5, "job": running, "state": "RUNNING"}
    renamed = RUNNING | {"subtask_name": "0.2mm profile", "task_id": "77"}
    view = view_of(record, live=renamed)
    assert view.job is not None
    assert (view.job.id, view.job.name, view.job.percent) == ("j", "benchy", 62)
    view = view_of(record, live=renamed | {"subtask_name": "benchy", "task_id": "78"})
    assert view.job is not None
    assert view.job.id is None, "another one of that name"


def test_figures_of_the_last_job_are_not_those_of_one_that_is_prepared() -> None:
    view = view_of(live=RUNNING | {"gcode_state": "PREPARE", "mc_percent": 100})
    assert view.job is not None
    assert (view.job.name, view.job.percent, view.job.layer) == ("benchy", None, None)


def test_what_cannot_be_meant_is_not_shown() -> None:
    junk = {
        "nozzle_temper": 1e9,
        "bed_temper": "hot",
        "nozzle_target_temper": True,
        "bed_target_temper": -300,
    }
    assert set(view_of(live=RUNNING | junk).temperatures.model_dump().values()) == {None}
    recorded_then = {"id": "j", "name": "A", "percent": 40, "layer": 300, "remaining_minutes": 900_000}
    view = view_of({"received_at": NOW - 5, "job": recorded_then | {"total_layers": 200}, "status": {}})
    assert view.job is not None
    assert (view.job.percent, view.job.layer, view.job.remaining_minutes) == (40, None, None)


def test_an_idle_printer_without_a_past_has_no_job() -> None:
    assert view_of(live={"gcode_state": "IDLE", "subtask_name": "old"}).job is None


@pytest.mark.parametrize(
    ("state", "stage", "words"),
    [
        ("RUNNING", 0, "printing"),
        ("PREPARE", 1, "levelling the bed"),
        ("PAUSE", 17, "The front cover came off the tool head. Put it back, then resume"),
        ("RUNNING", 4321, None),
        ("FINISH", 0, None),
        ("IDLE", 255, None),
    ],
)
def test_the_stage_of_a_job_is_said_in_words(state: str, stage: int, words: str | None) -> None:
    assert view_of(live={"gcode_state": state, "stg_cur": stage}).stage == words


def test_an_error_has_the_slot_that_another_code_knows_and_the_models_page() -> None:
    status = {"print_error": 0x0701_8011, "hms": [{"attr": 0x0701_2200, "code": 0x0002_0001}]}
    errors = view_of(live=status).errors
    assert {error.text for error in errors} == {
        "Filament ran out (AMS B, slot 3). Load new filament, then resume"
    }
    assert [error.link for error in errors] == [
        "https://wiki.bambulab.com/en/hms/home",
        "https://wiki.bambulab.com/en/x1/troubleshooting/hmscode/0700_2000_0002_0001",
    ]


def test_errors_are_shown_as_the_printer_shows_them() -> None:
    status = {
        "print_error": 0x0300_8004,
        "hms": [{"attr": 0x0300_1A00, "code": 0x0002_0002}, {"attr": 0x0300_1A00, "code": 0x0002_0002}],
    }
    assert [(it.code, it.text, it.severity) for it in view_of(live=status).errors] == [
        ("0300-8004", "Filament ran out. Load new filament, then resume", "attention"),
        ("HMS_0300_1A00_0002_0002", "The nozzle is clogged. Clean it", "attention"),
    ]


@pytest.mark.parametrize(
    "code", [0, 0x0500_8030, 0x0300_8012, 0x07FF_8007, 0x0300_400C, 0x0500_400E, 0x0300_0001]
)
def test_what_is_no_error_is_not_shown_as_one(code: int) -> None:
    assert view_of(live={"print_error": code, "hms": [{"attr": 0, "code": 0}]}).errors == []


@pytest.mark.parametrize(
    ("memory", "sentence"),
    [
        ({"last_look_at": NOW - 30, "verdict": "fine"}, "last look 30 s ago: fine"),
        ({"last_look_at": NOW - 7300, "verdict": "no verdict"}, "last look 2 h ago: no verdict"),
        (
            {
                "last_look_at": NOW - 720,
                "verdict": "suspicious",
                "category": "layer_shift",
                "confidence": 0.82,
            },
            "last look 12 min ago: suspicious (layer shift, 82 % sure)",
        ),
        (
            {"last_look_at": NOW - 720, "verdict": "defect", "category": "spaghetti", "confidence": 97},
            "last look 12 min ago: defect (spaghetti)",
        ),
        ({"last_look_at": NOW + 500}, "last look 0 s ago: no verdict"),
        (
            {
                "last_look_at": NOW - 3700,
                "verdict": "fine",
                "note": "the print is paused",
                "noted_at": NOW - 125,
            },
            "last look 61 min ago: fine; no look 2 min ago: the print is paused",
        ),
        ({"note": "the picture is black", "noted_at": NOW - 30}, "no look 30 s ago: the picture is black"),
        ({"note": "the picture is black", "noted_at": "?"}, "no look: the picture is black"),
    ],
)
def test_the_last_look_in_words(memory: dict[str, Any], sentence: str) -> None:
    view = inspection_view(inspection_from_json(memory), NOW)
    assert view is not None
    assert view.sentence == sentence


def test_a_look_that_was_not_made_is_announced_with_its_reason_and_time() -> None:
    view = inspection_view(inspection_from_json({"note": "the picture is black", "noted_at": NOW - 30}), NOW)
    assert view is not None
    assert (view.last_look_at, view.age_seconds, view.verdict) == (None, None, "no verdict")
    assert (view.note, view.noted_at) == ("the picture is black", utc_time(NOW - 30))


def test_without_a_look_and_without_a_note_there_is_nothing_to_tell() -> None:
    assert inspection_view(inspection_from_json({"looks": 0, "noted_at": NOW}), NOW) is None


def test_a_look_that_found_nothing_has_no_category() -> None:
    memory = {"last_look_at": NOW, "verdict": "fine", "category": "none"}
    view = inspection_view(inspection_from_json(memory), NOW)
    assert view is not None
    assert view.category is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h"), (172_800, "2 days")],
)
def test_spans_of_time_in_words(seconds: float, words: str) -> None:
    assert rough_duration(seconds) == words


def test_only_what_json_can_carry_is_sent() -> None:
    deep: object = "bottom"
    for _ in range(1000):
        deep = [deep]
    sent = sendable({"nan": float("nan"), "inf": [float("inf")], "lone": "\ud800", "deep": deep})
    assert isinstance(sent, dict)
    assert (sent["nan"], sent["inf"], sent["lone"]) == (None, [None], "?")
    depth, inner = 0, sent["deep"]
    while isinstance(inner, list):
        depth, inner = depth + 1, inner[0]
    assert inner is None
    assert depth < 100


_TEXT = st.text(st.characters(), max_size=8)  # lone surrogates included
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)
_FIELDS = st.sampled_from(
    [
        *("printer_id", "model", "is_online", "state", "state_inferred", "received_at", "status", "frame"),
        *("silent_since", "job", "id", "name", "started_at", "ended_at", "result", "percent", "layer"),
        *("total_layers", "remaining_minutes", "gcode_state", "subtask_name", "mc_percent", "print_error"),
        *("mc_remaining_time", "hms", "nozzle_temper", "chamber_temper", "last_look_at", "verdict"),
        *("category", "confidence", "summary", "note", "noted_at"),
    ]
)
_JOB = st.dictionaries(_FIELDS, _JSON, max_size=8)
_STATUS = st.dictionaries(_FIELDS, _JSON | st.sampled_from(["RUNNING", "IDLE", "FINISH"]), max_size=8)
_RECORD = st.dictionaries(_FIELDS, _JSON, max_size=6).flatmap(
    lambda record: st.builds(lambda job, status: record | {"job": job, "status": status}, _JOB, _STATUS)
)
_TIMES = st.floats() | st.sampled_from([NOW, NOW - 1000])


@settings(max_examples=150, deadline=None)
@given(_RECORD, _STATUS | st.none(), _JOB, _TIMES, st.none() | _TIMES, _TEXT)
def test_no_content_of_record_or_status_can_break_an_answer(
    record: dict[str, Any],
    live: dict[str, Any] | None,
    inspection: dict[str, Any],
    live_at: float,
    image_taken_at: float | None,
    name: str,
) -> None:
    listed = ListedPrinter(name, name, None)
    received = None if live is None else ReceivedStatus(live, live_at)
    remembered = inspection_from_json(inspection)
    printer_data = PrinterData(name, received, recorded(name, record), remembered, image_taken_at, listed)
    status = newest_status(printer_data)
    assert status is not None
    printer_view(printer_data, status, NOW, None).model_dump_json()
    summary(listed).model_dump_json()
    item = {"received_at": image_taken_at, "status": {"version": name, "printers": [{"printer_id": name}]}}
    collector = collector_record_of(Stored(collector_key(name), item, 1))
    health([collector], [printer_data], NOW, None)[0].model_dump_json()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "0 s"),
        (119.9, "119 s"),
        (120.0, "2 min"),
        (7200.0, "2 h"),
        (172_800.0, "2 days"),
        (math.inf, "an unknown time"),
        (math.nan, "an unknown time"),
    ],
)
def test_a_span_has_words_whatever_it_is(seconds: float, words: str) -> None:
    assert rough_duration(seconds) == words
