"""What a person and a machine are shown of the findings."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.doctor.findings import (
    Finding,
    Outcome,
    exit_code,
    fault,
    fine,
    nothing,
    sum_in_words,
    warning,
)
from infra.local.doctor.table import LETTERS, SIGNS, as_json, as_table, marks_for
from infra.local.probes.output import cleaner, secrets_of

TOKEN = "123456789:AAsecretsecretsecretsecretsecretsecret"
FINDINGS = [
    fine("BambUI", "list", "2 printers"),
    fault("BambUI", "A1M-1", "nobody listens there", "Start BambUI, or correct the port in WS_URL_TEMPLATE."),
    warning("disk", "DATA_DIR", "nearly full"),
    nothing("AI", "key", "not set"),
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
    assert {it["advice"] for it in json.loads(as_json([one, one], str))["findings"]} == {one.advice}


def test_without_such_signs_letters_do() -> None:
    assert marks_for("utf-8") is SIGNS
    for encoding in ("ascii", "latin-1", None, "no-such-encoding"):
        assert marks_for(encoding) is LETTERS
    assert as_table(FINDINGS, 100, LETTERS).isascii()


@pytest.mark.parametrize(
    ("findings", "code"),
    [
        ([], 0),
        ([fine("a", "b", "c"), warning("a", "b", "c"), nothing("a", "b", "c")], 0),
        ([fault("BambUI", "b", "c", "d")], 1),
        ([fault("BambUI", "b", "c", "d"), fault("settings", "b", "c", "d")], 2),
        ([warning("settings", "b", "c")], 0),
    ],
)
def test_the_exit_code(findings: list[Finding], code: int) -> None:
    assert exit_code(findings) == code


def test_all_well_is_said() -> None:
    assert sum_in_words([fine("a", "b", "c")]) == "Nothing is wrong, 1 fine."
    assert sum_in_words(FINDINGS[1:2] * 2).startswith("2 things are wrong")


def test_a_machine_gets_the_same() -> None:
    body = json.loads(as_json(FINDINGS, str))
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
    st.lists(st.builds(Finding, WORDS, WORDS, st.sampled_from(Outcome), WORDS, WORDS), max_size=4),
    st.integers(0, 300),
    st.sampled_from([SIGNS, LETTERS]),
)
def test_any_words_make_a_table(findings: list[Finding], columns: int, marks: object) -> None:
    table = as_table(findings, columns, marks)  # type: ignore[arg-type]
    assert table.endswith(sum_in_words(findings) + "\n")
    json.loads(as_json(findings, str))


def test_no_secret_and_nothing_that_steers_a_terminal_comes_out() -> None:
    environment = {
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "OPENROUTER_API_KEY": "sk-or-v1-key",
        "API_KEY": "my/own key",
        "AWS_SECRET_ACCESS_KEY": "aws+secret/",
        "PRINTERS_API_URL": "http://me:pass%2Fword@host/api/printers",
    }
    clean = cleaner(secrets_of(environment))
    hostile = f"{TOKEN} sk-or-v1-key my/own key my/own%20key aws+secret/ pass/word {TOKEN[10:]}"
    shown = clean(f"\x1b[31m{hostile}\u202e\nend")
    assert "secret" not in shown
    assert not any(word in shown for word in ("sk-or", "own", "word", "\x1b", "\u202e", "\n"))
    assert shown.endswith("end")
