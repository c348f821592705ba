"""Who asks what and when is a function of the seed; nobody but the flooder asks for more than one may."""

from collections import Counter
from random import Random

from functions.chat.commands import Word
from tests.reliability.chaos.people import FLOODER, STALE_SECONDS, Wish, make_requests
from tests.reliability.chaos.plan import Shape, make_plan

SECONDS, PRINTERS = 90.0, 4
REQUESTS = make_requests(Random(7), SECONDS, PRINTERS)


def test_all_commands_are_asked() -> None:
    runs = [make_requests(Random(seed), SECONDS, PRINTERS) for seed in range(6)]
    asked = {request.wish.partition(" ")[0] for run in runs for request in run}
    assert {f"/{word}" for word in Word} <= asked


def test_the_same_seed_asks_the_same() -> None:
    assert make_requests(Random(7), SECONDS, PRINTERS) == REQUESTS
    assert make_requests(Random(8), SECONDS, PRINTERS) != REQUESTS


def test_they_ask_all_through_the_run_and_the_last_ends_all_mutes() -> None:
    assert [request.at for request in REQUESTS] == sorted(request.at for request in REQUESTS)
    assert REQUESTS[-1].wish is Wish.UNMUTE_ALL
    assert {request.printer for request in REQUESTS} == set(range(PRINTERS))
    assert len(REQUESTS) > 60


def test_only_the_flooder_asks_for_more_than_five_things() -> None:
    counted = Counter(request.person for request in REQUESTS)
    assert counted.pop(FLOODER) > 5
    assert max(counted.values()) <= 5


def test_two_ask_at_the_same_moment_and_are_not_the_same_person() -> None:
    moments = Counter(request.at for request in REQUESTS if request.person != FLOODER)
    together = [request for request in REQUESTS if moments[request.at] == 2]
    assert together
    assert len({(request.at, request.person) for request in together}) == len(together)


def test_each_button_mutes_for_another_time() -> None:
    pressed = {(one.at, one.minutes) for one in REQUESTS if one.wish is Wish.PRESS_MUTE}
    assert len(pressed) > 1
    assert len({minutes for _, minutes in pressed}) == len(pressed)


def test_some_ask_too_late_but_no_mute_does() -> None:
    stale = [request for request in REQUESTS if request.age >= STALE_SECONDS]
    assert stale
    assert not any("mute" in request.wish for request in stale)


def test_people_change_nothing_of_the_prints() -> None:
    calm, busy = (make_plan(6, Shape.EMBEDDED, 40, commands=commands) for commands in (False, True))
    assert calm.requests == ()
    assert busy.requests
    assert (calm.printers, calm.quirks) == (busy.printers, busy.quirks)
