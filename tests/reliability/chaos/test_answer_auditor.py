"""Whatever is done to a conversation that is well is found; one that is well is not blamed."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.reliability.chaos.answer_auditor import (
    Answered,
    audit_answers,
    audit_delays,
    audit_mutes,
    count_digest_marks,
    may_be_muted,
)
from tests.reliability.chaos.auditor import Finding, Interruption
from tests.reliability.chaos.chat import PROGRESS, Message
from tests.reliability.chaos.conversation import Asked, Conversation, Refused, Said, questions_of
from tests.reliability.chaos.people import FLOODER, STALE_SECONDS, Wish
from tests.reliability.chaos.timeline import Hindrances

CALM = Hindrances()
FIRST = 100_000
STATUS = Asked(FIRST, Wish.STATUS, 100, "P1", 50.0)
KILL = Interruption(60.5, "kill")


def reply(number: int, at: float, answered_at: float | None = 0.0) -> Said:
    return Said("2 printers", at, at + 0.1 if answered_at == 0.0 else answered_at, number)


def talk(
    asked: Sequence[Asked], said: Sequence[Said], refused: Sequence[Refused] = (), **more: int
) -> Conversation:
    questions, strays = questions_of(asked, said, refused)
    return Conversation(questions, (), strays, **more)  # type: ignore[arg-type]


def audited(conversation: Conversation, *interruptions: Interruption) -> Answered:
    return audit_answers(conversation, interruptions, CALM, [0.0], 100.0)


def kinds(findings: Sequence[Finding]) -> list[str]:
    return [finding.kind for finding in findings]


def test_each_question_is_answered_once() -> None:
    assert audited(talk([STATUS], [reply(FIRST, 60.0)])) == Answered(1, 1)
    assert kinds(audited(talk([STATUS], [])).findings) == ["no answer"]
    twice = talk([STATUS], [reply(FIRST, 60.0), reply(FIRST, 61.0)])
    assert kinds(audited(twice).findings) == ["twice"]


def test_a_kill_between_answer_and_mark_explains_one_repeat() -> None:
    twice = talk([STATUS], [reply(FIRST, 60.0), reply(FIRST, 61.0)])
    assert audited(twice, KILL) == Answered(1, 1, repeats=1)
    assert kinds(audited(twice, replace(KILL, at=62.0)).findings) == ["twice"], "it was marked by then"
    assert kinds(audited(twice, replace(KILL, at=59.0)).findings) == ["twice"], "it was not sent yet"
    thrice = talk([STATUS], [*(reply(FIRST, at) for at in (60.0, 61.0, 61.1))])
    assert kinds(audited(thrice, KILL).findings) == ["twice"]


def test_an_answer_that_its_sender_never_learned_of_may_come_again() -> None:
    lost = talk([STATUS], [reply(FIRST, 60.0, None), reply(FIRST, 61.0)])
    assert audited(lost) == Answered(1, 1, repeats=1)


def test_what_telegram_refused_needs_no_answer() -> None:
    refused = talk([STATUS], [], [Refused("2 printers", 60.0, FIRST)])
    assert audited(refused) == Answered(1, 0, refused=1)
    other = talk([STATUS, replace(STATUS, number=FIRST + 1)], [], [Refused("2 printers", 60.0, FIRST)])
    assert kinds(audited(other).findings) == ["no answer"], "that of the other one was not refused"


def test_what_is_older_than_five_minutes_is_not_answered() -> None:
    stale = replace(STATUS, age=STALE_SECONDS)
    assert audited(talk([stale], [])) == Answered()
    assert kinds(audited(talk([stale], [reply(FIRST, 60.0)])).findings) == ["too old"]


def test_nobody_is_answered_who_has_not_asked_or_asks_another_bot() -> None:
    other = replace(STATUS, wish=Wish.STATUS_OF_ANOTHER_BOT)
    assert audited(talk([other], [])) == Answered()
    assert kinds(audited(talk([other], [reply(FIRST, 60.0)])).findings) == ["ghost"]
    assert kinds(audited(talk([STATUS], [reply(FIRST, 60.0), reply(FIRST + 9, 60.0)])).findings) == ["ghost"]


def muted(until: str, at: float, printer: str = "P1") -> Said:
    return Said(f"🔕 {printer} is muted until {until} UTC. Critical messages still come.", at, at + 0.1)


def press(number: int, minutes: int, at: float = 60.0, person: int = 100) -> Asked:
    return Asked(FIRST + number, Wish.PRESS_MUTE, person, "P1", at, minutes=minutes)


def test_two_who_press_one_button_are_both_answered() -> None:
    both = [press(0, 75), press(1, 75, person=101)]
    lines = [muted("01:16", 60.1), muted("01:16", 60.2)]
    assert audited(talk(both, lines)) == Answered(2, 2)
    assert kinds(audited(talk(both, lines[:1])).findings) == ["no answer"]
    assert kinds(audited(talk(both, [*lines, muted("01:16", 60.3)])).findings) == ["twice"]
    again = talk(both, [*lines, muted("01:16", 61.3)])
    assert audited(again, KILL) == Answered(2, 2, repeats=1)


def test_until_when_tells_which_button_was_pressed_on_another_day_too() -> None:
    late = 23 * 3600.0
    asked = [press(0, 75, late), press(1, 90, late + 60), replace(press(2, 75, late), printer="P2")]
    said = [muted("Thu 00:31", late + 70), muted("Thu 00:15", late + 5), muted("Thu 00:15", late + 5, "P2")]
    assert audited(talk(asked, said)) == Answered(3, 3)
    assert kinds(audited(talk(asked, [said[0], said[0], said[2]])).findings) == ["no answer", "twice"]


def test_who_says_that_all_is_well_is_named() -> None:
    asked = [Asked(FIRST + one, Wish.PRESS_FINE, 100 + one, "P1", 60.0) for one in range(2)]
    said = [Said(f"👌 P1: Person {100 + one} looked: all is well. Spaghetti", 61.0, 61.1) for one in range(2)]
    assert audited(talk(asked, said)) == Answered(2, 2)
    assert kinds(audited(talk(asked, said[:1])).findings) == ["no answer"]


def test_who_presses_sees_that_something_came_of_it() -> None:
    assert audited(talk([], [], presses=3, toasts=3)) == Answered()
    assert audited(talk([], [], presses=3, toasts=2, toasts_refused=1)) == Answered()
    assert kinds(audited(talk([], [], presses=3, toasts=2)).findings) == ["no answer"]


def test_who_floods_gets_what_one_person_may_have() -> None:
    flood = [Asked(FIRST + number, Wish.HELP, FLOODER, "P1", 70.0) for number in range(40)]
    answers = [reply(FIRST + number, 71.0) for number in range(40)]
    assert audited(talk(flood, answers[:10])) == Answered(), "five, and one each six seconds"
    assert kinds(audited(talk(flood, answers[:11])).findings) == ["flood"]
    assert kinds(audited(talk(flood, [])).findings) == ["no answer"]
    assert kinds(audited(talk(flood, [answers[0], answers[0]])).findings) == ["twice"]
    more = audit_answers(talk(flood, answers[:15]), [], CALM, [0.0, 80.0], 100.0)
    assert more == Answered(), "another start, another five"


MUTE = Asked(FIRST, Wish.MUTE, 100, "P1", 60.0, minutes=120)
MUTED = Said("🔕 P1 is muted until 02:01 UTC.", 61.0, 61.1, FIRST)


def progress(at: float, printer: str = "P1") -> Message:
    return Message(printer, PROGRESS, "Hook", 20, at, at + 0.1)


@pytest.mark.parametrize("answer", [MUTED, muted("02:00", 61.0)], ids=["command", "button"])
def test_no_progress_comes_once_a_mute_was_confirmed(answer: Said) -> None:
    asked = MUTE if answer.reply_to else press(0, 120)
    conversation = talk([asked], [answer])
    assert kinds(audit_mutes(conversation, [progress(80.0)], CALM)) == ["muted"]
    assert audit_mutes(conversation, [progress(60.5), progress(62.0)], CALM) == [], "it was on its way"
    assert audit_mutes(conversation, [progress(80.0, "P2")], CALM) == []
    assert audit_mutes(conversation, [replace(progress(80.0), words="print paused")], CALM) == []
    assert audit_mutes(talk([asked], []), [progress(80.0)], CALM) == [], "nobody was promised anything"


def test_a_mute_holds_until_somebody_may_have_ended_it() -> None:
    end = Asked(FIRST + 1, Wish.UNMUTE, 101, "P1", 90.0)
    for ended in (end, replace(end, wish=Wish.UNMUTE_ALL, printer="P2")):
        conversation = talk([MUTE, ended], [MUTED, reply(FIRST + 1, 95.0)])
        assert kinds(audit_mutes(conversation, [progress(80.0)], CALM)) == ["muted"]
        assert audit_mutes(conversation, [progress(91.0)], CALM) == []
        (span,) = may_be_muted(conversation, "P1")
        assert span[0] < 60.0
        assert span[1] == 95.0
    other = talk([MUTE, replace(end, printer="P2")], [MUTED, reply(FIRST + 1, 95.0)])
    assert kinds(audit_mutes(other, [progress(91.0)], CALM)) == ["muted"]
    assert may_be_muted(other, "P2") == []


def test_a_mute_of_a_minute_holds_for_a_minute_and_shortens_a_longer_one() -> None:
    short = replace(MUTE, number=FIRST + 1, wish=Wish.MUTE_SHORTLY, at=62.0, minutes=1)
    alone = talk([replace(short, number=FIRST)], [MUTED])
    both = talk([MUTE, short], [MUTED, reply(FIRST + 1, 63.0)])
    for conversation in (alone, both):
        assert kinds(audit_mutes(conversation, [progress(121.0)], CALM))
        assert audit_mutes(conversation, [progress(123.0)], CALM) == []


def test_a_sender_that_stood_still_or_knew_of_no_mutes_may_have_sent_progress() -> None:
    conversation = talk([MUTE], [MUTED])
    frozen = Hindrances(frozen=((70.0, 79.9),))
    assert audit_mutes(conversation, [progress(80.0)], frozen) == []
    assert kinds(audit_mutes(conversation, [progress(90.0)], frozen)) == ["muted"]
    former = replace(conversation, former=((70.0, 79.0),))
    assert audit_mutes(former, [progress(80.0)], CALM) == []
    assert kinds(audit_mutes(former, [progress(90.0)], CALM)) == ["muted"]


def test_an_alert_is_late_only_where_a_fault_explains_it() -> None:
    alert = Message("P1", "print paused", "Hook", None, 100.0)
    late = [(80.0, alert)]
    assert kinds(audit_delays(late, [])) == ["late"]
    assert kinds(audit_delays(late, [(10.0, 20.0), (101.0, 102.0)])) == ["late"]
    assert audit_delays(late, [(90.0, 92.0)]) == []


def test_in_a_chat_that_is_paced_an_alert_waits_for_alerts_only() -> None:
    late = [(80.0, Message("P1", "print paused", "Hook", None, 100.0))]
    others = [30.0, *(41.0 + number for number in range(10))]
    assert audit_delays(late, [], others, 10) == []
    assert kinds(audit_delays(late, [], others[:-1], 10)) == ["late"]
    assert kinds(audit_delays(late, [], others)) == ["late"]


def test_a_digest_tells_how_much_was_kept_back_and_a_repeat_of_it_counts_once() -> None:
    def marks(*digests: Said) -> int:
        return count_digest_marks(Conversation(digests=digests), [KILL], CALM)

    digest = Said("🔔 P1: no longer muted\nKept back: 3 progress messages", 60.0, 60.1)
    assert marks() == 0
    assert marks(digest, replace(digest, text="🔔 No longer muted\nKept back: 1 progress message")) == 2 + 4
    assert marks(digest, replace(digest, at=61.0)) == 1 + 3, "a kill explains it"
    assert marks(digest, replace(digest, at=60.2)) == 2 + 6
