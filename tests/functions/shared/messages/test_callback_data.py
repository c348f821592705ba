"""What a button carries: it fits, it comes back as it was, and anything else is nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.domain.keys import token_of
from functions.shared.messages.callback_data import (
    LIMIT_BYTES,
    LONGEST_MUTE_SECONDS,
    Action,
    CallbackData,
    decode_callback,
    encode_callback,
)
from tests.functions.shared.messages.test_report import any_text

tokens = any_text.map(token_of)
spans = st.integers(1, LONGEST_MUTE_SECONDS)
categories = st.from_regex(r"[a-z_]{1,20}", fullmatch=True)
commands = st.from_regex(r"[a-z]{1,12}", fullmatch=True)
printers = st.one_of(st.just(""), tokens)
callbacks = st.one_of(
    st.builds(CallbackData, st.just(Action.PHOTO), printers),
    st.builds(CallbackData, st.just(Action.MUTE), printers, seconds=spans),
    st.builds(CallbackData, st.just(Action.LOOKS_FINE), printers, tokens, categories),
    st.builds(CallbackData, st.just(Action.FILM), printers, st.one_of(st.just(""), tokens)),
    st.builds(
        CallbackData, st.just(Action.CHOOSE), printers, command=commands, seconds=st.one_of(st.just(0), spans)
    ),
)


@given(callbacks)
def test_what_is_sent_comes_back_and_fits_a_button(data: CallbackData) -> None:
    text = encode_callback(data)
    assert len(text.encode("ascii")) <= LIMIT_BYTES
    assert decode_callback(text) == data


@given(st.one_of(any_text, st.from_regex(r"1:(photo|mute|fine|film|ask)(:[0-9a-f]{0,17}){0,4}")))
def test_whatever_comes_is_ours_or_nothing(text: str) -> None:
    data = decode_callback(text)
    assert data is None or encode_callback(data) == text


@pytest.mark.parametrize(
    "text",
    ["", "1", "1:photo", "2:photo:", "1:mute::0", "1:mute::9999999", "1:ask::/status", "1:fine:::spaghetti"],
)
def test_a_form_that_is_near_is_not_taken(text: str) -> None:
    assert decode_callback(text) is None


def test_what_no_button_can_say_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="no button"):
        encode_callback(CallbackData(Action.PHOTO, "P1S"))  # a name, not its token
