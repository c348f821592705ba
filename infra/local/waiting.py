"""What waits to be sent, in words, for the line that `systemctl status` shows."""

from pathlib import Path

from functions.shared.errors import TransientError
from functions.shared.wording.durations import full_duration
from infra.local.storage.queue import QueueFigures, read_queue_figures

# A message that is being sent waits for no one.
_MENTIONED_FROM_SECONDS = 30.0


def waiting_for_telegram(database: Path, now: float) -> list[str]:
    """As `waiting_in_words`, of the queue in that file; it may block."""
    try:
        figures = read_queue_figures(database, now)
    except TransientError:
        return ["what waits to be sent cannot be read"]
    return waiting_in_words(figures.get("notifications", QueueFigures()))


def waiting_in_words(messages: QueueFigures) -> list[str]:
    """One phrase, or none while nothing waits for long."""
    if messages.waiting == 0 or messages.oldest_seconds < _MENTIONED_FROM_SECONDS:
        return []
    count = "1 message waits" if messages.waiting == 1 else f"{messages.waiting} messages wait"
    return [f"{count} for Telegram, for up to {full_duration(messages.oldest_seconds)}"]
