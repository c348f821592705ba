"""The auditor can fail: whatever is done to a chat that is well is found; one that is well is not blamed."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reliability.chaos.auditor import (
    TOLD_WITHIN,
    Finding,
    Interruption,
    audit_printer,
    audit_progress,
    audit_waits,
    explain_printer,
    without_repeats,
)
from tests.reliability.chaos.chat import PROGRESS, Message
from tests.reliability.chaos.oracle import LATE, LOST, RESTORED, World, at_last, outcomes
from tests.reliability.chaos.plan import Shape, make_plan
from tests.reliability.chaos.quirks import recording_of
from tests.reliability.chaos.timeline import (
    Closed,
    Hindrances,
    Item,
    Killed,
    Opened,
    Started,
    Status,
    timeline,
)
from tests.reliability.chaos.wire import Heard, heard_of

TIMEOUT = 14.0
SCALE = 4.0
CALM = Hindrances()


def watched(seed: int, number: int = 0) -> list[Item]:
    """One printer of a run without faults, as it is given to a watcher that is there from the start."""
    plan = make_plan(seed, Shape.EMBEDDED, 0, jobs=4)
    course = recording_of(plan.printers[number], plan.quirks, model="A1M", seed=seed, image_interval=2.0)
    said = [(at, message["data"]) for at, message in course if message["type"] == "printer_status"]
    items: list[Item] = [Started(1.0), Opened(2.0)]
    return items + [Status(3.0 + at / SCALE, heard_of(data)) for at, data in said]


def chat_of(items: list[Item]) -> list[Message]:
    """What the rules ask for; where it is in doubt whether something still waits, it does not."""
    messages: list[Message] = []
    world = World()
    for item in items:
        ways = outcomes(world, item, TIMEOUT, CALM)
        world, told = min(ways, key=lambda way: (way[0].is_silent, way[0].edge.waiting is not None))
        messages += [Message("P1", one.words, one.job, None, item.at + 0.1) for one in told]
    ((_, told),) = at_last(world, CALM)
    return messages + [Message("P1", one.words, one.job, None, one.since + 0.1) for one in told]


def kinds(findings: list[Finding]) -> set[str]:
    return {finding.kind for finding in findings}


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 1000), data=st.data())
def test_every_loss_ghost_repeat_and_swap_is_found(seed: int, data: st.DataObject) -> None:
    items = watched(seed)
    chat = chat_of(items)
    assert len(chat) >= 8
    assert audit_printer(items, chat, TIMEOUT, CALM) == []
    place = data.draw(st.integers(0, len(chat) - 2))
    without = chat[:place] + chat[place + 1 :]
    assert "lost" in kinds(audit_printer(items, without, TIMEOUT, CALM))
    again = [*chat[: place + 1], replace(chat[place], at=chat[place].at + 0.01), *chat[place + 1 :]]
    assert "twice" in kinds(audit_printer(items, again, TIMEOUT, CALM))
    ghost = replace(chat[place], words="print resumed", job="P1 part 9")
    assert "ghost" in kinds(audit_printer(items, [*chat[:place], ghost, *chat[place:]], TIMEOUT, CALM))
    swapped = [*chat[:place], chat[place + 1], chat[place], *chat[place + 2 :]]
    assert audit_printer(items, swapped, TIMEOUT, CALM) != []


def test_a_swap_is_called_a_wrong_order() -> None:
    items = watched(1)
    chat = [replace(message, at=1e6) for message in chat_of(items)]
    swapped = [*chat[:2], chat[3], chat[2], *chat[4:]]
    assert kinds(audit_printer(items, swapped, TIMEOUT, CALM)) == {"wrong order"}


def test_a_message_long_after_its_time_is_told_late() -> None:
    items = watched(1)
    chat = chat_of(items)
    assert explain_printer(items, chat, TIMEOUT, CALM) == ([], [])
    at = chat[-1].at + TOLD_WITHIN
    findings, ((since, message),) = explain_printer(
        items, [*chat[:-1], replace(chat[-1], at=at)], TIMEOUT, CALM
    )
    assert findings == []
    assert message.at == at
    assert at - since >= TOLD_WITHIN


def test_a_message_before_its_time_is_a_ghost() -> None:
    items = watched(1)
    chat = chat_of(items)
    early = [replace(chat[0], at=2.5), *chat[1:]]
    assert audit_printer(items, early, TIMEOUT, CALM) != []


def running(at: float, state: str = "RUNNING", percent: int | None = 10) -> Status:
    return Status(at, Heard(state, "Hook", percent, 0, ()))


def said(words: str, at: float, percent: int | None = None, job: str = "Hook") -> Message:
    return Message("P1", words, job, percent, at, at + 0.1)


BEGUN: list[Item] = [Started(0.0), Opened(1.0), running(2.0, "IDLE", 0), running(3.0, "PREPARE", None)]
START = said("print started", 3.1)


def steady(begin: int, end: int) -> list[Item]:
    return [running(float(at)) for at in range(begin, end)]


def test_what_a_kill_may_have_swallowed_may_be_told_or_not_but_what_was_safe_must_be() -> None:
    course: list[Item] = [*steady(4, 20), running(20.0, "PAUSE"), Closed(20.4), Started(21.0), Opened(22.0)]
    gone = [*BEGUN, *course, *steady(23, 30)]
    lives: list[Item] = [item for item in gone if isinstance(item, Started)]
    items = [item for item in gone if not isinstance(item, Started)]
    pair = [said("print paused", 20.1), said("print resumed", 24.1)]
    doubtful = timeline(items, [*lives, Killed(20.4)], CALM)
    assert audit_printer(doubtful, [START], TIMEOUT, CALM) == []
    assert audit_printer(doubtful, [START, *pair], TIMEOUT, CALM) == []
    assert kinds(audit_printer(doubtful, [START, pair[0]], TIMEOUT, CALM)) == {"lost"}
    items[items.index(Closed(20.4))] = Closed(24.0)
    lives = [Started(0.0), Killed(24.0), Started(24.5)]
    safe = timeline([item for item in items if not isinstance(item, Opened) or item.at < 22], lives, CALM)
    assert kinds(audit_printer(safe, [START], TIMEOUT, CALM)) == {"lost"}


def test_a_slow_disk_widens_what_a_kill_may_swallow() -> None:
    lives: list[Item] = [Started(0.0), Killed(10.0)]
    slow = Hindrances(slow=((2.0, 9.0),))
    (*_, status, _) = timeline([Opened(1.0), running(5.0)], lives, slow)
    assert isinstance(status, Status)
    assert not status.is_sure
    (*_, status, _) = timeline([Opened(1.0), running(5.0)], lives, CALM)
    assert isinstance(status, Status)
    assert status.is_sure


def test_what_came_right_before_the_program_froze_may_be_told_before_or_after() -> None:
    frozen = Hindrances(frozen=((3.2, 8.0),))
    items = timeline([*BEGUN[1:], *steady(4, 20)], [Started(0.0)], frozen)
    assert audit_printer(items, [said("print started", 3.25)], TIMEOUT, frozen) == []
    assert audit_printer(items, [said("print started", 8.1)], TIMEOUT, frozen) == []


def test_long_silence_must_be_told_and_so_must_its_end() -> None:
    items = [*BEGUN, *steady(4, 10), Closed(10.0), Opened(40.0), *steady(41, 50)]
    silence = [said(LOST, 24.0), said(RESTORED, 42.1)]
    assert audit_printer(items, [START, *silence], TIMEOUT, CALM) == []
    assert kinds(audit_printer(items, [START], TIMEOUT, CALM)) == {"lost"}
    assert kinds(audit_printer(items, [START, silence[0]], TIMEOUT, CALM)) == {"lost"}
    short = [*BEGUN, *steady(4, 10), Closed(10.0), Opened(15.0), *steady(16, 50)]
    assert "ghost" in kinds(audit_printer(short, [START, *silence], TIMEOUT, CALM))


def test_an_end_after_silence_must_be_told_as_late() -> None:
    items = [*BEGUN, *steady(4, 10), Closed(10.0), Opened(40.0), running(41.0, "FINISH", 100)]
    lost = said(LOST, 24.0)
    assert audit_printer(items, [START, lost, said(f"print finished{LATE}", 42.1)], TIMEOUT, CALM) == []
    assert audit_printer(items, [START, lost, said("print finished", 41.0)], TIMEOUT, CALM) != []
    assert kinds(audit_printer(items, [START, lost], TIMEOUT, CALM)) == {"lost"}


@pytest.mark.parametrize("kill", [0.0, 9.0, 12.9])
def test_a_repeat_is_twice_unless_a_kill_fell_between_its_send_and_its_mark(kill: float) -> None:
    chat = [said("print paused", 10.0), said("print paused", 13.0)]
    once, repeats, findings = without_repeats(chat, [Interruption(kill, "kill")], CALM)
    assert (len(once), repeats, kinds(findings)) == (1, [], {"twice"})


def test_one_kill_explains_one_repeat_of_the_message_before_it() -> None:
    chat = [said("print paused", 10.0), said("print paused", 13.0)]
    kill = [Interruption(10.2, "kill")]
    assert without_repeats(chat, kill, CALM)[2] == []
    assert kinds(without_repeats([*chat, said("print paused", 13.2)], kill, CALM)[2]) == {"twice"}
    other = [chat[0], said("print resumed", 12.0), chat[1]]
    assert len(without_repeats(other, kill, CALM)[0]) == 3  # left to the rules, which ask for one only
    lost = [replace(chat[0], answered_at=None), chat[1]]
    assert without_repeats(lost, [], CALM)[2] == []


def test_progress_must_be_true_forward_once_and_complete() -> None:
    items: list[Item] = [Opened(0.0), *(running(2.0 + step / 2, percent=step) for step in range(100))]
    well = [said(PROGRESS, 2.0 + step / 2, step) for step in (20, 40, 60, 80)]
    assert audit_progress(items, well, 20, 60.0) == []
    assert kinds(audit_progress(items, well[:1] + well[2:], 20, 60.0)) == {"lost"}
    assert kinds(audit_progress(items, [*well, said(PROGRESS, 60.0, 81)], 20, 60.0)) == {"twice"}
    assert "wrong order" in kinds(audit_progress(items, [well[1], well[0], *well[2:]], 20, 60.0))
    assert "ghost" in kinds(audit_progress(items, [replace(well[0], percent=70), *well], 20, 60.0))


def test_steps_that_a_program_which_stood_still_read_at_once_are_told_as_one() -> None:
    items: list[Item] = [Opened(0.0), *(running(2.0 + step / 2, percent=step) for step in range(80))]
    frozen = timeline(items, [], Hindrances(frozen=((8.0, 33.0),)))
    told = [said(PROGRESS, 33.2, 62)]
    assert audit_progress(frozen, told, 20, 60.0) == []
    assert kinds(audit_progress(items, told, 20, 60.0)) == {"lost"}
    assert kinds(audit_progress(frozen, [], 20, 60.0)) == {"lost"}


PLATES: list[Item] = [
    Opened(0.0),
    *(running(2.0 + step / 2, percent=2 * step) for step in range(45)),
    *(running(25.0 + step, percent=2 * step) for step in range(45)),
]
FIRST_PLATE = [said(PROGRESS, 2.0 + step / 2, 2 * step) for step in (10, 20, 30, 40)]
SECOND_PLATE = [said(PROGRESS, 25.0 + step, 2 * step) for step in (20, 30, 40)]


def test_the_steps_of_another_plate_are_told_anew_once_it_is_believed_to_be_one() -> None:
    assert audit_progress(PLATES, FIRST_PLATE + SECOND_PLATE, 20, 15.0) == []
    assert kinds(audit_progress(PLATES, FIRST_PLATE, 20, 15.0)) == {"lost"}
    again = [replace(SECOND_PLATE[0], at=SECOND_PLATE[0].at + 1)]
    assert "twice" in kinds(audit_progress(PLATES, [*FIRST_PLATE, SECOND_PLATE[0], *again], 20, 15.0))
    early = [said(PROGRESS, 26.0, 2), *SECOND_PLATE]
    assert "wrong order" in kinds(audit_progress(PLATES, FIRST_PLATE + early, 20, 15.0))


def test_an_end_tells_what_was_reached() -> None:
    items: list[Item] = [Opened(0.0), *(running(2.0 + step / 2, percent=step) for step in range(60))]
    items += [running(33.0, percent=0), running(33.5, "FAILED", 0)]
    told = [said(PROGRESS, 2.0 + step / 2, step) for step in (20, 40)]
    assert audit_progress(items, [*told, said("print failed", 34.0, 59)], 20, 60.0) == []
    assert kinds(audit_progress(items, [*told, said("print failed", 34.0, 0)], 20, 60.0)) == {"wrong order"}


def test_who_is_asked_to_wait_sends_nothing_meanwhile() -> None:
    waits = [(10.0, 4.0)]
    assert audit_waits(waits, [9.9, 10.3, 14.1], CALM, []) == []
    assert kinds(audit_waits(waits, [12.0], CALM, [])) == {"too soon"}
    assert audit_waits(waits, [12.0], CALM, [Interruption(10.1, "kill")]) == []
    assert audit_waits(waits, [12.0], Hindrances(frozen=((10.0, 11.9),)), []) == []


def told_of(items: list[Item], *messages: Message) -> set[str]:
    return kinds(audit_printer([*BEGUN, *steady(4, 10), *items], [START, *messages], TIMEOUT, CALM))


def test_no_word_after_a_gap_is_no_end_and_no_job_and_in_a_stream_the_last_word_stands() -> None:
    wordless = [Status(float(at), Heard(None, "Hook", 10, 0, ())) for at in range(12, 20)]
    assert told_of([Opened(11.0), *wordless]) == set()
    assert told_of([Opened(11.0), *wordless], said("print ended, cause unknown", 14.0)) == {"ghost"}
    paused: list[Item] = [running(10.0, "PAUSE"), *wordless]
    assert told_of(paused, said("print paused", 10.1)) == set()
    assert told_of(paused, said("print paused", 10.1), said("print resumed", 12.1)) == {"ghost"}
    assert told_of([Opened(11.0), running(11.2, "PAUSE"), *wordless], said("print paused", 12.3)) == set()


def test_what_settles_as_the_program_freezes_may_have_been_read_before() -> None:
    items = [*BEGUN, *steady(4, 10), Opened(11.0), running(11.2, "PAUSE"), *steady(16, 20)]
    frozen = Hindrances(frozen=((11.5, 15.0),))
    pair = [said("print paused", 15.1), said("print resumed", 16.1)]
    assert audit_printer(items[:-4], [START, pair[0]], TIMEOUT, frozen) == []
    assert audit_printer(items, [START, *pair], TIMEOUT, frozen) == []


def test_an_end_waits_for_the_code_that_explains_it() -> None:
    failed = running(10.0, "FAILED")
    cancelled = replace(failed, at=12.0, heard=replace(failed.heard, fail_reason=0x0300_400C))
    assert told_of([failed, cancelled], said("print cancelled", 12.1)) == set()
    assert told_of([failed, cancelled], said("print failed", 10.1)) != set()
    assert told_of([failed], said("print failed", 15.1)) == set()
    later = replace(cancelled, at=17.0)
    assert told_of([failed, later], said("print failed", 15.1)) == set()


def test_a_code_of_a_cancel_that_stood_before_explains_nothing() -> None:
    left_over = replace(running(2.0).heard, fail_reason=0x0300_400C)
    course: list[Item] = [
        Started(0.0),
        Opened(1.0),
        *(Status(at, replace(left_over, state=word)) for at, word in ((2.0, "IDLE"), (4.0, "PREPARE"))),
        *(Status(float(at), left_over) for at in range(5, 20)),
        Status(20.0, replace(left_over, state="FAILED")),
    ]
    assert (
        audit_printer(course, [said("print started", 4.1), said("print failed", 25.1)], TIMEOUT, CALM) == []
    )
    wrong = [said("print started", 4.1), said("print cancelled", 25.1)]
    assert audit_printer(course, wrong, TIMEOUT, CALM) != []


@pytest.mark.parametrize(
    ("task", "name", "told"),
    [
        ("7", "Vase", []),
        (None, "Vase", ["print ended while we were away, result unknown", "already printing"]),
        (None, "Hook plate 1", ["file changed"]),
    ],
    ids=["the same id", "another file", "a plate of the file"],
)
def test_which_job_it_is_after_a_gap(task: str | None, name: str, told: list[str]) -> None:
    def known(item: Item) -> Item:
        return replace(item, heard=replace(item.heard, task=task)) if isinstance(item, Status) else item

    renamed = [Status(float(at), Heard("RUNNING", name, 10, 0, (), task=task)) for at in range(12, 20)]
    items = [known(item) for item in [*BEGUN, *steady(4, 10)]] + [Opened(11.0), *renamed]
    jobs = {"already printing": name, "file changed": name}
    chat = [START, *(said(words, 13.2, job=jobs.get(words, "Hook")) for words in told)]
    assert audit_printer(items, chat, TIMEOUT, CALM) == []
    assert bool(audit_printer(items, [START], TIMEOUT, CALM)) is bool(told)


def test_a_finish_without_a_run_never_began() -> None:
    prepared = [
        *BEGUN,
        *(running(float(at), "PREPARE", None) for at in range(4, 10)),
        running(10.0, "FINISH"),
    ]
    assert audit_printer(prepared, [START, said("the print never began", 10.1)], TIMEOUT, CALM) == []
    assert audit_printer(prepared, [START, said("print finished", 10.1)], TIMEOUT, CALM) != []


def test_what_comes_while_a_program_ends_may_count_or_not() -> None:
    heard = heard_of({"gcode_state": "IDLE"})
    lives: list[Item] = [Started(0.0), Killed(12.5, asked_at=9.9), Started(13.0)]
    given: list[Item] = [Opened(1.0), Status(5.0, heard), Status(10.5, heard), Closed(12.0)]
    judged = [item for item in timeline(given, lives, CALM) if isinstance(item, Status)]
    assert [(one.is_read, one.is_sure) for one in judged] == [(True, True), (False, False)]
