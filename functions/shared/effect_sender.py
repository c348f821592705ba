"""Effects on their way: each on the queue of its kind, in its group, once.

Parts of the commit protocol (infra/docs/architecture.md, "Commit protocol, ids and done-marks").
"""

import logging
from collections.abc import Sequence

from functions.shared.domain.keys import printer_chat
from functions.shared.messages.effects import Effect, Inspection, Timelapse, outgoing
from functions.shared.ports import Queue, Refusal
from functions.shared.value_class import dataclass

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EffectSender:
    """Knows the queues; one that is None is switched off, and what it would take is left out.

    Messages of one printer to a chat stay in order, films too; notify takes those out of the line at their
    turn, as one that is long in sending must hold up nothing else.
    """

    chat: str
    notifications: Queue | None = None
    timelapses: Queue | None = None
    inspections: Queue | None = None

    def send(self, effect: Effect, delay_seconds: float = 0.0) -> None:
        """Put it on its queue, where a repeat of its id is dropped; what is refused for good is said.

        `delay_seconds` is for a check only. Raises TransientError: send the same again.
        """
        for refusal in self.offer(effect, delay_seconds):
            _log.error("effect %s refused for good: %s", effect.id, refusal.reason)

    def offer(self, effect: Effect, delay_seconds: float = 0.0) -> Sequence[Refusal]:
        """The same, for who has something else to say of a refusal."""
        queue, group = self._way_of(effect)
        return [] if queue is None else queue.send([outgoing(effect, group, delay_seconds)])

    def _way_of(self, effect: Effect) -> tuple[Queue | None, str]:
        if isinstance(effect, Timelapse):
            return self.timelapses, effect.job_id
        if isinstance(effect, Inspection):
            return self.inspections, effect.job_id
        return self.notifications, printer_chat(self.chat, effect.printer_id)
