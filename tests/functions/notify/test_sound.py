"""How loud a message is. Nothing critical is ever held back, and nothing changes for who sets nothing."""

from hypothesis import given
from hypothesis import strategies as st

from functions.notify.sound import Sound, is_told_again, sound_of
from functions.shared.domain.faults import Severity
from functions.shared.messages.effects import Category, Notification

notifications = st.builds(
    Notification,
    id=st.just("x"),
    category=st.sampled_from(Category),
    printer_id=st.just("P"),
    observed_at=st.just(1.0),
    severity=st.sampled_from(Severity),
    ended=st.booleans(),
    edit_of=st.none() | st.just("y"),
)


@given(told=notifications, is_quiet=st.booleans(), is_edited=st.booleans())
def test_what_asks_for_attention_is_told_as_ever(told: Notification, is_quiet: bool, is_edited: bool) -> None:
    sound = sound_of(told, is_quiet=is_quiet, is_edited=is_edited)
    if told.severity is not Severity.NOTICE or not is_quiet:
        assert sound is Sound.AS_EVER
    else:
        assert sound is not Sound.AS_EVER
    if sound is Sound.KEPT_BACK:
        assert told.category in (Category.PROGRESS, Category.PHOTO)
        assert is_told_again(told) or told.is_edit
