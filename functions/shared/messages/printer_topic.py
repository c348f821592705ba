"""A printer's topic in a group with topics (TELEGRAM_TOPICS=printer), as remembered. Notify writes it."""

from collections.abc import Mapping
from typing import Any

from functions.shared.messages.codec import recall, to_json
from functions.shared.value_class import dataclass

# A call whose answer was lost may have made one: the chat itself will do for so long.
UNSURE_SECONDS = 3600.0
# Somebody gives the bot the right, or makes the group a forum.
REFUSED_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class PrinterTopic:
    """`topic` is its id, if there is one. `asked_at`: it was begun to make one, and no answer is known;
    `refused_at`: it may not be made. Seconds since 1970 by notify's clock.
    """

    printer_id: str = ""
    topic: int | None = None
    asked_at: float | None = None
    refused_at: float | None = None

    def may_be_made(self, now: float) -> bool:
        """By a clock that was put back nothing is waited for."""
        waits = ((self.asked_at, UNSURE_SECONDS), (self.refused_at, REFUSED_SECONDS))
        is_waiting = any(at is not None and 0 <= now - at < seconds for at, seconds in waits)
        return self.topic is None and not is_waiting


def read_topic(body: Mapping[str, Any]) -> PrinterTopic:
    """Total: what cannot be read is not known."""
    return recall(PrinterTopic, body)


def topic_to_json(topic: PrinterTopic) -> dict[str, Any]:
    """As stored."""
    return to_json(topic)
