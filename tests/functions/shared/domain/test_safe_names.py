"""Names of any content become safe path segments, and two different names never become one."""

import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from functions.shared.domain.keys import NO_JOB_NAME, digest, job_segment, label, safe_segment

SAFE = re.compile(r"[A-Za-z0-9 ._()+~-]+")
NASTY = [
    "", " ", ".", "..", "...", "../../x", "/etc/passwd", "a/b", "a\\b", "C:\\x", "unnamed", "unnamed ",
    ".hidden", "-rf",
    "a\x00b", "a\nb", "<b>&\"'", "🖨", "🖨️", "e\u0301", "é", "\ud800", "\udfff", "x" * 300, "x" * 301,
    "x" * 80, "x" * 81,
    "CON", "name~123456789abc", "~", "a.", "a ", "a b", "a_b", "%2e%2e", "\u202egpj.exe", "Å", "A\u030a", "٣",
]  # fmt: skip

any_name = st.text(st.characters(), max_size=400) | st.sampled_from(NASTY)


@given(name=any_name)
@example(name="\ud800")
def test_any_name_becomes_one_safe_segment(name: str) -> None:
    segment = safe_segment(name)
    assert SAFE.fullmatch(segment)
    assert 1 <= len(segment.encode("ascii")) <= 80
    assert segment not in (".", "..", NO_JOB_NAME)
    assert segment[0] not in ".- "
    assert segment[-1] not in ". "


@given(one=any_name, other=any_name)
def test_two_different_names_never_meet(one: str, other: str) -> None:
    assume(one != other)
    assert safe_segment(one) != safe_segment(other)


@given(name=any_name)
@example(name="\ud800")
def test_any_name_becomes_a_label_of_one_line_that_can_be_written(name: str) -> None:
    written = label(name)
    assert written.isprintable()
    assert 1 <= len(written) <= 93
    assert written.strip()
    assert written.encode("utf-8")


@given(one=any_name, other=any_name)
def test_two_different_names_never_have_one_label(one: str, other: str) -> None:
    assume(one != other)
    assert label(one) != label(other)


def test_a_name_that_can_be_read_is_its_own_label() -> None:
    for name in ("A1M-1", "Büro, 2. Stock", "プリンター", "x" * 80):
        assert label(name) == name
    assert label("a\nb").startswith("a?b~")
    assert label("x" * 81).startswith("x" * 80 + "~")
    assert label(label("a\nb")) != label("a\nb")  # nobody takes the label of another by its name


def test_no_two_nasty_names_meet_and_none_takes_the_place_of_the_nameless() -> None:
    segments = [safe_segment(name) for name in NASTY]
    assert len(set(segments)) == len(NASTY)
    assert NO_JOB_NAME not in segments


@given(name=any_name)
def test_a_segment_given_as_a_name_meets_no_other_name(name: str) -> None:
    """Whoever names a job like another one's folder does not get into that folder."""
    segment = safe_segment(name)
    if segment != name:
        assert safe_segment(segment) != segment


@pytest.mark.parametrize("name", ["A1M-1", "benchy", "Benchy (2) v1.1+x", "0", "a" * 80])
def test_a_plain_name_stays_readable_as_it_is(name: str) -> None:
    assert safe_segment(name) == name


def test_another_name_keeps_what_can_be_read() -> None:
    assert re.fullmatch(r"Fue_fur_Mullers_Tisch~[0-9a-f]{12}", safe_segment("Füe für Müllers Tisch"))


def test_a_job_without_a_name_has_a_folder_of_its_own() -> None:
    assert job_segment(None) == job_segment("") == NO_JOB_NAME
    assert job_segment(NO_JOB_NAME) != NO_JOB_NAME


@given(parts=st.lists(any_name, max_size=3), others=st.lists(any_name, max_size=3))
@example(parts=["a\x00b"], others=["a", "b"])
@example(parts=["1:a", ""], others=["1", "a"])
def test_digests_of_different_parts_differ_and_are_hex(parts: list[str], others: list[str]) -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", digest(*parts))
    assert (digest(*parts) == digest(*others)) == (parts == others)
