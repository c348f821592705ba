"""Takes looks off their queue, has the model look, and puts what follows on the queues.

What a look comes to is written once, together with its effects, before they are sent: a crash at any
point repeats the effects with the same ids and never asks the model about the same look again.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from functions.inspection import policy, state
from functions.inspection.follow_ups import alert, checks_do_not_work, second_look
from functions.inspection.frames import NoPicture, Pair, pick
from functions.inspection.model import AccessProblemError, VisionModel
from functions.inspection.policy import LATE_SECONDS, Decision, Look, Rules
from functions.inspection.prompt import question
from functions.inspection.state import why_it_does_not_print
from functions.inspection.verdict import NoVerdict, Verdict, read_verdict
from functions.shared.domain.keys import done_key, inspection_key, printer_key, printer_prefix
from functions.shared.errors import ConflictError, ContractError, PermanentError, TransientError
from functions.shared.messages.effects import (
    Inspection,
    Notification,
    decode_inspection,
    decode_notification,
    encode_effect,
    outgoing,
)
from functions.shared.messages.inspection_record import Memory, Standing, memory_from_json, memory_to_json
from functions.shared.ports import Delivery, FrameStore, Queue, RecordStore
from functions.shared.runtime.clocks import Clock

TRIES = 3
FIRST_RETRY_SECONDS = 15.0
PICTURE_WAIT_SECONDS = 20.0
STORE_RETRY_SECONDS = 10.0
_DONE_SECONDS = 30 * 86_400.0
_DOWN_SAID_SECONDS = 2 * 86_400.0
_CONFLICTS = 8
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A look in hand: what was asked for, by both clocks (`edge_now` stamps frames), and how late it is."""

    inspection: Inspection
    look: Look
    edge_now: float
    late_by: float


