"""When a printer's messages make no sound: by the hours that are set, or wished in the chat, and by mutes.

Pure: the same for who sends (notify) and for who looks whether it is over.
"""

from datetime import tzinfo

from functions.shared.domain.quiet_hours import QuietHours, QuietSpan, parse_quiet_hours, quiet_span
from functions.shared.messages.chat_preferences import QUIET_IS_OFF, ChatPreferences
from functions.shared.value_class import dataclass


@dataclass(frozen=True, slots=True)
class QuietTimes:
    """`hours` and `zone` are those of the settings. Wishes are obeyed while answers are on: else nobody could
    take one back.
    """

    hours: QuietHours | None
    zone: tzinfo
    obeys_chat: bool = True

    def night(self, preferences: ChatPreferences, now: float) -> QuietSpan | None:
        """The quiet hours that it is in, or None."""
        hours = self._in_force(preferences)
        return None if hours is None else quiet_span(hours, self.zone, now)

    def is_quiet(self, preferences: ChatPreferences, printer_id: str, now: float) -> bool:
        is_muted = self.obeys_chat and preferences.muted_until(printer_id, now) is not None
        return is_muted or self.night(preferences, now) is not None

    def _in_force(self, preferences: ChatPreferences) -> QuietHours | None:
        """The wish of the chat outranks the settings; one that cannot be read is none."""
        if preferences.quiet is None or not self.obeys_chat:
            return self.hours
        if preferences.quiet == QUIET_IS_OFF:
            return None
        try:
            return parse_quiet_hours(preferences.quiet)
        except ValueError:
            return self.hours
