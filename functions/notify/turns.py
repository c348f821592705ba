"""Whose message a chat gets next. Pure.

A chat that is full gives each lane the next place that is free, one at a time: a lane with hundreds waiting
has one place ahead, like any other, so another's alert comes after one message of each lane at the latest.
A place is a time, and its lane comes back at it; until then its messages wait in their queue.
"""

from dataclasses import replace

from functions.shared.messages.chat_record import ChatState, Lane, Window
from functions.shared.telegram.pace import PERIOD_SECONDS, current, seconds_to_wait
from functions.shared.value_class import dataclass

# A queue has whole seconds, and a lane may have nothing more to say: then its place is lost.
_PLACE_HOLDS = 60.0
_APART = 0.02
_AT_ONCE = 2.0  # lanes whose places begin together; farther ahead nobody need wait for a place that is free
_TOO_EARLY = 0.01  # below that it is the rounding of a time to wait


@dataclass(frozen=True, slots=True)
class Turn:
    """A lane's try to send its next message, and when that began."""

    lane: str
    taken_at: float


def take_turn(state: ChatState, lane_name: str, now: float, most: int) -> tuple[ChatState, float]:
    """The state with the send of now in its window, or with the lane's place, and the seconds until then.

    `most` is how many may be sent in any 60 s (0: any number, and everybody's turn is now).
    """
    if most <= 0:
        return state, 0.0
    window = current(state.window, now)
    farthest = now + PERIOD_SECONDS * (2 + len(state.lanes) / most)  # beyond: by a clock that was put back
    places = {
        lane.name: lane.place
        for lane in state.lanes
        if lane.place is not None and now - _PLACE_HOLDS < lane.place <= farthest
    }
    place = places.pop(lane_name, None)
    if place is not None:
        at = max(place, now + seconds_to_wait(window, now, most))  # others may have come late
    else:
        taken = sorted((*window, *(max(promised, now) for promised in places.values())))
        at = now if len(taken) < most else max(now, taken[-most] + PERIOD_SECONDS)
        # Behind all who asked before: else who has just sent would take what is free before they come.
        ahead = [promised + _APART for promised in places.values() if promised <= at + _AT_ONCE]
        at = max([at, *ahead])
    if at - now > _TOO_EARLY:
        return state.with_lane(lane_name, lambda lane: replace(lane, place=at)), at - now
    after = state.with_lane(lane_name, lambda lane: replace(lane, place=None))
    return replace(after, window=(*window, now)), 0.0


def give_back(state: ChatState, turn: Turn) -> ChatState:
    """Nothing was sent: that place is free again."""
    places = list(state.window)
    if turn.taken_at in places:
        places.remove(turn.taken_at)
    return replace(state, window=tuple(places))


def well(lane: Lane) -> Lane:
    """Nothing is known against its next message."""
    return replace(lane, failures=0, doubtful_since=None, doubted="")


def arrived(state: ChatState, turn: Turn, now: float, most: int) -> ChatState:
    """A message was sent: Telegram counts from when it came there, at the latest now."""
    after = state.with_lane(turn.lane, well)
    window: Window = after.window
    if most > 0:
        window = (*give_back(after, turn).window, now)
    return replace(after, window=window)
