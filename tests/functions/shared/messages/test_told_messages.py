"""What was told of a printer: one day of it, each message once."""

from functions.shared.domain.faults import Severity
from functions.shared.messages.told_messages import (
    TOLD_LIMIT,
    ToldMessage,
    ToldMessages,
    told_of,
    told_since,
    told_to_json,
    with_told,
)

DAY = 86_400.0


def test_the_newest_stands_first_and_a_repeat_is_one() -> None:
    known = ToldMessages()
    for at in (10.0, 30.0, 20.0, 30.0):
        known = with_told(known, ToldMessage(f"m{at}", at, "x", Severity.ATTENTION))
    assert [it.at for it in known.messages] == [30.0, 20.0, 10.0]
    assert told_of(told_to_json(known)) == known
    assert [it.at for it in told_since(known, 20.0)] == [30.0, 20.0]


def test_it_stays_small() -> None:
    known = ToldMessages()
    for number in range(200):
        known = with_told(known, ToldMessage(f"m{number}", float(number), "word " * 1000))
    assert len(known.messages) == TOLD_LIMIT
    assert max(len(it.text) for it in known.messages) <= 300
    assert with_told(known, ToldMessage("late", 2 * DAY, "y")).messages[1:] == ()


def test_junk_is_nothing() -> None:
    assert told_of({"messages": "no"}) == ToldMessages()
    assert told_of({"messages": [{"id": 1}, {"id": "a", "at": 1.0, "text": "t"}]}).messages == (
        ToldMessage("a", 1.0, "t"),
    )
