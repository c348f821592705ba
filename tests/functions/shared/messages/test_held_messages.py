"""What is held: once each, bounded, alerts longest, and gone when it was told."""

from hypothesis import given
from hypothesis import strategies as st

from functions.shared.domain.faults import Severity
from functions.shared.messages.effects import Category, Notification
from functions.shared.messages.held_messages import (
    MOST_HELD,
    HeldMessages,
    held_to_json,
    read_held,
    until,
    with_message,
    without_told,
)

MESSAGES = st.lists(
    st.tuples(
        st.integers(0, 60),
        st.sampled_from([Category.PROGRESS, Category.PHOTO, Category.FINISHED, Category.PAUSED]),
        st.sampled_from(Severity),
    ),
    max_size=90,
)


def held_of(told: list[tuple[int, Category, Severity]]) -> HeldMessages:
    """Each at the second of its place."""
    held = HeldMessages()
    for second, (number, category, severity) in enumerate(told):
        message = Notification(f"{number}/{category}", category, "A1", float(second), severity=severity)
        is_figures = category in (Category.PROGRESS, Category.PHOTO)
        held = with_message(held, message, float(second), is_kept_back=is_figures, by_hours=True)
    return held


@given(told=MESSAGES)
def test_each_is_held_once_and_none_is_lost_without_being_counted(
    told: list[tuple[int, Category, Severity]],
) -> None:
    held = held_of(told)
    ids = [it.notification.id for it in held.messages]
    assert len(ids) == len(set(ids)) <= MOST_HELD
    sent = {
        f"{number}/{category}"
        for number, category, _ in told
        if category in (Category.FINISHED, Category.PAUSED)
    }
    assert set(ids) <= sent
    assert len(ids) + held.left_out >= len(sent)
    assert read_held(held_to_json(held)) == held


@given(told=MESSAGES, cut=st.integers(-1, 100))
def test_what_was_told_by_a_time_and_what_was_not_are_all_of_it(
    told: list[tuple[int, Category, Severity]], cut: int
) -> None:
    held = held_of(told)
    before, after = until(held, float(cut)), without_told(held, float(cut))
    assert (*before.messages, *after.messages) == held.messages
    assert before.progress + after.progress == held.progress
    assert before.photos + after.photos == held.photos
    assert without_told(after, float(cut)) == after


def test_alerts_are_held_longer_than_what_matters_less() -> None:
    alerts = [(number, Category.PAUSED, Severity.ATTENTION) for number in range(10)]
    notices = [(number + 100, Category.FINISHED, Severity.NOTICE) for number in range(200)]
    held = held_of(alerts + notices)
    assert sum(it.notification.severity is Severity.ATTENTION for it in held.messages) == 10
    assert held.left_out == 210 - MOST_HELD


def test_a_repeat_of_what_was_counted_is_not_counted_again() -> None:
    one = (1, Category.PROGRESS, Severity.NOTICE)
    assert held_of([one, one]).progress == 1
    assert held_of([one, (2, Category.PROGRESS, Severity.NOTICE)]).progress == 2


def test_junk_is_nothing_held() -> None:
    assert read_held({"messages": [1, {"held_at": "x"}], "progress": "many"}).is_empty
