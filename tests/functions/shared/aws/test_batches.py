"""Which messages share a call to SQS: as many as its limits and the order of each group allow."""

from hypothesis import given
from hypothesis import strategies as st

from functions.shared.aws.sqs import BATCH_BYTES_LIMIT, Entry, next_batch
from functions.shared.ports import Outgoing

sizes = st.one_of(st.integers(1, 2_000), st.integers(1, BATCH_BYTES_LIMIT))
waiting_entries = st.lists(st.tuples(st.sampled_from("abcd"), sizes), max_size=14).map(
    lambda pairs: [
        Entry(index, Outgoing("x", group, f"{index}"), size) for index, (group, size) in enumerate(pairs)
    ]
)


def calls_for(waiting: list[Entry], *, fifo: bool) -> list[list[Entry]]:
    """One call after the other until nothing waits, when all is taken."""
    calls = []
    while batch := next_batch(waiting, fifo=fifo):
        calls.append(batch)
        waiting = [entry for entry in waiting if entry not in batch]
    assert waiting == []
    return calls


@given(waiting=waiting_entries, fifo=st.booleans())
def test_every_message_goes_once_and_no_call_is_beyond_the_limits_of_sqs(
    waiting: list[Entry], fifo: bool
) -> None:
    calls = calls_for(waiting, fifo=fifo)
    sent = [entry for batch in calls for entry in batch]
    assert sorted(sent, key=lambda entry: entry.index) == waiting
    for batch in calls:
        assert len(batch) <= 10
        assert sum(entry.size for entry in batch) <= BATCH_BYTES_LIMIT


@given(waiting=waiting_entries)
def test_a_fifo_group_is_sent_in_order_and_one_message_a_call(waiting: list[Entry]) -> None:
    calls = calls_for(waiting, fifo=True)
    for batch in calls:
        groups = [entry.message.group for entry in batch]
        assert len(set(groups)) == len(groups)
    for group in "abcd":
        sent = [entry.index for batch in calls for entry in batch if entry.message.group == group]
        assert sent == sorted(sent)


@given(groups=st.lists(st.sampled_from("abcd"), max_size=10))
def test_small_messages_take_as_many_calls_as_the_fullest_group_has_messages(groups: list[str]) -> None:
    waiting = [Entry(index, Outgoing("x", group, f"{index}"), 9) for index, group in enumerate(groups)]
    fullest = max((groups.count(group) for group in groups), default=0)
    assert len(calls_for(waiting, fifo=True)) == fullest
    assert len(calls_for(waiting, fifo=False)) == (1 if groups else 0)
