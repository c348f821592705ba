"""The report: the same on both sides, and nothing else gets through."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from functions.shared.errors import ContractError
from functions.shared.messages.codec import DEPTH_LIMIT, load_object
from functions.shared.messages.report import FrameReference, Report, ReportKind, decode_report, encode_report

any_text = st.text(st.characters(), max_size=30)
some_text = st.text(st.characters(), min_size=1, max_size=30)
stamps = st.floats(-1e12, 1e12)
counts = st.integers(-(2**53), 2**53)
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | any_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
    max_leaves=10,
)
frame_references = st.builds(FrameReference, key=some_text, taken_at=stamps, size=counts)
reports = st.builds(
    Report,
    collector_id=some_text,
    sequence=counts,
    printer_id=some_text,
    kind=st.sampled_from(ReportKind),
    observed_at=stamps,
    shipped_at=st.none() | stamps,
    model=st.none() | some_text,
    is_online=st.none() | st.booleans(),
    status=st.none() | st.dictionaries(any_text, any_json, max_size=5),
    frame=st.none() | frame_references,
    frames_kept=st.none() | counts,
    after_gap=st.booleans(),
)
REPORT = Report("c", 1, "A1", ReportKind.STATUS, 5.0, status={"gcode_state": "RUNNING"})


def body(**changes: object) -> str:
    return json.dumps(json.loads(encode_report(REPORT)) | changes)


@given(report=reports)
def test_a_report_comes_through_as_it_was(report: Report) -> None:
    text = encode_report(report)
    assert text.isascii()
    assert decode_report(text) == report
    assert decode_report(text).id == report.id


@given(text=any_text | any_json.map(json.dumps))
def test_any_text_is_a_report_or_a_contract_error(text: str) -> None:
    with pytest.raises(ContractError):
        decode_report(text)


@given(
    name=st.sampled_from(sorted(json.loads(encode_report(REPORT)))),
    value=any_json | st.sampled_from([10**400, -(10**400), [10**400], {"key": 1}]),
)
@example(name="frame", value={"key": "k", "taken_at": 10**400, "size": 1})
@example(name="observed_at", value=10**400)
@example(name="version", value=[["x"] * 30] * 30)
def test_any_value_in_any_place_is_taken_or_a_contract_error(name: str, value: object) -> None:
    fault = ""
    try:
        report = decode_report(body(**{name: value}))
    except ContractError as error:
        fault = str(error)
    else:
        assert decode_report(encode_report(report)) == report
    assert len(fault) < 250


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
def test_what_is_no_number_is_refused_wherever_it_stands(number: str) -> None:
    for text in (
        body(observed_at=0.5).replace("0.5", number),
        body(status={"deep": [{"x": 0.5}]}).replace("0.5", number),
    ):
        assert number in text
        with pytest.raises(ContractError):
            decode_report(text)


@pytest.mark.parametrize(("start", "end"), [("[", "]"), ('{"x":', "}")])
@pytest.mark.parametrize("depth", [DEPTH_LIMIT, 400, 5_000, 100_000])
def test_deep_nesting_is_refused(depth: int, start: str, end: str) -> None:
    text = body(status={"deep": "here"}).replace('"here"', start * depth + "1" + end * depth)
    with pytest.raises(ContractError):
        decode_report(text)


def test_a_status_with_many_small_parts_is_not_taken_for_a_deep_one() -> None:
    status: dict[str, Any] = {"ams": [{"tray": [{"id": str(number)}]} for number in range(200)]}
    assert decode_report(body(status=status)).status == status


def test_brackets_in_a_text_are_no_nesting() -> None:
    assert decode_report(body(status={"name": "[" * 1000})).status == {"name": "[" * 1000}


def test_another_version_says_to_update() -> None:
    with pytest.raises(ContractError, match="update both sides"):
        decode_report(body(version=2))


def test_an_unknown_field_of_a_later_program_does_no_harm() -> None:
    assert decode_report(body(colour="blue")) == REPORT


def test_an_empty_model_is_an_unknown_one() -> None:
    assert decode_report(body(model="")).model is None


@pytest.mark.parametrize("text", ["", "1", "[]", "null", '"x"', "{", "{}x", "{'a': 1}", "\ud800", "9" * 5000])
def test_only_an_object_is_an_object(text: str) -> None:
    with pytest.raises(ContractError):
        load_object(text)


def test_the_id_is_the_same_however_often_it_is_sent_and_another_for_every_other_report() -> None:
    others = [
        Report("c", 2, "A1", ReportKind.STATUS, 5.0), Report("d", 1, "A1", ReportKind.STATUS, 5.0),
        Report("c", 1, "A2", ReportKind.STATUS, 5.0),
    ]  # fmt: skip
    assert Report("c", 1, "A1", ReportKind.SILENCE, 9.0, shipped_at=10.0).id == REPORT.id
    assert len({REPORT.id, *(other.id for other in others)}) == 4


def test_reports_of_one_printer_share_a_group_that_any_queue_takes() -> None:
    assert REPORT.group == Report("d", 7, "A1", ReportKind.PRESENCE, 0.0).group
    hostile = Report("c", 1, "\ud800\n/../", ReportKind.STATUS, 5.0)
    assert hostile.group != REPORT.group
    assert hostile.group.isalnum()
    assert len(hostile.group) == 64


def test_each_collector_s_reports_on_itself_are_a_group_of_their_own() -> None:
    """Else one collector's report that goes back would hold up those of all others."""
    own = [Report(name, 1, "collector", ReportKind.COLLECTOR, 5.0).group for name in ("one", "two")]
    assert len(set(own)) == 2
    printers = [Report(name, 1, "A1M-1", ReportKind.STATUS, 5.0).group for name in ("one", "two")]
    assert len(set(printers)) == 1
