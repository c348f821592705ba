"""Keys of records: two different things never share one."""

from hypothesis import given
from hypothesis import strategies as st

from functions.shared.domain.keys import (
    COLLECTORS,
    PRINTERS,
    chat_key,
    collector_key,
    done_key,
    inspection_key,
    printer_key,
)

MAKERS = (printer_key, collector_key, inspection_key, chat_key, done_key)


@given(one=st.text(st.characters(), max_size=20), other=st.text(st.characters(), max_size=20))
def test_two_different_things_never_share_a_key(one: str, other: str) -> None:
    keys = {maker(name) for maker in MAKERS for name in (one, other)}
    assert len(keys) == len(MAKERS) * len({one, other})


def test_printers_and_collectors_can_be_listed() -> None:
    assert printer_key("A1").startswith(PRINTERS)
    assert collector_key("c").startswith(COLLECTORS)
