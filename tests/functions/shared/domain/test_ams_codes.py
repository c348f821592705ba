"""The codes of AMS, AMS lite and AMS-HT: unit and slot, and words for each."""

from itertools import product

import pytest

from functions.shared.domain.ams_codes import ams_words
from functions.shared.domain.faults import Severity, fault_of

RAN_OUT = "Load new filament, then resume"


@pytest.mark.parametrize(
    ("code", "place"),
    [
        ("0700-8011", "AMS A"),
        ("0703-8011", "AMS D"),
        ("0707-8011", "AMS H"),
        ("07FF-8011", "external spool"),
        ("07FE-8011", "left external spool"),
        ("1200-8011", "AMS lite"),
        ("1201-8011", "AMS lite B"),
        ("12FF-8011", "external spool"),
        ("1800-8011", "AMS-HT A"),
        ("1807-8011", "AMS-HT H"),
        ("18FF-8011", "external spool"),
        ("HMS_0700_2000_0002_0001", "AMS A, slot 1"),
        ("HMS_0702_2300_0002_0001", "AMS C, slot 4"),
        ("HMS_1200_2200_0002_0001", "AMS lite, slot 3"),
        ("HMS_1202_2100_0002_0001", "AMS lite C, slot 2"),
        ("HMS_1801_2000_0002_0001", "AMS-HT B, slot 1"),
        ("HMS_07FF_2000_0002_0001", "external spool"),
        ("HMS_07FE_2000_0002_0001", "left external spool"),
        ("HMS_12FF_2000_0002_0001", "external spool"),
        ("HMS_0700_7000_0002_0007", "AMS A"),  # older firmware has no slot there
        ("HMS_0700_7200_0002_0007", "AMS A, slot 3"),
    ],
)
def test_a_run_out_says_where(code: str, place: str) -> None:
    assert fault_of(code).text == f"Filament ran out ({place}). {RAN_OUT}"
    assert fault_of(code).severity is Severity.ATTENTION


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("0701-8006", "The filament does not reach the tool head (AMS B)."),
        ("1800-8004", "The filament could not be pulled back (AMS-HT A)."),
        ("1200-8015", "The filament does not come out of the tool head (AMS lite)."),
        ("07FF-8012", "The printer does not know which spool to take (external spool)."),
        ("HMS_0700_2500_0002_0001", "Drying has less power for now (AMS A)."),
        ("12FF-8006", "Push filament into the tube until it stops (external spool)."),
        ("0503-4098", "The AMS is not found (AMS D)."),
        ("0581-40A2", "The AMS does not answer (AMS-HT B)."),
        ("0500-40A2", "The exhaust fan is not found."),
        ("HMS_0703_6100_0002_0001", "Spool or filament is stuck (AMS D, slot 2)."),
        ("HMS_0700_1200_0002_0002", "Spool or filament is stuck (AMS A, slot 3)."),
        ("HMS_1200_8300_0002_0001", "Spool or filament is stuck (AMS lite, slot 4)."),
        ("HMS_12FF_8000_0002_0001", "Spool or filament is stuck (external spool)."),
        ("HMS_1200_7100_0001_0001", "The filament's length is measured wrongly (AMS lite, slot 2)."),
        ("HMS_0700_8100_0001_0002", "The dryer's heater does not work right (AMS A)."),
        ("HMS_1200_2400_0002_0001", "Filament is broken in the tool head (AMS lite)."),
        ("HMS_1800_2400_0002_0009", "The lid is open (AMS-HT A)."),
        ("HMS_0700_3000_0001_0001", "The filament's tag cannot be read (AMS A)."),  # a reader of two slots
        ("HMS_0700_3100_0002_0002", "The filament's tag cannot be read (AMS A, slot 2)."),
        ("HMS_0500_0400_0002_0017", "The filament's tag cannot be read (AMS B, slot 4)."),
        ("HMS_0502_0500_0001_0010", "The AMS's firmware does not suit the printer's (AMS C)."),
        ("HMS_0700_4500_0002_0003", "The cutter jams (AMS A)."),
    ],
)
def test_the_three_families_say_what_and_where(code: str, text: str) -> None:
    assert (fault_of(code).text or "").startswith(text)


@pytest.mark.parametrize(
    "code",
    [
        "0700-8FFF", "0800-8011", "0510-4098", "0590-40A2", "HMS_0700_2400_0002_0001",
        "HMS_0700_2000_0002_00FF", "HMS_0800_2000_0002_0001", "HMS_07FF_2100_0002_0001",
        "HMS_1200_9600_0001_0001",
    ],
)  # fmt: skip
def test_what_is_in_no_list_has_no_words(code: str) -> None:
    assert ams_words(code) is None


def everything_of_an_ams() -> list[str]:
    """All codes that could be one's, by their form."""
    units = [f"{family}{unit}" for family in ("07", "12", "18") for unit in ("00", "01", "09", "FE", "FF")]
    errors = [f"{unit}-{kind}{rest:03X}" for unit, kind, rest in product(units, "48C", range(0x100))]
    numbers = [*range(0x26), *range(0x80, 0x87)]
    forms = product(units, range(0x100), range(1, 4), numbers)
    health = [f"HMS_{unit}_{part:02X}00_000{level}_{number:04X}" for unit, part, level, number in forms]
    return errors + health


def test_all_words_are_short_and_end_in_what_to_do() -> None:
    texts = {known.text for code in everything_of_an_ams() if (known := ams_words(code)) is not None}
    assert len(texts) > 300
    for text in texts:
        event, stop, advice = text.partition(". ")
        assert len(text) <= 120, text
        assert event.endswith(")"), text
        assert stop, text
        assert advice[0].isupper(), text
        assert advice[-1].isalpha(), text
