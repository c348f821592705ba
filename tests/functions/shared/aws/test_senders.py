"""Who sent a report, and which site that is: read once in a while, as each report asks for it."""

from functions.shared.aws.senders import REMEMBERED_SECONDS, Senders
from functions.shared.domain.keys import sender_key
from functions.shared.ports import Stored
from tests.support.clock import HandClock
from tests.support.memory_backend import MemoryRecords


class CountedRecords(MemoryRecords):
    gets = 0

    def get(self, key: str) -> Stored | None:
        self.gets += 1
        return super().get(key)


def test_a_key_is_of_its_site_and_one_that_was_never_given_one_is_of_none() -> None:
    records, clock = CountedRecords(), HandClock()
    records.put(sender_key("AIDABERLIN"), {"site": "berlin"}, 0)
    records.put(sender_key("AIDAODD"), {"site": 5}, 0)
    senders = Senders(records, clock)
    assert senders.site_of("AIDABERLIN") == "berlin"
    assert senders.site_of("AIDABERLIN:session") == "berlin"
    assert [senders.site_of(sender) for sender in ("AIDAODD", "AIDAOTHER", "")] == [None, None, None]


def test_the_table_is_asked_once_in_five_minutes_for_each_sender() -> None:
    records, clock = CountedRecords(), HandClock()
    senders = Senders(records, clock)
    for _ in range(10):
        assert senders.site_of("AIDABERLIN") is None
    assert records.gets == 1
    records.put(sender_key("AIDABERLIN"), {"site": "berlin"}, 0)
    clock.pass_time(REMEMBERED_SECONDS)
    assert senders.site_of("AIDABERLIN") == "berlin"
    assert records.gets == 2
