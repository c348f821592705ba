"""Who gets a place: all in turn, one address never all of them."""

from hypothesis import given
from hypothesis import strategies as st

from functions.shared.runtime.connections import ConnectionRoom, places_for


class Caller:
    def __init__(self, address: str, *, is_answering: bool = False) -> None:
        self.address = address
        self.is_answering = is_answering
        self.is_cut = False

    def cut(self) -> None:
        self.is_cut = True


def entered(room: ConnectionRoom[Caller], address: str, *, is_answering: bool = False) -> Caller | None:
    caller = Caller(address, is_answering=is_answering)
    return caller if room.enter(caller, address) else None


def test_one_address_has_so_many_places() -> None:
    room = ConnectionRoom[Caller](10, 2)
    assert [entered(room, "192.0.2.1") is not None for _ in range(3)] == [True, True, False]
    assert entered(room, "192.0.2.2") is not None
    assert (len(room), room.refused) == (3, 1)


def test_a_place_that_was_left_is_free_again() -> None:
    room = ConnectionRoom[Caller](1, 1)
    first = entered(room, "192.0.2.1")
    assert first is not None
    room.leave(first, first.address)
    room.leave(first, first.address)
    assert entered(room, "192.0.2.1") is not None
    assert len(room) == 1


def test_when_all_places_are_taken_who_has_most_of_them_gives_one() -> None:
    room = ConnectionRoom[Caller](4, 3)
    crowd = [entered(room, "192.0.2.1") for _ in range(3)]
    entered(room, "192.0.2.2")
    assert entered(room, "192.0.2.3") is not None
    assert [it.is_cut for it in crowd if it] == [True, False, False]
    assert len(room) == 4


def test_who_is_being_answered_keeps_its_place() -> None:
    room = ConnectionRoom[Caller](3, 3)
    crowd = [entered(room, "192.0.2.1", is_answering=True) for _ in range(3)]
    assert entered(room, "192.0.2.2") is None
    assert not any(it.is_cut for it in crowd if it)


def test_a_crowd_that_is_being_answered_keeps_nobody_out() -> None:
    room = ConnectionRoom[Caller](20, 10)
    crowds = [entered(room, address, is_answering=True) for address in ("192.0.2.1", "192.0.2.2") * 10]
    assert entered(room, "192.0.2.3", is_answering=True) is not None
    assert entered(room, "192.0.2.4", is_answering=True) is not None
    assert [it.is_cut for it in crowds if it] == [True, True, *[False] * 18]
    assert len(room) == 20


def test_a_network_of_ipv6_is_one_address_and_so_are_both_forms_of_an_ipv4_one() -> None:
    room = ConnectionRoom[Caller](10, 1)
    assert entered(room, "2001:db8::1") is not None
    assert entered(room, "2001:db8::ffff") is None
    assert entered(room, "2001:db8:0:1::1") is not None
    assert entered(room, "192.0.2.1") is not None
    assert entered(room, "::ffff:192.0.2.1") is None
    assert entered(room, "fe80::1%eth0") is not None
    assert entered(room, "no address") is not None


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.booleans()), max_size=80))
def test_the_bounds_hold_whatever_comes_and_goes(course: list[tuple[int, bool, bool]]) -> None:
    room = ConnectionRoom[Caller](6, 4)
    inside: list[Caller] = []
    for number, goes, is_answering in course:
        address = f"192.0.2.{number}"
        if goes and inside:
            gone = inside.pop(0)
            room.leave(gone, gone.address)
        elif (caller := entered(room, address, is_answering=is_answering)) is not None:
            inside.append(caller)
        inside = [it for it in inside if not it.is_cut]
        assert set(room) == set(inside)
        assert len(room) == len(inside) <= 6
        assert all(sum(it.address == one.address for it in inside) <= 4 for one in inside)


def test_most_descriptors_stay_with_the_watching() -> None:
    assert places_for(8192) == (256, 64)
    assert places_for(1024) == (256, 64)
    assert places_for(256) == (64, 32)
    assert places_for(20) == (8, 4)
