"""Has the model look at a print, and puts what follows on the queues.

What a check comes to is written once, together with its effects, before they are sent: a crash at any
point repeats the effects with the same ids and never asks the model about the same check again.
"""

import logging
from collections.abc import Callable
from dataclasses import replace

from functions.inspection import policy
from functions.inspection.follow_ups import (
    alert,
    checks_down,
    checks_used_up,
    confirmation,
    evidence_of,
)
from functions.inspection.frames import FramePair, NoUsableFrame, choose_frames
from functions.inspection.model import AccessProblemError, VisionModel
from functions.inspection.policy import LATE_SECONDS, Check, Decision, Rules, UsedUp
from functions.inspection.prompt import question
from functions.inspection.state import why_it_does_not_print
from functions.inspection.verdict import NoVerdict, Verdict, read_verdict
from functions.shared.dispatch import DeadLetter, Done, Received, Retry, Settlement
from functions.shared.domain.keys import (
    digest,
    inspection_key,
    preferences_key,
    printer_key,
    printer_prefix,
    token_of,
)
from functions.shared.effect_sender import EffectSender
from functions.shared.errors import ContractError, PermanentError, TransientError
from functions.shared.job_archive import JobArchive
from functions.shared.messages.chat_preferences import read_preferences
from functions.shared.messages.effects import (
    Inspection,
    Notification,
    decode_inspection,
    decode_notification,
    encode_effect,
)
from functions.shared.messages.inspection_record import (
    CheckState,
    InspectionState,
    inspection_from_json,
    inspection_to_json,
)
from functions.shared.messages.job_history import JobCheck
from functions.shared.messages.printer_record import printer_record_of
from functions.shared.ports import Backends, FrameStore, Queue, RecordStore
from functions.shared.records import is_done, mark_done, update
from functions.shared.runtime.clocks import Clock
from functions.shared.settings import Settings
from functions.shared.value_class import dataclass

TRIES = 3
FIRST_RETRY_SECONDS = 15.0
FRAME_WAIT_SECONDS = 20.0
STORE_RETRY_SECONDS = 10.0
_DOWN_ANNOUNCED_SECONDS = 2 * 86_400.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _PendingCheck:
    """A check in hand: what was asked for, by both clocks (`edge_now` stamps frames), and how late it is."""

    inspection: Inspection
    check: Check
    edge_now: float
    late_by: float


