"""What is remembered of one chat between messages, and its form in the RecordStore. Notify writes it.

All times are seconds since 1970 by notify's clock.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum

from functions.shared.domain.limits import CHAT_REFUSAL_STANDS_SECONDS
from functions.shared.messages.codec import recall
from functions.shared.ports import Stored
from functions.shared.value_class import dataclass

Window = tuple[float, ...]


class Refused(StrEnum):
    """What the chat's side refuses, so that every message has to wait."""

    TOKEN = "token"  # noqa: S105 (a word, not a secret)
    CHAT = "chat"  # the chat, or the bot in it
    TOPIC = "topic"
    ALL = "all"  # whatever is sent, for a reason that is not known


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal of the chat or the bot: in Telegram's words, since when, and when it was last tried."""

    what: Refused
    reason: str
    since: float
    tried_at: float


@dataclass(frozen=True, slots=True)
class Lane:
    """The messages of one printer, or the films of all.

    `place`: when its next message may be sent; `failures`: tries in a row without success;
    `doubtful_since`: the message `doubted` is refused, perhaps for what it says. `left_out` messages were
    superseded and that is not told yet. In a flood, when hundreds wait, all that can be is left out:
    `flooded_from` is the last number that was handled in it, `flooded_to` where it ends.
    """

    name: str
    place: float | None = None
    failures: int = 0
    doubtful_since: float | None = None
    doubted: str = ""
    left_out: int = 0
    flooded_from: int = -1
    flooded_to: int = 0


@dataclass(frozen=True, slots=True)
class ChatState:
    """`window`: times of recent sends; `failures`: tries in a row that the chat or the bot was refused.

    Nothing is sent from `held_from` to `held_until`, nor from `asked_from` to `asked_until`: the latter is
    Telegram's wish (429), and no try ends it. `topic` is the one that is missing, since when, when it was
    last tried, and whether the chat was told; `moved_to` is the new id of a group that was upgraded.
    No topic is made from `topics_from` to `topics_until`, by Telegram's wish (429).
    """

    window: Window = ()
    failures: int = 0
    lanes: tuple[Lane, ...] = ()
    held_from: float | None = None
    held_until: float | None = None
    asked_from: float | None = None
    asked_until: float | None = None
    refusal: Refusal | None = None
    topic: int | None = None
    topic_missing_since: float | None = None
    topic_tried_at: float | None = None
    topic_is_told: bool = False
    moved_to: str | None = None
    topics_from: float | None = None
    topics_until: float | None = None

    def lane(self, name: str) -> Lane:
        """As it is remembered, or with nothing known of it."""
        return next((lane for lane in self.lanes if lane.name == name), Lane(name))

    def with_lane(self, name: str, change: Callable[[Lane], Lane]) -> "ChatState":
        """With that lane changed; one of which nothing is known is not kept."""
        after = change(self.lane(name))
        others = tuple(lane for lane in self.lanes if lane.name != name)
        return replace(self, lanes=others if after == Lane(name) else (*others, after))


def standing_refusal(states: Sequence[ChatState], now: float) -> Refusal | None:
    """The refusal of the chat that is written to, if it stands: the last that was tried lately."""
    tried = [it.refusal for it in states if it.refusal is not None]
    standing = [it for it in tried if now - it.tried_at <= CHAT_REFUSAL_STANDS_SECONDS]
    return max(standing, key=lambda refusal: refusal.tried_at, default=None)


def chat_state_of(stored: Stored | None) -> ChatState:
    """Total: junk counts as nothing known."""
    return recall(ChatState, stored.value) if stored else ChatState()
