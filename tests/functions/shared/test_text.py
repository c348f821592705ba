"""Text for people and logs: nothing secret or unprintable is left in it."""

import json
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from functions.shared.text import HIDDEN, Redactor, aws_secrets_of, one_line, printable


@given(st.text(st.characters()))
def test_nothing_is_left_that_steers_a_terminal_or_cannot_be_printed(text: str) -> None:
    assert not set("\x00\n\r\x1b\x9b\u2028\u202e\u2066") & set(one_line(text))
    assert printable(text).isprintable()
    assert len(printable(text, " ")) == len(text)


def test_a_secret_is_hidden_in_every_form_and_a_longer_one_before_a_shorter_one() -> None:
    secret = 'pass/word "ü"'
    forms = (secret, quote(secret), quote(secret, safe=""), repr(secret)[1:-1], json.dumps(secret)[1:-1])
    redact = Redactor([secret, "pass", ""])
    for form in forms:
        assert redact(f"<{form}>") == f"<{HIDDEN}>"
    token = "123456789:" + "A" * 35
    assert redact(f"/bot{token}/x") == f"/bot{HIDDEN}/x"


def test_the_secrets_of_aws_are_those_of_its_variables() -> None:
    assert aws_secrets_of({"AWS_SECRET_ACCESS_KEY": " k ", "AWS_ACCESS_KEY_ID": "public"}) == ["k", "", ""]
