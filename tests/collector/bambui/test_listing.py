"""What is known of the printers grows by good answers and suffers by no bad one."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.bambui.discovery import PRINTERS_LIMIT, ListedPrinter, merge_listing, parse_listing
from functions.shared.domain.limits import PRINTER_NAME_LIMIT
from functions.shared.errors import ContractError

A1 = {"name": "A1M-1", "model": "A1M", "is_online": True, "supports_chamber_temp": False}


def test_a_good_answer_is_read() -> None:
    entries = parse_listing("application/json; charset=utf-8", json.dumps([A1]).encode())
    merged = merge_listing({}, entries)
    assert merged.known == {"A1M-1": ListedPrinter("A1M-1", "A1M", True)}
    assert merged.changed == (ListedPrinter("A1M-1", "A1M", True),)
    assert merged.faults == ()


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/html", b"<!doctype html>"),
        ("text/html", b"[]"),
        ("", b"[]"),
        ("application/json", b"[]"),
        ("application/json", b"{}"),
        ("application/json", b"nonsense"),
        ("application/json", b"\xff\xfe\xff"),
        ("application/json", b"[" * 100_000),
    ],
)
def test_an_unusable_answer_is_an_error(content_type: str, body: bytes) -> None:
    with pytest.raises(ContractError):
        parse_listing(content_type, body)


def test_only_what_is_new_or_different_counts_as_changed() -> None:
    known = merge_listing({}, [A1, {**A1, "name": "B"}]).known
    assert merge_listing(known, [A1, {**A1, "name": "B"}]).changed == ()
    off = merge_listing(known, [A1, {**A1, "name": "B", "is_online": False}])
    assert off.changed == (ListedPrinter("B", "A1M", False),)


def test_a_printer_missing_in_an_answer_stays_known() -> None:
    known = merge_listing({}, [A1, {**A1, "name": "B"}]).known
    merged = merge_listing(known, [A1])
    assert merged.known == known
    assert merged.changed == ()


@pytest.mark.parametrize(
    "name", ["../../x", "<b>&\"'", "\U0001f5a8\ufe0f printer", "x" * PRINTER_NAME_LIMIT, "\u65e5\u672c"]
)
def test_hostile_but_printable_names_are_names(name: str) -> None:
    assert list(merge_listing({}, [{**A1, "name": name}]).known) == [name]


@pytest.mark.parametrize(
    "name", ["", "a\nb", "a\x00", "x" * (PRINTER_NAME_LIMIT + 1), "\ud800", None, 5, ["A"], {}]
)
def test_what_cannot_be_a_name_is_left_out_with_a_line_and_the_rest_stands(name: object) -> None:
    merged = merge_listing({}, [{**A1, "name": name}, A1])
    assert list(merged.known) == ["A1M-1"]
    assert len(merged.faults) == 1
    assert len(merged.faults[0]) < 120


def test_the_number_of_printers_is_bounded() -> None:
    merged = merge_listing({}, [{**A1, "name": f"P{number}"} for number in range(PRINTERS_LIMIT + 50)])
    assert len(merged.known) == PRINTERS_LIMIT
    assert len(merged.faults) == 1
    assert merge_listing(merged.known, [{**A1, "name": "P1", "is_online": False}]).changed


ANY = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)
ENTRY = st.fixed_dictionaries({}, optional={"name": ANY, "model": ANY, "is_online": ANY})


@given(st.lists(ENTRY | ANY, max_size=6))
def test_no_answer_raises_and_online_is_only_what_says_so(entries: list[Any]) -> None:
    for printer in merge_listing({}, entries).known.values():
        assert printer.is_online in (True, False, None)
        assert printer.model is None or isinstance(printer.model, str)
