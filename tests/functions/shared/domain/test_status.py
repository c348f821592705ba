"""Reading a status: every JSON there is gives facts, and what is junk is unknown, never zero."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.domain.status import STATUS_KEYS, HmsEntry, PrinterStatus, read_status
from tests.functions.shared.messages.test_report import any_json, any_text

KEYS = (
    "gcode_state", "subtask_name", "gcode_file", "task_id", "mc_percent", "layer_num", "total_layer_num",
    "mc_remaining_time", "stg_cur", "print_error", "hms",
)  # fmt: skip
numbers = st.integers() | st.floats() | st.sampled_from(["12", "nan", "inf", "1e400", "-0", "٣", "1" * 400])
hms_lists = st.lists(st.dictionaries(st.sampled_from(["attr", "code", "x"]), any_json | numbers, max_size=3))


@given(status=st.dictionaries(st.sampled_from(KEYS) | any_text, any_json | numbers | hms_lists, max_size=8))
def test_any_status_gives_facts_in_their_ranges(status: dict[str, Any]) -> None:
    facts = read_status(status)
    for value, lowest, highest in (
        (facts.percent, 0, 100), (facts.layer, 0, 1_000_000), (facts.total_layers, 1, 1_000_000),
        (facts.remaining_minutes, 0, 86_400), (facts.stage, -1, 100_000), (facts.print_error, 0,
        2**32 - 1),
    ):  # fmt: skip
        assert value is None or (type(value) is int and lowest <= value <= highest)
    for text, limit in ((facts.state, 120), (facts.job_name, 1024), (facts.task_id, 64)):
        assert text is None or (0 < len(text) <= limit and text.encode("utf-8") is not None)
    assert facts.hms is None or all(
        0 <= entry.code < 2**32 and 0 <= entry.attribute < 2**32 for entry in facts.hms
    )


def test_an_empty_status_says_nothing() -> None:
    assert read_status({}) == PrinterStatus()


def test_a_status_as_bambui_sends_it() -> None:
    status = {
        "gcode_state": "RUNNING", "subtask_name": "Benchy", "gcode_file": "/data/x.gcode", "task_id": "0",
        "mc_percent": 62, "layer_num": 89, "total_layer_num": 200, "mc_remaining_time": 72, "stg_cur": 0,
        "print_error": 50348044, "hms": [{"attr": 50338304, "code": 131074}],
    }  # fmt: skip
    assert read_status(status) == PrinterStatus(
        "RUNNING", "Benchy", None, 62, 89, 200, 72, 0, 50348044, (HmsEntry(50338304, 131074),)
    )


@pytest.mark.parametrize(
    ("status", "name"),
    [
        ({"subtask_name": "  Benchy \n"}, "Benchy"),
        ({"subtask_name": "", "gcode_file": "/data/Metadata/plate 1.gcode.3mf"}, "plate 1"),
        ({"gcode_file": "C:\\prints\\box.3mf"}, "box"),
        ({"gcode_file": "/data/.3mf"}, None),
        ({"gcode_file": "folder/"}, None),
        ({"subtask_name": 5, "gcode_file": []}, None),
        ({"subtask_name": "a\ud800b"}, "a?b"),
        ({"subtask_name": "x" * 5000}, "x" * 1024),
    ],
)
def test_the_jobs_name_comes_from_its_title_or_its_file(status: dict[str, Any], name: str | None) -> None:
    assert read_status(status).job_name == name


@pytest.mark.parametrize("junk", [True, False, None, "", "62 %", "nan", [], {}, -1, 101, 1e400, 10**400])
def test_junk_in_a_field_makes_it_unknown(junk: object) -> None:
    assert read_status({"mc_percent": junk}).percent is None


@pytest.mark.parametrize("value", [62, 62.0, 62.9, "62", "62.5"])
def test_numbers_count_whatever_type_they_came_in(value: object) -> None:
    assert read_status({"mc_percent": value}).percent == 62


@pytest.mark.parametrize(
    ("value", "expected"), [("0", None), ("", None), (0, None), ("123", "123"), (123, "123")]
)
def test_a_local_job_has_no_task(value: object, expected: str | None) -> None:
    assert read_status({"task_id": value}).task_id == expected


def test_broken_hms_entries_are_left_out_and_the_list_is_bounded() -> None:
    good = {"attr": 1, "code": 2}
    assert read_status({"hms": [None, {}, {"attr": -1, "code": 2}, good, "x"]}).hms == (HmsEntry(1, 2),)
    assert read_status({"hms": []}).hms == ()
    assert len(read_status({"hms": [good] * 10_000}).hms or ()) == 64


def test_the_keys_that_are_read_are_those_that_the_quick_parser_keeps() -> None:
    asked = set()

    class Asked(dict[str, object]):
        def get(self, key: str, default: object = None) -> object:
            asked.add(key)
            return default

    read_status(Asked())
    assert asked == set(STATUS_KEYS)
