"""What a refusal of the chat means for all that wait; pure."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.notify.refusals import (
    is_topic_left_out,
    let_one_try,
    refused,
    taken_again,
    told,
    topic_missed,
    topic_taken,
)
from functions.shared.messages.chat_record import ChatState, Refused, standing_refusal
from functions.shared.telegram.pace import asked_to_wait, seconds_held

NOW = 1_000_000.0
TOPIC = 7


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([Refused.CHAT, Refused.ALL]), st.integers(1, 100))
def test_tries_double_to_a_minute_and_one_tries_for_all(what: Refused, tries: int) -> None:
    state, now, waits = ChatState(), NOW, []
    for _ in range(tries):
        state = refused(let_one_try(state, now), what, "no", now, None)
        waits.append(seconds_held(state, now))
        now += waits[-1]
        assert seconds_held(state, now) == 0
        assert seconds_held(let_one_try(state, now), now) > 0, "the others wait for what comes of it"
    assert waits == [min(60.0, 2.0**number) for number in range(tries)]


def test_a_refused_token_is_tried_each_quarter_of_an_hour() -> None:
    assert seconds_held(refused(ChatState(), Refused.TOKEN, "no", NOW, None), NOW) == 900


def test_a_longer_wait_that_telegram_asked_for_stands() -> None:
    state = asked_to_wait(asked_to_wait(ChatState(), NOW, 100), NOW + 10, 5)
    assert seconds_held(state, NOW + 10) == 90
    assert seconds_held(taken_again(state), NOW + 10) == 90, "a message that was under way ends no hold"
    assert seconds_held(state, NOW - 10) == 0, "of a clock that was put back"


@pytest.mark.parametrize("what", [Refused.CHAT, Refused.ALL, Refused.TOPIC])
def test_a_refusal_of_what_was_under_way_does_not_shorten_it(what: Refused) -> None:
    state = refused(asked_to_wait(ChatState(), NOW, 100), what, "no", NOW + 1, TOPIC)
    assert seconds_held(state, NOW + 1) == 99
    assert seconds_held(taken_again(state), NOW + 1) == 99


def test_a_success_ends_the_refusal_and_its_hold() -> None:
    state = refused(ChatState(), Refused.CHAT, "no", NOW, None)
    assert taken_again(state) == ChatState()


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 30))
def test_a_missing_topic_is_waited_for_three_minutes_and_never_longer(busy: float) -> None:
    state, now = ChatState(), NOW
    while not is_topic_left_out(taken_again(state), TOPIC, now):
        state = refused(state, Refused.TOPIC, "no", now, TOPIC)
        now += seconds_held(state, now)
        assert now <= NOW + 180
    assert now == NOW + 180
    state = topic_taken(taken_again(state), to_topic=False)
    assert state.topic_is_told
    assert is_topic_left_out(state, TOPIC, now + 800 + busy)
    assert not is_topic_left_out(state, TOPIC, now + 900), "tried there again"
    assert not is_topic_left_out(state, 8, now), "another one is set"
    assert topic_taken(topic_missed(state, TOPIC, now), to_topic=True) == ChatState()


def test_a_refusal_stands_as_long_as_it_is_tried() -> None:
    old = refused(ChatState(), Refused.TOKEN, "old chat", NOW - 5000, None)
    new = refused(ChatState(), Refused.CHAT, "new chat", NOW - 900, None)
    found = standing_refusal([old, new], NOW)
    assert found is not None
    assert found.reason == "new chat"
    assert standing_refusal([old, new], NOW + 100) is None
    assert standing_refusal([], NOW) is None


@pytest.mark.parametrize("what", Refused)
def test_its_begin_is_said_in_a_line_with_the_reason(what: Refused) -> None:
    assert "(because)" in told(what, "because")
    assert "messages wait" in told(what, "because")
