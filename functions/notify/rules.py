"""The settings that matter to who sends messages."""

from datetime import tzinfo

from functions.shared.domain.quiet_hours import QuietHours
from functions.shared.settings import Settings
from functions.shared.value_class import dataclass


@dataclass(frozen=True, slots=True)
class NotifyRules:
    """0 messages per minute means no pacing.

    `gives_up_after`: the age in seconds at which a message that still waits goes to the dead letters (None:
    never), for a queue that would lose it soon after. `spares_writes`: that a message is begun is written
    from its second delivery on, for a disk that writes wear out. `progress_mode` and `topics` are the words
    of PROGRESS_MODE and TELEGRAM_TOPICS.
    """

    chat_id: str
    messages_per_minute: int
    zone: tzinfo
    thread_id: int | None = None
    gives_up_after: float | None = None
    spares_writes: bool = False
    progress_mode: str = "separate"
    topics: str = "off"
    quiet_hours: QuietHours | None = None
    chat_answers: bool = False

    @classmethod
    def from_settings(
        cls,
        settings: Settings,
        chat_id: str,
        gives_up_after: float | None = None,
        spares_writes: bool = False,
    ) -> "NotifyRules":
        return cls(
            chat_id,
            settings.telegram_messages_per_minute,
            settings.timezone,
            settings.telegram_thread_id,
            gives_up_after,
            spares_writes,
            settings.progress_mode,
            settings.telegram_topics,
            settings.quiet_hours,
            settings.chat_answers,
        )
