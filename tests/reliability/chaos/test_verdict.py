"""What only the whole run shows: how often a flapper was told of, and messages that were tried in part."""

from dataclasses import replace

from tests.reliability.chaos.auditor import Interruption
from tests.reliability.chaos.chat import DISK_FREE, DISK_FULL, PROGRESS, Message
from tests.reliability.chaos.conversation import Conversation, Said
from tests.reliability.chaos.plan import Shape, make_plan
from tests.reliability.chaos.timeline import Hindrances, Started
from tests.reliability.chaos.verdict import Evidence, judge

PLAN = make_plan(5, Shape.EMBEDDED, 0)
NOTHING = Evidence({"P1": [Started(0.0)]}, [], [], Hindrances(), Hindrances(), {}, marks=0)


def kinds(evidence: Evidence) -> set[str]:
    return {finding.kind for finding in judge(PLAN, evidence).findings}


def test_a_flapper_is_told_of_no_more_often_than_the_edge_lets_through() -> None:
    assert PLAN.has_flapper
    a_second = [float(at) / 4 for at in range(240)]  # a burst of five minutes, and one more minute
    assert kinds(replace(NOTHING, flaps=a_second)) == set()
    assert kinds(replace(NOTHING, flaps=[*a_second, *a_second])) == {"flood"}
    twice = {"P1": [Started(0.0), Started(30.0)]}  # another start, another burst
    assert kinds(replace(NOTHING, items=twice, flaps=[*a_second, *a_second])) == set()


def test_a_message_is_tried_without_its_rest_only_while_refusals_are_doubtful() -> None:
    assert kinds(replace(NOTHING, headlines=[10.0], doubts=[9.9])) == set()
    assert kinds(replace(NOTHING, headlines=[10.0], doubts=[3.0])) == {"ghost"}


def test_a_full_disk_is_told_of_as_often_as_it_was_full() -> None:
    full = replace(NOTHING, full=[(10.0, 15.0), (20.0, 25.0)])
    assert kinds(replace(full, disks=[12.0])) == set()
    assert kinds(replace(full, disks=[21.0, 22.0])) == set(), "the first of them late"
    assert kinds(replace(full, disks=[9.0])) == {"twice"}
    assert kinds(replace(full, disks=[12.0, 13.0])) == {"twice"}
    begun = Message("2 printers", DISK_FULL, None, None, 12.0)
    told = [begun, replace(begun, words=DISK_FREE, at=16.0)]
    assert kinds(replace(full, messages=told, marks=2)) == set()
    assert kinds(replace(full, messages=told[1:], marks=1)) == {"ghost"}
    without_flapper = make_plan(6, Shape.EMBEDDED, 0)
    (finding,) = judge(without_flapper, replace(full, messages=told, marks=1)).findings
    assert finding.what == "2 messages, but 1 done-marks"


def test_what_was_kept_back_is_told_unless_an_older_release_knew_of_no_digest() -> None:
    plan = make_plan(6, Shape.EMBEDDED, 0, commands=True)
    digest = Said("🔔 P1: no longer muted\nKept back: 3 progress messages", 99.0)
    told = replace(NOTHING, marks=4, conversation=Conversation(digests=(digest,)))
    assert judge(plan, told).is_good
    assert not judge(plan, replace(told, marks=5)).is_good
    assert judge(plan, replace(told, marks=5, unknown_digests=1)).is_good
    assert not judge(plan, replace(told, marks=3, unknown_digests=1)).is_good


def test_progress_that_was_told_may_be_kept_back_too_where_a_kill_came_before_its_mark() -> None:
    plan = make_plan(6, Shape.EMBEDDED, 0, commands=True)
    told = Message("2 printers", PROGRESS, None, None, 50.0, 50.1)
    digest = Said("🔔 P1: no longer muted\nKept back: 1 progress message", 99.0)
    both = replace(NOTHING, messages=[told], marks=2, conversation=Conversation(digests=(digest,)))

    def said_of(evidence: Evidence) -> list[str]:
        return [one.what for one in judge(plan, evidence).findings if "done-marks" in one.what]

    assert said_of(replace(both, marks=3)) == []
    assert said_of(both) == ["3 messages, but 2 done-marks"]
    assert said_of(replace(both, interruptions=[Interruption(50.2, "kill")])) == []
    assert said_of(replace(both, interruptions=[Interruption(60.0, "kill")])) != []
    assert said_of(replace(both, messages=[replace(told, answered_at=None)])) == []


def test_what_the_programs_did_wrong_is_found() -> None:
    assert kinds(replace(NOTHING, troubles=["nobody got an answer"])) == {"fault"}
    assert kinds(replace(NOTHING, logs="OSError: [Errno 24] Too many open files")) == {"fault"}


def test_what_was_given_up_or_found_malformed_is_found() -> None:
    assert kinds(replace(NOTHING, dead_letters=1)) == {"lost"}
    assert kinds(replace(NOTHING, refusals=["400 Bad Request: message is too long"])) == {"fault"}
    assert kinds(replace(NOTHING, logs="Traceback (most recent call last)")) == {"fault"}
