"""What a newer message replaces: nothing that happened, and never the last of its kind."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.shared.domain.faults import Severity
from functions.shared.messages.effects import Category, Notification, encode_effect
from functions.shared.messages.supersession import (
    Asked,
    is_superseded,
    kind_of,
    numbered,
    superseded_among,
    waiting_behind,
)

HAPPENED = {
    Category.PAUSED,
    Category.ERROR,
    Category.FINISHED,
    Category.FAILED,
    Category.CANCELLED,
    Category.NEVER_BEGAN,
    Category.ENDED,
    Category.CONTACT_LOST,
    Category.OFFLINE,
    Category.FILM,
    Category.FILM_FAILED,
    Category.DEFECT,
    Category.INSPECTION_DOWN,
    Category.INSPECTION_USED_UP,
    Category.COLLECTOR_LOST,
    Category.COLLECTOR_BACK,
    Category.COLLECTOR_DISK_FULL,
    Category.COLLECTOR_DISK_FREE,
    Category.DIGEST,
}

NOTIFICATIONS = st.builds(
    Notification,
    id=st.just("x"),
    category=st.sampled_from(Category),
    printer_id=st.just("P"),
    observed_at=st.just(1.0),
    severity=st.sampled_from(Severity),
    ended=st.booleans(),
)


def test_each_category_either_happened_or_tells_how_it_stands() -> None:
    made = [Notification("x", category, "P", 1.0) for category in Category]
    assert {it.category for it in made if kind_of(it) is None} == HAPPENED


@settings(max_examples=200, deadline=None)
@given(st.lists(NOTIFICATIONS, max_size=60))
def test_the_last_of_each_kind_and_all_that_happened_stay_in_order(asked_for: list[Notification]) -> None:
    asked, sent = Asked(), []
    for each in asked_for:
        asked, made = numbered(asked, each)
        sent.append(made)
    kept = [made for made in sent if not is_superseded(made, asked)]
    assert kept == sorted(kept, key=lambda made: made.number or 0)
    assert [made for made in kept if kind_of(made) is None] == [it for it in sent if kind_of(it) is None]
    last = {kind_of(made): made for made in sent if kind_of(made) is not None}
    assert [made for made in kept if kind_of(made) is not None] == sorted(
        last.values(), key=lambda made: made.number or 0
    )
    gone = set(superseded_among([encode_effect(made) for made in sent]))
    assert [made for place, made in enumerate(sent) if place not in gone] == kept, "a full queue agrees"
    assert [waiting_behind(made, asked) for made in sent] == list(range(len(sent)))[::-1]


def test_what_is_severe_or_ends_a_job_is_always_told() -> None:
    photo = Notification("x", Category.PHOTO, "P", 1.0)
    assert kind_of(photo) == "photo"
    assert kind_of(replace(photo, severity=Severity.ATTENTION)) is None
    assert kind_of(replace(photo, ended=True)) is None


def test_a_message_without_a_number_or_of_a_record_that_began_anew_stays() -> None:
    asked, first = numbered(Asked(), Notification("x", Category.STATE_CHANGED, "P", 1.0))
    asked, _ = numbered(asked, Notification("y", Category.RESUMED, "P", 2.0))
    assert is_superseded(first, asked)
    assert not is_superseded(replace(first, number=None), asked)
    assert not is_superseded(replace(first, number=500), asked)
    assert waiting_behind(replace(first, number=500), asked) == 0


def test_what_cannot_be_read_stays_where_it_is() -> None:
    state = encode_effect(Notification("x", Category.STATE_CHANGED, "P", 1.0))
    assert superseded_among(["{", state, "null", state, '{"id": 1}']) == [1]
