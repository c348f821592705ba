"""The codec's rule: what older and newer versions wrote can be read, and nothing else gets through."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.errors import ContractError
from functions.shared.messages.codec import (
    ALWAYS,
    INTEGER_LIMIT,
    SPREAD,
    WHOLE,
    fields_in,
    fields_of,
    from_json,
    named,
    recall,
    to_json,
    without_empty,
)
from tests.functions.shared.messages.test_report import any_json, any_text, counts, some_text, stamps


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Part:
    code: str
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    percent: int | None = None
    layer: int | None = field(default=None, metadata=named("layer_num"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    id: str
    colour: Colour = field(default=Colour.RED, metadata=ALWAYS)
    note: str | None
    is_new: bool
    figures: Figures = field(default=Figures(), metadata=SPREAD)
    count: int = field(default=0, metadata=named("number"))
    at: float = 0.0
    part: Part | None = None
    core: Part | None = field(default=None, metadata=WHOLE)
    parts: tuple[Part, ...] = ()
    words: tuple[str, ...] = ()
    pairs: tuple[tuple[str, int], ...] = ()
    seen: Mapping[str, float] = field(default_factory=dict)
    status: Mapping[str, Any] | None = None


parts = st.builds(Part, some_text, st.none() | stamps)
things = st.builds(
    Thing,
    id=some_text, colour=st.sampled_from(Colour), note=st.none() | some_text, is_new=st.booleans(),
    figures=st.builds(Figures, st.none() | counts, st.none() | counts), count=counts, at=stamps,
    part=st.none() | parts, core=st.none() | parts, parts=st.lists(parts, max_size=2).map(tuple),
    words=st.lists(some_text, max_size=2).map(tuple),
    pairs=st.lists(st.tuples(some_text, counts), max_size=2).map(tuple),
    seen=st.dictionaries(any_text, stamps, max_size=2),
    status=st.none() | st.dictionaries(any_text, any_json, max_size=2),
)  # fmt: skip
LEAST = {"id": "x", "colour": "blue"}
THING = Thing(id="x", colour=Colour.BLUE, note=None, is_new=False)


@given(thing=things)
def test_what_was_written_is_read_as_it_was(thing: Thing) -> None:
    assert from_json(Thing, to_json(thing)) == thing
    assert recall(Thing, to_json(thing)) == thing


def test_fields_are_written_in_their_order_under_their_names() -> None:
    assert list(to_json(THING)) == [
        *("id", "colour", "note", "is_new", "percent", "layer_num", "number", "at", "part", "core", "parts"),
        *("words", "pairs", "seen", "status"),
    ]


def test_what_says_nothing_can_be_left_out_and_zero_and_false_say_something() -> None:
    assert without_empty(to_json(THING)) == {**LEAST, "is_new": False, "number": 0, "at": 0.0, "seen": {}}


def test_a_field_of_a_newer_version_is_passed_over() -> None:
    body = LEAST | {"later": 1, "part": {"code": "c", "later": [1]}}
    for read in (from_json, recall):
        assert read(Thing, body).part == Part("c")


@pytest.mark.parametrize("missing", [{}, dict.fromkeys(to_json(THING)), {"note": ""}])
def test_a_field_that_an_older_version_has_not_written_has_its_default(missing: dict[str, Any]) -> None:
    for read in (from_json, recall):
        assert read(Thing, missing | LEAST) == THING


@pytest.mark.parametrize("name", ["id", "colour"])
@pytest.mark.parametrize("value", [None, "", 5])
def test_what_every_version_writes_must_be_there(name: str, value: object) -> None:
    with pytest.raises(ContractError, match=f"{name} is not a text"):
        from_json(Thing, LEAST | {name: value})


def test_a_number_without_a_point_is_a_number_too() -> None:
    read = from_json(Thing, LEAST | {"at": 5})
    assert isinstance(read.at, float)
    assert read.at == 5.0


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"colour": "green"}, "'green' is not a valid Colour"),
        ({"note": 5}, "note is not a text"),
        ({"is_new": 1}, "is_new is not true or false"),
        ({"number": True}, "number is not an integer"),
        ({"number": 1.5}, "number is not an integer"),
        ({"number": INTEGER_LIMIT + 1}, "number is not an integer"),
        ({"at": "5"}, "at is not a number"),
        ({"at": float("nan")}, "at is not a number"),
        ({"layer_num": "5"}, "layer_num is not an integer"),
        ({"part": []}, "part is not an object"),
        ({"part": {}}, "code is not a text"),
        ({"parts": {}}, "parts is not a list of objects"),
        ({"parts": [{"code": "c"}, 5]}, "parts is not an object"),
        ({"words": "ab"}, "words is not a list"),
        ({"words": ["a", 5]}, "words is not a text"),
        ({"pairs": [["a"]]}, "pairs is not a list of rows of 2"),
        ({"seen": {"a": "b"}}, "seen is not a number"),
        ({"status": []}, "status is not an object"),
    ],
)
def test_a_value_of_another_kind_is_refused_and_the_fault_named(body: dict[str, Any], fault: str) -> None:
    with pytest.raises(ContractError) as caught:
        from_json(Thing, LEAST | body)
    assert str(caught.value) == fault


def test_what_is_recalled_goes_without_the_fields_at_fault() -> None:
    body = {
        "id": "x",
        "colour": "green",
        "note": 5,
        "is_new": "?",
        "percent": "?",
        "layer_num": 7,
        "number": [],
        "at": True,
        "part": {"code": "c", "weight": "?"},
        "core": {"code": "c", "weight": "?"},
        "parts": [5, {}, {"code": "c"}],
        "words": ["", 5, "w"],
        "pairs": [["a", "?"], ["b", 1]],
        "seen": {"a": "?", "b": 2},
        "status": 5,
    }
    assert recall(Thing, body) == Thing(
        id="x",
        note=None,
        is_new=False,
        figures=Figures(layer=7),
        part=Part("c"),
        parts=(Part("c"),),
        words=("w",),
        pairs=(("b", 1),),
        seen={"b": 2.0},
    )


def test_nothing_can_be_recalled_without_what_has_no_default() -> None:
    with pytest.raises(ContractError, match="id is not a text"):
        recall(Thing, {})


@given(body=st.dictionaries(st.sampled_from(list(to_json(THING))), any_json, max_size=6))
def test_any_body_is_a_thing_or_a_contract_error(body: dict[str, Any]) -> None:
    recalled = recall(Thing, body | {"id": "x"})
    assert recall(Thing, to_json(recalled)) == recalled
    fault = ""
    try:
        read = from_json(Thing, body)
    except ContractError as error:
        fault = str(error)
    else:
        assert recall(Thing, body) == read
    assert len(fault) < 250


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"null", b"7", b"\xff\xfe", b"[" * 100_000])
def test_an_answer_that_is_no_object_has_no_fields(body: bytes) -> None:
    assert fields_in(body) == {}


def test_the_fields_of_an_answer_and_of_its_parts() -> None:
    answer = fields_in(b'{"ok": true, "result": {"id": 7}, "parameters": [1]}')
    assert answer["ok"] is True
    assert fields_of(answer["result"]) == {"id": 7}
    assert fields_of(answer["parameters"]) == fields_of(answer.get("more")) == {}
