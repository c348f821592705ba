"""Messages are told apart before they are parsed, and nothing odd gets through or does harm."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.bambui import messages
from collector.bambui.messages import (
    BadMessage,
    ErrorMessage,
    ImageMessage,
    OtherMessage,
    StatusMessage,
    read_leniently,
    read_message,
    whole_status,
)
from functions.shared.domain.status import HmsEntry, read_status
from functions.shared.errors import ContractError
from functions.shared.messages.report import STATUS_BYTES_LIMIT
from tests.support.edge_material import image_text, status_text

ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = [
    "gcode_state",
    "subtask_name",
    "gcode_file",
    "task_id",
    "mc_percent",
    "layer_num",
    "total_layer_num",
    "mc_remaining_time",
    "stg_cur",
    "print_error",
    "hms",
]
PLAUSIBLE = {
    "gcode_state": st.sampled_from(["RUNNING", "finish", "", 3]),
    "mc_percent": st.sampled_from([5, "5", 5.0, "x", 101, -1, True]),
    "print_error": st.sampled_from([0, "50348044", 1 << 40, 83935249]),
    "hms": st.lists(st.fixed_dictionaries({"attr": ODD, "code": st.integers(0, 1 << 33)}), max_size=3),
}
DATA = st.fixed_dictionaries({}, optional={name: PLAUSIBLE.get(name, ODD) | ODD for name in FIELDS})


def test_a_status_gives_its_text_and_facts() -> None:
    text = status_text(gcode_state="RUNNING", mc_percent=7, hms=[{"attr": 1, "code": 2}], wifi_signal="-4dBm")
    message = read_message(text)
    assert isinstance(message, StatusMessage)
    assert message.text == text
    assert message.facts.state == "RUNNING"
    assert message.facts.percent == 7
    assert message.facts.hms == (HmsEntry(1, 2),)


def test_an_image_is_cut_out_without_parsing() -> None:
    message = read_message(image_text(b"\xff\xd8 anything"))
    assert isinstance(message, ImageMessage)
    assert message.message == image_text(b"\xff\xd8 anything")  # the frame itself, nothing copied yet
    assert message.base64_text == "/9ggYW55dGhpbmc="


@pytest.mark.parametrize(
    "text",
    [
        '{"type": "jpeg_image", "image": "QUJD"}',
        '{"image":"QUJD","type":"jpeg_image"}',
        '{"type":"jpeg_image","image":"QUJD"}\n',
        '{"type":"jpeg_image","image":"QUJ\\u0044"}\n',
    ],
)
def test_an_image_of_another_form_is_read_by_the_parser(text: str) -> None:
    message = read_message(text)
    assert isinstance(message, ImageMessage)
    assert message.base64_text == "QUJD"


def test_other_types_are_known_as_such() -> None:
    assert read_message('{"type":"error","message":"Printer Offline"}') == ErrorMessage("Printer Offline")
    assert read_message('{"type":"message","message":"Print started"}') == OtherMessage("message")
    assert read_message('{"type":"new_in_next_version","data":{}}') == OtherMessage("new_in_next_version")


@pytest.mark.parametrize(
    "frame",
    [
        b"\x00\x01binary",
        b'{"type":"printer_status","data":{}}',
        "",
        "hello",
        "[]",
        "null",
        "{}",
        '{"type":3}',
        '{"type":"printer_status"}',
        '{"type":"printer_status","data":[1]}',
        '{"type":"printer_status","data":null}',
        '{"type":"printer_status","data":{"a":NaN}}',
        '{"type":"printer_status","data":{"mc_percent":Infinity}}',
        '{"type":"printer_status","data":{"a":"' + "x" * (STATUS_BYTES_LIMIT + 40) + '"}}',
        '{"type":"printer_status","data":{"a":"' + "\u65e5" * (STATUS_BYTES_LIMIT // 3 + 9) + '"}}',
        '{"type":"printer_status","data":{"a":' + "[" * 100_000 + "]" * 100_000 + "}}",
        '{"type":"printer_status","data":{"a":' + "9" * 10_000 + ',"hms":' + "9" * 10_000 + "}}",
        '{"type":"printer_status","data":{"gcode_state":"RUNNING"',
        '{"type":"jpeg_image","image":5}',
        '{"type":"jpeg_image"}',
    ],
)
def test_bad_input_is_called_bad_with_a_short_reason(frame: str | bytes) -> None:
    message = read_message(frame)
    assert isinstance(message, BadMessage)
    assert 0 < len(message.reason) < 200


@pytest.mark.parametrize("depth", [500, 2_000, 100_000])
@pytest.mark.parametrize(("start", "end"), [("[", "]"), ('{"x":', "}")])
def test_what_is_nested_too_deep_is_bad_on_every_python(depth: int, start: str, end: str) -> None:
    frame = '{"type":"printer_status","data":{"a":' + start * depth + "1" + end * depth + "}}"
    assert isinstance(read_message(frame), BadMessage)


def test_many_small_parts_are_no_nesting() -> None:
    message = read_message(status_text(gcode_state="RUNNING", hms=[{"attr": 1, "code": 2}] * 600))
    assert isinstance(message, StatusMessage)
    assert message.facts.state == "RUNNING"


def test_a_status_just_under_the_limit_is_good() -> None:
    assert isinstance(read_message(status_text(a="x" * (STATUS_BYTES_LIMIT - 100))), StatusMessage)


@settings(max_examples=150)
@given(DATA)
def test_the_quick_way_reads_what_the_plain_way_reads(data: dict[str, Any]) -> None:
    text = json.dumps({"type": "printer_status", "data": data})
    message = read_message(text)
    assert isinstance(message, StatusMessage)
    assert message.facts == read_status(json.loads(text)["data"])


@settings(max_examples=150)
@given(st.text() | st.binary() | ODD.map(json.dumps))
def test_no_frame_raises(frame: str | bytes) -> None:
    read_message(frame)


@settings(max_examples=100)
@given(DATA)
def test_without_the_quick_parser_nothing_changes(data: dict[str, Any]) -> None:
    text = status_text(**data)
    assert read_leniently(text) == read_message(text)
    assert messages._with_standard_parser(text) is None  # noqa: SLF001 - used where msgspec has no wheel


def test_a_whole_status_is_the_dictionary_that_is_sent_on() -> None:
    assert whole_status(status_text(a={"b": [1, 2.5, None]})) == {"a": {"b": [1, 2.5, None]}}


@pytest.mark.parametrize(
    "text",
    [
        '{"data":{"a":1e999}}',
        '{"data":{"a":[{"b":-1e999}]}}',
        '{"data":{"a":NaN}}',
        '{"data":[]}',
        '{"data":{"a":' + "[" * 70 + "]" * 70 + "}}",
        '{"data":{"a":' + "9" * 5000 + "}}",
    ],
)
def test_a_status_that_the_remote_backend_could_not_read_is_refused(text: str) -> None:
    with pytest.raises(ContractError):
        whole_status(text)
