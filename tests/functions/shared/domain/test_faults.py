"""Codes in words: what a person reads, how loud it is, and where a link leads."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.domain.error_codes import hms_code, print_error_code
from functions.shared.domain.faults import Severity, fault_of, faults_of, is_told_by, most_exact
from functions.shared.domain.hms_words import CRITICAL_HMS, HMS_ATTENTION, HMS_NOTICES, HMS_WORDS
from functions.shared.domain.print_error_words import (
    CRITICAL_PRINT_ERRORS,
    PRINT_ERROR_NOTICES,
    PRINT_ERROR_WORDS,
)
from functions.shared.domain.stages import PAUSE_STAGES
from functions.shared.domain.status import HmsEntry

WORDS_LIMIT = 120  # two lines on a phone
NUMBERS = st.integers(0, 0xFFFFFFFF)
# What nobody has to do anything about.
NO_ADVICE = {
    "The print was cancelled",
    "Paused by the user, or by a pause in the print file",
    "Paused by the user",
    "Paused by the print file",
    "The printer makes no timelapse in spiral vase mode",
    "The printer makes no timelapse when it prints object by object",
    *(f"The {cover} stands open" for cover in ("front door", "top cover", "left window", "right window")),
}
MODELS = st.sampled_from([None, "", "A1M", "A1", "P1S", "P1P", "X1C", "H2D", "h2d pro", "A1 mini", "?"])
ROWS = {
    **PRINT_ERROR_WORDS,
    **{f"HMS_{key}": text for key, text in HMS_WORDS.items()},
    **{f"stage {number}": text for number, text in PAUSE_STAGES.items()},
}


def test_every_row_is_short_plain_and_ends_in_what_to_do() -> None:
    for row, text in ROWS.items():
        _, stop, advice = text.partition(". ")
        assert 10 <= len(text) <= WORDS_LIMIT, row
        assert text[0].isupper(), row
        assert text[-1].isalnum() or text in NO_ADVICE, row
        assert (text in NO_ADVICE) is not bool(stop), row
        assert not stop or advice[0].isupper(), row


def test_the_table_holds_what_people_meet() -> None:
    assert len(PRINT_ERROR_WORDS) >= 100
    assert len(HMS_WORDS) >= 150


@pytest.mark.parametrize(
    ("codes", "table"),
    [
        (CRITICAL_PRINT_ERRORS | PRINT_ERROR_NOTICES, PRINT_ERROR_WORDS),
        (CRITICAL_HMS | HMS_ATTENTION | HMS_NOTICES, HMS_WORDS),
    ],
)
def test_how_loud_a_code_is_stands_only_for_known_ones(codes: frozenset[str], table: dict[str, str]) -> None:
    assert codes - table.keys() == set()


def test_a_code_that_is_known_has_its_words_beside_it() -> None:
    codes = [row for row in ROWS if not row.startswith("stage")]
    assert [(fault.code, fault.text) for fault in map(fault_of, codes)] == [
        (code, ROWS[code]) for code in codes
    ]


@given(NUMBERS, MODELS)
def test_any_error_number_can_be_told(number: int, model: str | None) -> None:
    code = print_error_code(number)
    fault = fault_of(code, model)
    assert fault.code == code
    assert fault.text is not None or fault.severity is Severity.NOTICE


@given(NUMBERS, NUMBERS, MODELS)
def test_any_health_entry_can_be_told_and_an_unknown_one_is_no_loud_alarm(
    attribute: int, code: int, model: str | None
) -> None:
    fault = fault_of(hms_code(HmsEntry(attribute, code)), model)
    if fault.text is None:
        is_serious = code >> 16 in (1, 2)
        assert fault.severity is (Severity.ATTENTION if is_serious else Severity.NOTICE)
        assert fault.link == "https://wiki.bambulab.com/en/hms/home"


@given(st.sampled_from(sorted(ROWS)), st.integers(0, 0xFF), MODELS)
def test_a_link_is_https_and_leads_to_one_host(row: str, part: int, model: str | None) -> None:
    code = f"{row[:11]}{part:02X}{row[13:]}" if row.startswith("HMS") else row
    address = urlsplit(fault_of(code, model).link or "")
    assert (address.scheme, address.netloc) == ("https", "wiki.bambulab.com")


@given(st.integers(0, 0xFF))
def test_the_low_byte_of_a_health_entry_only_counts_equal_parts(part: int) -> None:
    code = hms_code(HmsEntry(0x03001A00 | part, 0x00020002))
    assert fault_of(code).text == fault_of("HMS_0300_1A00_0002_0002").text
    assert fault_of(code).code == code


@pytest.mark.parametrize(
    ("code", "severity"),
    [
        ("0300-4000", Severity.CRITICAL),
        ("0300-806F", Severity.CRITICAL),
        ("0300-8016", Severity.ATTENTION),
        ("0500-400C", Severity.ATTENTION),
        ("0701-8011", Severity.ATTENTION),
        ("0300-8001", Severity.NOTICE),
        ("0500-4001", Severity.NOTICE),
        ("0500-C010", Severity.NOTICE),
        ("07FF-C006", Severity.NOTICE),
        ("0300-4FFF", Severity.NOTICE),  # unknown
        ("HMS_0300_0100_0001_0001", Severity.CRITICAL),
        ("HMS_1800_9600_0001_0001", Severity.CRITICAL),
        ("HMS_0500_0300_0001_0003", Severity.ATTENTION),
        ("HMS_0C00_0300_0003_0008", Severity.ATTENTION),
        ("HMS_0700_2000_0003_0001", Severity.NOTICE),
        ("HMS_0700_3000_0002_0002", Severity.NOTICE),
        ("HMS_0500_0200_0002_0001", Severity.NOTICE),
        ("HMS_0700_2500_0002_0001", Severity.NOTICE),
        ("HMS_0501_0400_0003_0002", Severity.NOTICE),
        ("HMS_0500_0500_0001_0007", Severity.NOTICE),
        ("HMS_0999_0000_0003_0001", Severity.NOTICE),  # unknown
        ("HMS_0999_0000_0004_0001", Severity.NOTICE),  # unknown
    ],
)
def test_only_what_asks_for_somebody_is_loud(code: str, severity: Severity) -> None:
    assert fault_of(code).severity is severity


HOME = "https://wiki.bambulab.com/en/hms/home"


@pytest.mark.parametrize(
    ("code", "model", "page"),
    [
        ("HMS_0300_0100_0001_0001", "X1C", "x1/troubleshooting/hmscode/0300_0100_0001_0001"),
        ("HMS_0300_0100_0001_0001", "P1S", "x1/troubleshooting/hmscode/0300_0100_0001_0001"),
        ("HMS_0702_2300_0002_0001", "P1P", "x1/troubleshooting/hmscode/0700_2000_0002_0001"),
        ("HMS_1200_2200_0002_0001", "A1M", "a1-mini/troubleshooting/hmscode/1200_2000_0002_0001"),
        ("HMS_1200_2200_0002_0004", "A1", "a1/troubleshooting/hmscode/1200_2000_0002_0004"),
        ("HMS_0300_1A00_0002_0002", "a1 mini", "a1-mini/troubleshooting/hmscode/0300_1A00_0002_0002"),
        ("HMS_0300_0900_0002_0001", "H2D", "h2/troubleshooting/hmscode/0300_0900_0002_0001"),
        ("HMS_0300_0100_0001_0001", "A1M", None),
        ("HMS_0300_0100_0001_0001", None, None),
        ("HMS_0300_0100_0001_0001", "A machine of tomorrow", None),
        ("HMS_0300_1A00_0002_0002", "X1C", None),
        ("HMS_07FF_2000_0002_0001", "X1C", None),
        ("HMS_0300_0100_0001_0FFF", "X1C", None),
        ("0300-8016", "X1C", None),
    ],
)
def test_a_link_leads_to_the_codes_own_page_only_where_one_is_likely(
    code: str, model: str | None, page: str | None
) -> None:
    assert fault_of(code, model).link == (f"https://wiki.bambulab.com/en/{page}" if page else HOME)


def test_a_run_out_is_told_with_the_slot_by_every_code_of_it() -> None:
    codes = ["1200-8011", "HMS_1200_2200_0002_0001", "HMS_0300_1A00_0002_0002"]
    ran_out = "Filament ran out (AMS lite, slot 3). Load new filament, then resume"
    assert [fault.text for fault in faults_of(codes)] == [ran_out, ran_out, "The nozzle is clogged. Clean it"]


@pytest.mark.parametrize(
    ("text", "others", "exact"),
    [
        ("Filament ran out. Load", ["Filament ran out (AMS B)"], "Filament ran out (AMS B). Load"),
        ("Filament ran out. Load", ["There is no filament (AMS B)"], "Filament ran out (AMS B). Load"),
        ("Filament ran out (AMS A). Load", ["Filament ran out (AMS B). Load"], None),
        ("Jam (AMS A). Clear it", ["Jam (AMS A, slot 2)"], "Jam (AMS A, slot 2). Clear it"),
        ("Filament ran out (AMS). Load", ["Filament ran out (AMS lite, slot 2)"], None),
        ("Filament ran out (AMS A, slot 2)", ["Filament ran out"], None),
        ("Filament ran out. Load", ["Filament broke (AMS A)"], None),
        ("Filament ran out. Load", [], None),
    ],
)  # fmt: skip
def test_a_text_gives_way_only_to_the_same_event_at_a_place_within(
    text: str, others: list[str], exact: str | None
) -> None:
    assert most_exact(text, others) == (exact or text)


@pytest.mark.parametrize(
    ("text", "other", "is_told"),
    [
        ("The nozzle is clogged. Clean it", "The nozzle is clogged. Clean it, then resume", True),
        ("The nozzle is clogged", "The nozzle is clogged.", True),
        ("Filament ran out", "Filament ran out (AMS A). Load", True),
        ("Filament ran out (AMS A)", "Filament ran out. Load", False),
        ("The nozzle is clogged", "The bed is clogged", False),
        ("There may be spaghetti on the bed. Look", "The printer sees spaghetti on the bed", True),
        ("There is no filament (AMS A, slot 2). Load", "Filament ran out (AMS A, slot 2)", True),
        ("Paused by the user, or by a pause in the print file", "Paused by the print file", True),
    ],
)
def test_the_same_event_is_known_whatever_the_advice(text: str, other: str, is_told: bool) -> None:
    assert is_told_by(text, other) is is_told


@given(st.text(), st.lists(st.text(), max_size=4))
def test_any_texts_can_be_compared(text: str, others: list[str]) -> None:
    assert is_told_by(text, most_exact(text, others))
    assert is_told_by(text, text)
