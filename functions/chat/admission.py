"""Who is answered, and how often. Pure but for the clock that is given.

Whoever is not of the configured chat gets nothing, not even a refusal: nobody need know whose bot it is.
"""

from collections import OrderedDict, deque
from enum import StrEnum

from functions.chat.updates import Command, Origin, Press, Update
from functions.shared.value_class import dataclass

# An answer to what was asked so long ago would surprise: the question has scrolled away.
OLDEST_SECONDS = 300.0
_AT_ONCE = 5.0  # somebody who looks around presses a handful of buttons
_EACH_SECONDS = 6.0  # ten a minute in the long run: half of what a group may be sent
_USERS_LIMIT = 1000


class Refusal(StrEnum):
    """Why an update gets nothing. The values are labels."""

    OTHER_CHAT = "other_chat"
    OTHER_USER = "other_user"
    OTHER_BOT = "other_bot"
    TOO_OLD = "too_old"
    TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True)
class Guests:
    """`chats`: ids as text, or @names, of the one chat that is answered; `users`: who may ask (none: all)."""

    chats: frozenset[str]
    users: frozenset[int] = frozenset()

    def is_of_chat(self, origin: Origin) -> bool:
        names = {str(origin.chat)} | ({f"@{origin.chat_name}".lower()} if origin.chat_name else set())
        return not names.isdisjoint({chat.lower() for chat in self.chats})


def why_not(update: Update, guests: Guests, bot: str, now: float) -> Refusal | None:
    """Why it is not answered, or None; `bot` is our own name, empty if it is not known."""
    origin = update.origin
    if not guests.is_of_chat(origin):
        return Refusal.OTHER_CHAT
    if not isinstance(update, Command | Press):
        return None
    if guests.users and origin.user not in guests.users:
        return Refusal.OTHER_USER
    if isinstance(update, Command) and update.bot and bot and update.bot != bot.lower():
        return Refusal.OTHER_BOT
    if origin.at is not None and now - origin.at > OLDEST_SECONDS:
        return Refusal.TOO_OLD
    return None


class Allowance:
    """A token bucket for each person: who floods the bot costs nobody else anything. Not thread-safe."""

    def __init__(self) -> None:
        self._left: OrderedDict[int | None, tuple[float, float]] = OrderedDict()
        self._taken: deque[int] = deque(maxlen=100)
        self._told: OrderedDict[int | None, None] = OrderedDict()

    def take(self, origin: Origin, now: float) -> bool:
        """Whether this one is within what that person may ask; one that comes again counts once."""
        user = origin.user
        if origin.update_id in self._taken:
            return True
        left, at = self._left.pop(user, (_AT_ONCE, now))
        left = min(_AT_ONCE, left + max(0.0, now - at) / _EACH_SECONDS)
        is_within = left >= 1.0
        if is_within:
            self._taken.append(origin.update_id)
            self._told.pop(user, None)
        self._left[user] = (left - 1.0 if is_within else left, now)
        if len(self._left) > _USERS_LIMIT:
            self._left.popitem(last=False)
        return is_within

    def is_to_be_told(self, origin: Origin) -> bool:
        """Whether that person is told that it was too much: once, until they are within it again."""
        if origin.user in self._told:
            return False
        self._told[origin.user] = None
        if len(self._told) > _USERS_LIMIT:
            self._told.popitem(last=False)
        return True
