"""What a person and a machine are shown of the findings."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.doctor.findings import (
    LETTERS,
    SIGNS,
    Finding,
    Outcome,
    as_json,
    as_table,
    exit_code,
    fault,
    fine,
    marks_for,
    nothing,
    of_check,
    sum_in_words,
    warning,
)

FAULTY = fault("b", "c", "d")
FINDINGS = [
    *of_check(
        "BambUI",
        [
            fine("list", "2 printers"),
            fault("A1M-1", "nobody listens there", "Start BambUI, or correct the port in WS_URL_TEMPLATE."),
        ],
    ),
    *of_check("disk", [warning("DATA_DIR", "nearly full")]),
    *of_check("AI", [nothing("key", "not set")]),
]


def test_a_line_each_with_what_to_do_below_and_the_sum_at_the_end() -> None:
    assert as_table(FINDINGS, 100, SIGNS).splitlines() == [
        "✔  BambUI  list      2 printers",
        "✘          A1M-1     nobody listens there",
        "                     → Start BambUI, or correct the port in WS_URL_TEMPLATE.",
        "!  disk    DATA_DIR  nearly full",
        "–  AI      key       not set",
        "",
        "1 thing is wrong, 1 warning, 1 fine, 1 with nothing to check.",
    ]


def test_one_cause_is_advised_on_once_on_a_screen_and_every_time_to_a_machine() -> None:
    one = replace(FINDINGS[1], cause="bambui.lan is silent")
    other = replace(one, cause="another")
    findings = [one, FINDINGS[0], one, other, one]  # above is the last advice that was shown, no earlier one
    arrows = [line.strip() for line in as_table(findings, 120, SIGNS).splitlines() if "→" in line]
    assert arrows == [f"→ {one.advice}", "→ As above.", f"→ {one.advice}", f"→ {one.advice}"]
    assert {it["advice"] for it in json.loads(as_json([one, one]))["findings"]} == {one.advice}


def test_without_such_signs_letters_do() -> None:
    assert marks_for("utf-8") is SIGNS
    for encoding in ("ascii", "latin-1", None, "no-such-encoding"):
        assert marks_for(encoding) is LETTERS
    assert as_table(FINDINGS, 100, LETTERS).isascii()


@pytest.mark.parametrize(
    ("findings", "code"),
    [
        ([], 0),
        ([fine("b", "c"), warning("b", "c"), nothing("b", "c")], 0),
        (of_check("BambUI", [FAULTY]), 1),
        ([*of_check("BambUI", [FAULTY]), *of_check("settings", [FAULTY])], 2),
        (of_check("settings", [warning("b", "c")]), 0),
    ],
)
def test_the_exit_code(findings: list[Finding], code: int) -> None:
    assert exit_code(findings) == code


def test_all_well_is_said() -> None:
    assert sum_in_words([fine("b", "c")]) == "Nothing is wrong, 1 fine."
    assert sum_in_words(FINDINGS[1:2] * 2).startswith("2 things are wrong")


def test_a_machine_gets_the_same() -> None:
    body = json.loads(as_json(FINDINGS))
    assert body["findings"][1] == {
        "check": "BambUI",
        "subject": "A1M-1",
        "outcome": "fault",
        "found": "nobody listens there",
        "advice": "Start BambUI, or correct the port in WS_URL_TEMPLATE.",
    }
    assert body["sum"] == {"fine": 1, "warning": 1, "fault": 1, "nothing to check": 1}
    assert body["exit_code"] == 1


WORDS = st.text(max_size=80)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.builds(Finding, WORDS, st.sampled_from(Outcome), WORDS, WORDS, WORDS, WORDS), max_size=4),
    st.integers(0, 300),
    st.sampled_from([SIGNS, LETTERS]),
)
def test_any_words_make_a_table(findings: list[Finding], columns: int, marks: object) -> None:
    table = as_table(findings, columns, marks)  # type: ignore[arg-type]
    assert table.endswith(sum_in_words(findings) + "\n")
    json.loads(as_json(findings))