@dataclass(frozen=True, slots=True)
class InspectionService:
    """`inspections` is where a confirmation is asked for; `chat` names the notifications' group;
    `history_days`: HISTORY_RETENTION_DAYS.

    Blocks; thread-safe.
    """

    inspections: Queue
    notifications: Queue
    records: RecordStore
    frames: FrameStore
    model: VisionModel
    rules: Rules
    chat: str
    clock: Clock
    history_days: float = 0.0

    def decode(self, body: str) -> Inspection:
        """Raises ContractError."""
        request = decode_inspection(body)
        if not request.prefix.startswith(printer_prefix(request.printer_id)):
            raise ContractError(f"the folder of the look is not one of printer {request.printer_id!r:.80}")
        return request

    def refuse(self, error: Exception) -> DeadLetter:
        _log.error("a look is set aside: %s", error)
        return DeadLetter(str(error))

    def handle(self, message: Received[Inspection]) -> Settlement:
        """Make one check."""
        try:
            return self._check(self._pending(message))
        except TransientError as error:
            _log.warning("a look goes back for a while: %s", error)
            return Retry(error.retry_after or STORE_RETRY_SECONDS)
        except PermanentError as error:
            return self.refuse(error)

    def _pending(self, message: Received[Inspection]) -> _PendingCheck:
        request, now = message.content, self.clock()
        late_by = request.late_by + max(0.0, now - message.sent_at)
        check = Check(request.id, request.job_id, request.printing_since, now, request.confirms)
        return _PendingCheck(request, check, request.observed_at + late_by, late_by)

    def _check(self, request: _PendingCheck) -> Settlement:
        printer_id, check = request.inspection.printer_id, request.check
        remembered = self._with_pending_sent(printer_id, self._remembered(printer_id))
        if remembered.decided:  # a crash may have come before
            self._keep_in_history(remembered)
            mark_done(self.records, remembered.decided, self.clock())
        if remembered.decided == check.id or is_done(self.records, check.id):
            return Done()
        reason = self._why_not(request, remembered)
        if reason is not None:
            self._skip(request, reason)
            return Done()
        found = policy.used_up(remembered, check, self.rules)
        if found is not None:
            self._announce_used_up(request, found, remembered)
            return Done()
        is_second = check.confirms is not None
        newer_than = (
            remembered.pending_confirmation.frame_at
            if is_second and remembered.pending_confirmation
            else None
        )
        pair = choose_frames(self.frames, request.inspection, request.edge_now, newer_than)
        if isinstance(pair, NoUsableFrame):
            if pair.may_come and request.late_by + FRAME_WAIT_SECONDS <= LATE_SECONDS:
                return Retry(FRAME_WAIT_SECONDS)
            self._skip(request, pair.reason)
            return Done()
        remembered = self._begin(request)
        verdict: Verdict | NoVerdict
        if remembered.tries > TRIES:  # after the last failure it is concluded: so runs were killed in it
            self._conclude(request, pair, NoVerdict(f"{TRIES} runs broke off while it was made"))
            return Done()
        try:
            answer = self.model.ask(question(request.inspection, pair))
            verdict = read_verdict(answer.text, answer.finish_reason, answer.refusal)
        except AccessProblemError as error:
            self._announce_down(request, str(error))
            verdict = NoVerdict(f"AI checks are not working: {error}")
        except TransientError as error:
            wait = max(error.retry_after or 0.0, FIRST_RETRY_SECONDS * 2.0 ** (remembered.tries - 1))
            if remembered.tries < TRIES and request.late_by + wait <= LATE_SECONDS:
                _log.warning("%s: the AI is asked again in %.0f s: %s", printer_id, wait, error)
                return Retry(wait)
            verdict = NoVerdict(str(error))
        self._conclude(request, pair, verdict)
        return Done()

    def _why_not(self, request: _PendingCheck, remembered: InspectionState) -> str | None:
        if request.late_by > LATE_SECONDS:
            return f"it is {request.late_by / 60:.0f} min late"
        stored = self.records.get(printer_key(request.inspection.printer_id))
        record = printer_record_of(stored) if stored else None
        reason = why_it_does_not_print(record, request.inspection)
        if reason is not None:
            return reason
        return policy.why_not(remembered, request.check)

    def _skip(self, request: _PendingCheck, reason: str, used_up: str | None = None) -> None:
        """Say that a check is not made, and leave a note for those who wonder."""
        _log.info("%s: no look: %s", request.inspection.printer_id, reason)

        def noted(remembered: InspectionState) -> InspectionState:
            told = remembered.used_up if used_up is None else used_up
            return replace(remembered, note=reason, noted_at=request.check.at, used_up=told)

        self._change(request.inspection.printer_id, noted)

    def _announce_used_up(self, request: _PendingCheck, found: UsedUp, remembered: InspectionState) -> None:
        """Say once in the chat that a budget has no check left. It is sent before that is remembered."""
        if policy.is_told(remembered, found):
            self._skip(request, found.reason)
            return
        self._sender.send(checks_used_up(request.inspection, found, request.edge_now))
        self._skip(request, found.reason, used_up=found.owner)

    def _begin(self, request: _PendingCheck) -> InspectionState:
        """Count the check before it costs anything; the state as it is then."""
        return self._change(request.inspection.printer_id, lambda known: policy.begun(known, request.check))

    def _conclude(self, request: _PendingCheck, pair: FramePair, verdict: Verdict | NoVerdict) -> None:
        """Decide, write the decision with its effects, send them, set the done-mark."""
        printer_id = request.inspection.printer_id
        decision = Decision(CheckState.NO_VERDICT)
        dismissed = self._dismissed(request.check.job_id)

        def decided(remembered: InspectionState) -> InspectionState:
            nonlocal decision
            remembered, decision = policy.decide(
                remembered, verdict, request.check, pair.frame.taken_at, self.rules, dismissed
            )
            if decision.is_alert and isinstance(verdict, Verdict):
                remembered = policy.with_alert(remembered, evidence_of(request.check, verdict, pair))
            effects = self._effects(request, pair, verdict, decision)
            pending = tuple(encode_effect(effect) for effect in effects)
            return replace(remembered, decided=request.check.id, pending=pending)

        remembered = self._change(printer_id, decided)
        _log.info("%s: last look: %s", printer_id, self._in_words(verdict, decision))
        self._with_pending_sent(printer_id, remembered)
        self._keep_in_history(remembered)
        mark_done(self.records, request.check.id, self.clock())

    def _keep_in_history(self, remembered: InspectionState) -> None:
        """What the check last decided came to, among those of its job. A repeat changes nothing."""
        if not remembered.job_id or remembered.last_check_at is None or remembered.verdict is None:
            return
        check = JobCheck(
            digest(remembered.decided)[:12],
            remembered.last_check_at,
            remembered.verdict,
            remembered.category,
            remembered.confidence,
            remembered.summary,
        )
        try:
            archive = JobArchive(self.records, self.clock, self.history_days)
            archive.keep_check(remembered.job_id, check)
        except PermanentError as error:
            _log.error("a check of job %s is not in its history: %s", remembered.job_id, error)

    def _effects(
        self, request: _PendingCheck, pair: FramePair, verdict: Verdict | NoVerdict, decision: Decision
    ) -> list[Inspection | Notification]:
        edge_now = request.edge_now + max(0.0, self.clock() - request.check.at)
        if decision.wants_confirmation:
            return [confirmation(request.inspection, edge_now, self.rules.confirmation_after)]
        if decision.is_alert and isinstance(verdict, Verdict):
            return [alert(request.inspection, verdict, decision.confidence, pair.frame, edge_now)]
        return []

    def _with_pending_sent(self, printer_id: str, remembered: InspectionState) -> InspectionState:
        """Put decided effects on their queues; repeats (after a crash) are dropped there by their ids."""
        if not remembered.pending:
            return remembered
        for text in remembered.pending:
            try:
                effect: Inspection | Notification = (
                    decode_inspection(text) if '"second_of":' in text else decode_notification(text)
                )
            except ContractError as error:
                _log.error("%s: a remembered effect cannot be read: %s", printer_id, error)
                continue
            delay = self.rules.confirmation_after if isinstance(effect, Inspection) else 0.0
            self._sender.send(effect, delay)
        sent = remembered.decided
        return self._change(
            printer_id, lambda known: replace(known, pending=()) if known.decided == sent else known
        )

    def _announce_down(self, request: _PendingCheck, text: str) -> None:
        """Say that no check can be made: once a day (UTC), whatever the printer."""
        notification = checks_down(
            request.inspection, policy.day_of(request.check.at), text, request.edge_now
        )
        mark = notification.id  # no done-mark: that one is set by notify once it has sent it
        if self.records.get(mark) is not None:
            return
        self._sender.send(notification)
        self.records.put_if_absent(mark, request.check.at + _DOWN_ANNOUNCED_SECONDS)

    def _in_words(self, verdict: Verdict | NoVerdict, decision: Decision) -> str:
        if isinstance(verdict, NoVerdict):
            return f"no verdict: {verdict.reason}"
        sure = f"{verdict.confidence * 100:.0f} %"
        if decision.check_state is CheckState.FINE:
            return f"fine ({sure})"
        seen = f"{decision.check_state.value} ({verdict.category.value}, {sure})"
        if decision.wants_confirmation:
            return f"{seen}, a second look follows in {self.rules.confirmation_after:.0f} s"
        if decision.is_alert:
            return f"{seen}, the user is told"
        return f"{seen}, nothing is said"

    def _dismissed(self, job_id: str) -> frozenset[str]:
        """What a person said of this job's alerts in the chat: kinds that look fine."""
        stored = self.records.get(preferences_key(self.chat))
        preferences = read_preferences(stored.value if stored else {})
        return frozenset(it.category for it in preferences.dismissed if it.job == token_of(job_id))

    @property
    def _sender(self) -> EffectSender:
        return EffectSender(self.chat, self.notifications, inspections=self.inspections)

    def _remembered(self, printer_id: str) -> InspectionState:
        stored = self.records.get(inspection_key(printer_id))
        return inspection_from_json(stored.value if stored else {})

    def _change(
        self, printer_id: str, change: Callable[[InspectionState], InspectionState]
    ) -> InspectionState:
        return update(
            self.records, inspection_key(printer_id), inspection_from_json, inspection_to_json, change
        )


def build_service(backends: Backends, settings: Settings, model: VisionModel) -> InspectionService:
    """Over those back ends, asking that model."""
    return InspectionService(
        backends.inspections,
        backends.notifications,
        backends.records,
        backends.frames,
        model,
        Rules.from_settings(settings),
        backends.chat,
        backends.clock,
        settings.history_retention_days,
    )
