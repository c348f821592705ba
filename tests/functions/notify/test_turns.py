"""Places in turns: never more than n in any minute, nobody waits for more than one message of each other."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.notify.turns import Turn, arrived, give_back, take_turn
from functions.shared.messages.chat_record import ChatState, Lane
from functions.shared.telegram.pace import PERIOD_SECONDS

NOW = 1_000_000.0
LANES = ("A", "B", "C", "D")


class Simulated:
    """A chat and its lanes, each of which comes back when it was told to, plus what its queue adds."""

    def __init__(self, most: int, waiting: dict[str, int], delays: list[float]) -> None:
        self.state = ChatState()
        self.most = most
        self.waiting = dict(waiting)
        self.due = dict.fromkeys(waiting, NOW)
        self.delays = delays
        self.sent: list[tuple[float, str]] = []
        self.now = NOW
        self._steps = 0

    def step(self) -> None:
        ready = [lane for lane in self.due if self.waiting[lane]]
        lane = min(ready, key=lambda name: (self.due[name], name))
        self.now = max(self.now, self.due[lane])
        self.state, wait = take_turn(self.state, lane, self.now, self.most)
        self._steps += 1
        if wait > 0:
            self.due[lane] = self.now + wait + self.delays[self._steps % len(self.delays)]
            return
        self.state = arrived(self.state, Turn(lane, self.now), self.now, self.most)
        self.sent.append((self.now, lane))
        self.waiting[lane] -= 1
        self.due[lane] = self.now


@settings(max_examples=100, deadline=None)
@given(
    st.integers(1, 8),
    st.dictionaries(st.sampled_from(LANES), st.integers(1, 30), min_size=1),
    st.lists(st.floats(0, 3), min_size=1, max_size=5),
)
def test_no_minute_has_more_than_it_may_and_all_come(
    most: int, waiting: dict[str, int], delays: list[float]
) -> None:
    chat = Simulated(most, waiting, delays)
    for _ in range(5000):
        if not any(chat.waiting.values()):
            break
        chat.step()
    times = [at for at, _ in chat.sent]
    assert len(times) == sum(waiting.values())
    for early, late in zip(times, times[most:], strict=False):
        assert late - early >= PERIOD_SECONDS - 0.02


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 8), st.integers(1, 4), st.integers(0, 40))
def test_an_alert_that_comes_into_a_full_chat_waits_for_one_message_of_each_other(
    most: int, others: int, already: int
) -> None:
    names = [f"flapping {number}" for number in range(others)]
    chat = Simulated(most, {**dict.fromkeys(names, 200), "alert": 0}, [0.0])
    while len(chat.sent) < already or not all(chat.state.lane(name).place for name in names):
        chat.step()
    chat.waiting["alert"], chat.due["alert"] = 1, chat.now
    came_at, before = chat.now, len(chat.sent)
    while chat.waiting["alert"]:
        chat.step()
    assert len(chat.sent) - before - 1 <= others
    assert chat.now - came_at <= PERIOD_SECONDS * (1 + others // most) + 0.02 * (others + 1)


@settings(max_examples=100, deadline=None)
@given(st.integers(2, 6))
def test_lanes_with_much_to_say_have_the_chat_in_turns(most: int) -> None:
    chat = Simulated(most, {"A": 40, "B": 40, "C": 40}, [0.0])
    while sum(chat.waiting.values()) > 30:
        chat.step()
    later = [lane for _, lane in chat.sent][4 * most :]
    for count in range(3, len(later) + 1):
        told = [later[:count].count(lane) for lane in "ABC"]
        assert max(told) - min(told) <= 1


def test_a_lane_that_does_not_come_back_costs_one_place_for_a_minute() -> None:
    state = ChatState(window=(NOW, NOW + 1), lanes=(Lane("gone", place=NOW + 60),))
    after, wait = take_turn(state, "A", NOW + 2, 2)
    assert wait == 59
    after, wait = take_turn(after, "A", NOW + 61, 2)
    assert (wait, after.window) == (0, (NOW + 61,))
    after, wait = take_turn(after, "B", NOW + 61, 2)
    assert wait == 60, "gone may still come"
    assert take_turn(after, "C", NOW + 121, 2)[1] < 0.03, "right behind B"


def test_a_place_by_a_clock_that_was_put_back_is_forgotten() -> None:
    state = ChatState(window=(NOW,), lanes=(Lane("A", place=NOW + 60), Lane("B", place=NOW + 120)))
    assert take_turn(state, "A", NOW - 7200, 1)[1] == 0


def test_a_turn_that_sent_nothing_is_given_back() -> None:
    state, _ = take_turn(ChatState(), "A", NOW, 1)
    assert take_turn(state, "B", NOW + 1, 1)[1] == 59
    assert take_turn(give_back(state, Turn("A", NOW)), "B", NOW + 1, 1)[1] == 0


def test_without_pacing_nothing_is_remembered() -> None:
    state, wait = take_turn(ChatState(), "A", NOW, 0)
    assert (state, wait) == (ChatState(), 0)
    assert arrived(state, Turn("A", NOW), NOW + 1, 0) == ChatState()


def test_a_message_that_arrived_makes_its_lane_well() -> None:
    state = ChatState(lanes=(replace(Lane("A"), failures=3, doubtful_since=NOW), Lane("B", failures=2)))
    after = arrived(state, Turn("A", NOW), NOW, 0)
    assert after.lanes == (Lane("B", failures=2),)
    assert all(early <= late for early, late in pairwise(after.window))
