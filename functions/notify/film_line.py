"""The line of films, in which sending 50 MB holds up no alert; and smaller ones for who refuses a large."""

import logging
from dataclasses import replace

from functions.shared.domain.keys import digest, effect_id, films_chat
from functions.shared.effect_sender import EffectSender
from functions.shared.messages.effects import Notification, outgoing
from functions.shared.ports import Queue

FILMS = "films"
_SMALLEST_FILM = 100_000
_log = logging.getLogger(__name__)


class FilmLine:
    """`notifications`: the queue in which the line is (None: there is none); `timelapses`: where a smaller
    film is ordered (None: films are not made here).
    """

    def __init__(self, chat_id: str, notifications: Queue | None, timelapses: Queue | None) -> None:
        self._chat = films_chat(chat_id)
        self._group = digest("group", self._chat)
        self._notifications = notifications
        self._sender = EffectSender(chat_id, timelapses=timelapses)

    def is_it(self, group: str) -> bool:
        """Whether that group's messages are films, which take long and hold up nothing else."""
        return group == self._group

    def pass_on(self, notification: Notification, lateness: float) -> bool:
        """A film at its turn goes on in the line of films: all that was to be told before it was told."""
        if self._notifications is None:
            return False
        passed_on = outgoing(replace(notification, late_by=lateness), self._chat)
        passed_on = replace(passed_on, deduplication_id=digest(notification.id, FILMS))
        refused = self._notifications.send([passed_on])
        for refusal in refused:
            _log.error("a film could not be passed on, it is sent in its printer's line: %s", refusal.reason)
        return not refused

    def order_smaller(self, notification: Notification) -> bool:
        """Ask once for a film of half the bytes; False if this is that film, or none can be made."""
        film, remake = notification.film, notification.remake
        if self._sender.timelapses is None or film is None or remake is None or remake.max_bytes is not None:
            return False
        smaller = replace(
            remake, id=effect_id(remake.id, "smaller"), max_bytes=max(_SMALLEST_FILM, film.size // 2)
        )
        refusals = self._sender.offer(smaller)
        for refusal in refusals:
            _log.error("a smaller film could not be ordered: %s", refusal.reason)
        return not refusals