@dataclass(frozen=True, slots=True)
class InspectionService:
    """`queue` is the inspections' own; `chat` names the notifications' group. Blocks; thread-safe."""

    queue: Queue
    notifications: Queue
    records: RecordStore
    frames: FrameStore
    model: VisionModel
    rules: Rules
    chat: str
    clock: Clock

    def handle(self, delivery: Delivery) -> None:
        """Make one look: acknowledged, handed back or set aside when this returns."""
        try:
            wait = self._look(self._asked(delivery))
        except TransientError as error:
            _log.warning("a look goes back for a while: %s", error)
            wait = error.retry_after or STORE_RETRY_SECONDS
        except PermanentError as error:
            _log.error("a look is set aside: %s", error)
            self.queue.reject(delivery, str(error))
            return
        if wait is None:
            self.queue.acknowledge(delivery)
        else:
            self.queue.hand_back(delivery, wait)

    def _asked(self, delivery: Delivery) -> _Asked:
        asked = decode_inspection(delivery.body)
        if not asked.prefix.startswith(printer_prefix(asked.printer_id)):
            raise ContractError(f"the folder of the look is not one of printer {asked.printer_id!r:.80}")
        now = self.clock()
        late_by = asked.late_by + max(0.0, now - delivery.sent_at)
        look = Look(asked.id, asked.job_id, asked.settled_at, now, asked.second_of)
        return _Asked(asked, look, asked.observed_at + late_by, late_by)

    def _look(self, asked: _Asked) -> float | None:
        """Seconds to hand the look back for, or None when it is over."""
        printer_id, look = asked.inspection.printer_id, asked.look
        memory = self._with_pending_sent(printer_id, self._memory(printer_id)[0])
        if memory.decided:
            self._mark_done(memory.decided)  # a crash may have come before
        if memory.decided == look.id or self.records.get(done_key(look.id)) is not None:
            return None
        reason = self._why_not(asked, memory)
        if reason is not None:
            self._skip(asked, reason)
            return None
        is_second = look.second_of is not None
        newer_than = memory.suspicion.frame_at if is_second and memory.suspicion else None
        pair = pick(self.frames, asked.inspection, asked.edge_now, newer_than)
        if isinstance(pair, NoPicture):
            if pair.may_come and asked.late_by + PICTURE_WAIT_SECONDS <= LATE_SECONDS:
                return PICTURE_WAIT_SECONDS
            self._skip(asked, pair.reason)
            return None
        memory = self._begin(asked, memory)
        verdict: Verdict | NoVerdict
        try:
            answer = self.model.ask(question(asked.inspection, pair))
            verdict = read_verdict(answer.text, answer.finish_reason, answer.refusal)
        except AccessProblemError as error:
            self._say_down(asked, str(error))
            verdict = NoVerdict(f"AI checks are not working: {error}")
        except TransientError as error:
            wait = max(error.retry_after or 0.0, FIRST_RETRY_SECONDS * 2.0 ** (memory.tries - 1))
            if memory.tries < TRIES and asked.late_by + wait <= LATE_SECONDS:
                _log.warning("%s: the AI is asked again in %.0f s: %s", printer_id, wait, error)
                return wait
            verdict = NoVerdict(str(error))
        self._conclude(asked, pair, verdict)
        return None

    def _why_not(self, asked: _Asked, memory: Memory) -> str | None:
        if asked.late_by > LATE_SECONDS:
            return f"it is {asked.late_by / 60:.0f} min late"
        record = self.records.get(printer_key(asked.inspection.printer_id))
        reason = why_it_does_not_print(record.value if record else None, asked.inspection)
        if reason is not None:
            return reason
        looks_today = state.looks_today(self.records, asked.look.at)
        return policy.why_not(memory, asked.look, looks_today, self.rules)

    def _skip(self, asked: _Asked, reason: str) -> None:
        """Say that a look is not made, and leave a note for those who wonder."""
        _log.info("%s: no look: %s", asked.inspection.printer_id, reason)
        self._change(
            asked.inspection.printer_id, lambda memory: replace(memory, note=reason, noted_at=asked.look.at)
        )

    def _begin(self, asked: _Asked, memory: Memory) -> Memory:
        """Count the look before it costs anything; the memory as it is then."""
        if memory.tried != asked.look.id:
            state.count_look(self.records, asked.look.at)
        return self._change(asked.inspection.printer_id, lambda known: policy.begun(known, asked.look))

    def _conclude(self, asked: _Asked, pair: Pair, verdict: Verdict | NoVerdict) -> None:
        """Decide, write the decision with its effects, send them, set the done-mark."""
        printer_id = asked.inspection.printer_id
        decision = Decision(Standing.NO_VERDICT)

        def decided(memory: Memory) -> Memory:
            nonlocal decision
            memory, decision = policy.decide(memory, verdict, asked.look, pair.frame.taken_at, self.rules)
            effects = self._effects(asked, pair, verdict, decision)
            pending = tuple(encode_effect(effect) for effect in effects)
            return replace(memory, decided=asked.look.id, pending=pending)

        memory = self._change(printer_id, decided)
        _log.info("%s: last look: %s", printer_id, self._in_words(verdict, decision))
        self._with_pending_sent(printer_id, memory)
        self._mark_done(asked.look.id)

    def _mark_done(self, look_id: str) -> None:
        self.records.put_if_absent(done_key(look_id), self.clock() + _DONE_SECONDS)

    def _effects(
        self, asked: _Asked, pair: Pair, verdict: Verdict | NoVerdict, decision: Decision
    ) -> list[Inspection | Notification]:
        edge_now = asked.edge_now + max(0.0, self.clock() - asked.look.at)
        if decision.wants_second_look:
            return [second_look(asked.inspection, edge_now, self.rules.second_look_after)]
        if decision.is_alert and isinstance(verdict, Verdict):
            return [alert(asked.inspection, verdict, decision.confidence, pair.frame, edge_now)]
        return []

    def _with_pending_sent(self, printer_id: str, memory: Memory) -> Memory:
        """Put decided effects on their queues; repeats (after a crash) are dropped there by their ids."""
        if not memory.pending:
            return memory
        for text in memory.pending:
            try:
                effect: Inspection | Notification = (
                    decode_inspection(text) if '"second_of":' in text else decode_notification(text)
                )
            except ContractError as error:
                _log.error("%s: a remembered effect cannot be read: %s", printer_id, error)
                continue
            if isinstance(effect, Inspection):
                delay = self.rules.second_look_after
                refused = self.queue.send([outgoing(effect, effect.job_id, delay)])
            else:
                refused = self.notifications.send([outgoing(effect, self.chat)])
            for refusal in refused:
                _log.error("effect %s refused for good: %s", effect.id, refusal.reason)
        sent = memory.decided
        return self._change(
            printer_id, lambda known: replace(known, pending=()) if known.decided == sent else known
        )

    def _say_down(self, asked: _Asked, text: str) -> None:
        """Say that no look can be made: once a day (UTC), whatever the printer."""
        day = state.day_of(asked.look.at)
        mark = f"inspection-down/{day}"  # no done-mark: that one is set by notify once it has sent it
        if self.records.get(mark) is not None:
            return
        notification = checks_do_not_work(asked.inspection, day, text, asked.edge_now)
        for refusal in self.notifications.send([outgoing(notification, self.chat)]):
            _log.error("effect %s refused for good: %s", notification.id, refusal.reason)
        self.records.put_if_absent(mark, asked.look.at + _DOWN_SAID_SECONDS)

    def _in_words(self, verdict: Verdict | NoVerdict, decision: Decision) -> str:
        if isinstance(verdict, NoVerdict):
            return f"no verdict: {verdict.reason}"
        sure = f"{verdict.confidence * 100:.0f} %"
        if decision.standing is Standing.FINE:
            return f"fine ({sure})"
        seen = f"{decision.standing.value} ({verdict.category.value}, {sure})"
        if decision.wants_second_look:
            return f"{seen}, a second look follows in {self.rules.second_look_after:.0f} s"
        if decision.is_alert:
            return f"{seen}, the user is told"
        return f"{seen}, nothing is said"

    def _memory(self, printer_id: str) -> tuple[Memory, int]:
        stored = self.records.get(inspection_key(printer_id))
        return (memory_from_json(stored.value), stored.version) if stored else (Memory(), 0)

    def _change(self, printer_id: str, change: Callable[[Memory], Memory]) -> Memory:
        """Change the memory as it is stored now, again if somebody else wrote in between."""
        for attempt in range(_CONFLICTS):
            before, version = self._memory(printer_id)
            after = change(before)
            if after == before:
                return before
            try:
                self.records.put(inspection_key(printer_id), memory_to_json(after), version)
            except ConflictError:
                if attempt == _CONFLICTS - 1:
                    raise
            else:
                return after
        raise AssertionError("unreachable")
