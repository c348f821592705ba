"""When a collector is called silent, back, forgotten: the rule, by example and over random courses."""

import itertools
from dataclasses import dataclass, field, replace

from hypothesis import given
from hypothesis import strategies as st

from functions.shared.domain.collector_liveness import (
    Announcement,
    Change,
    Collector,
    LivenessState,
    LivenessStatus,
    advance,
    announced,
    count_silent,
    liveness_of,
    watched_now,
)
from functions.shared.domain.limits import COLLECTOR_FORGOTTEN_SECONDS, COLLECTOR_SILENT_SECONDS

LOST, BACK = Change.LOST, Change.BACK
DAY = 86_400.0
NOW = 10 * COLLECTOR_FORGOTTEN_SECONDS


def heard(ago: float, *printers: str, name: str = "pi", state: LivenessState | None = None) -> Collector:
    return Collector(name, 7, NOW - ago, printers or ("A1M-1",), state or LivenessState())


def judged(collector: Collector, every: list[Collector]) -> LivenessStatus:
    return liveness_of(collector, watched_now(every, NOW), NOW)


def test_a_collector_is_silent_after_fifteen_minutes_and_not_before() -> None:
    for ago, expected in (
        (0.0, LivenessStatus.HEARD),
        (900.0, LivenessStatus.HEARD),
        (901.0, LivenessStatus.SILENT),
    ):
        assert judged(heard(ago), [heard(ago)]) is expected


def test_a_clock_that_is_a_little_behind_makes_nobody_silent() -> None:
    assert judged(heard(-30.0), []) is LivenessStatus.HEARD


def test_one_whose_printers_others_watch_is_forgotten() -> None:
    old = heard(1000, "A", "B")
    assert judged(old, [old, heard(10, "A", name="x")]) is LivenessStatus.SILENT
    assert judged(old, [old, heard(10, "A", name="x"), heard(10, "B", name="y")]) is (
        LivenessStatus.FORGOTTEN
    )
    assert judged(old, [old, heard(1000, "A", "B", name="x")]) is LivenessStatus.SILENT


def test_one_that_listed_no_printer_is_missed_only_while_nobody_else_is_there() -> None:
    old = replace(heard(1000), printers=())
    assert judged(old, [old]) is LivenessStatus.SILENT
    assert judged(old, [old, heard(10, name="x")]) is LivenessStatus.FORGOTTEN


def test_one_unheard_for_a_week_is_forgotten() -> None:
    assert judged(heard(COLLECTOR_FORGOTTEN_SECONDS), []) is LivenessStatus.SILENT
    assert judged(heard(COLLECTOR_FORGOTTEN_SECONDS + 1), []) is LivenessStatus.FORGOTTEN


def test_who_was_forgotten_stays_so_when_its_successor_falls_silent_too() -> None:
    old, new = heard(2000), heard(10, name="new")
    forgotten = replace(old, state=advance(old, LivenessStatus.FORGOTTEN, NOW))
    assert count_silent([forgotten, new], NOW) == 0
    assert count_silent([forgotten, new], NOW + 1000) == 1, "the successor alone"


def test_a_silence_is_said_once_and_so_is_its_end() -> None:
    first = advance(heard(1000), LivenessStatus.SILENT, NOW)
    assert first.pending == Announcement(LOST, 7, NOW, 1000.0)
    assert advance(heard(1000, state=first), LivenessStatus.SILENT, NOW) == first, "not handed on yet"
    told = announced(first)
    assert advance(heard(1300, state=told), LivenessStatus.SILENT, NOW + 300) == told
    back = advance(Collector("pi", 8, NOW + 500, state=told), LivenessStatus.HEARD, NOW + 600)
    assert back.pending == Announcement(BACK, 7, NOW + 600, 1500.0)
    assert announced(back) == LivenessState()


def test_who_is_forgotten_is_dropped_without_a_word() -> None:
    told = announced(advance(heard(1000), LivenessStatus.SILENT, NOW))
    forgotten = advance(heard(8 * DAY, state=told), LivenessStatus.FORGOTTEN, NOW)
    assert forgotten == LivenessState(forgotten_sequence=7)
    assert advance(Collector("pi", 8, NOW, state=forgotten), LivenessStatus.HEARD, NOW) == LivenessState()


@dataclass
class Course:
    """Collectors over time, and everything that is said of each."""

    now: float = NOW
    collectors: dict[str, Collector] = field(default_factory=dict)
    announced: dict[str, list[Announcement]] = field(default_factory=dict)

    def report(self, name: str, printers: tuple[str, ...]) -> None:
        before = self.collectors.get(name)
        sequence = before.sequence + 1 if before else 0
        state = before.state if before else LivenessState()
        self.collectors[name] = Collector(name, sequence, self.now, printers, state)

    def check(self) -> bool:
        """Whether anything was new."""
        is_new = False
        for name, collector in self.collectors.items():
            watched = watched_now(self.collectors.values(), self.now)
            state = advance(collector, liveness_of(collector, watched, self.now), self.now)
            if state.pending is not None:
                self.announced.setdefault(name, []).append(state.pending)
                state = announced(state)
            is_new = is_new or state != collector.state
            self.collectors[name] = replace(collector, state=state)
        return is_new


_PRINTERS = st.lists(st.sampled_from(["A", "B"]), max_size=2).map(tuple)
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.sampled_from([60.0, 300.0, 900.0, 901.0, 5000.0, 8 * DAY])),
        st.tuples(st.sampled_from(["one", "two"]), _PRINTERS),
        st.just(("look", None)),
    ),
    max_size=40,
)


@given(_STEPS)
def test_lost_and_back_take_turns_whatever_happens_and_a_second_look_says_nothing(
    steps: list[object],
) -> None:
    course = Course()
    for step in steps:
        assert isinstance(step, tuple)
        what, how = step
        if what == "wait":
            course.now += how
        elif what == "look":
            before = {name: len(told) for name, told in course.announced.items()}
            course.check()
            for name, told in course.announced.items():
                for announcement in told[before.get(name, 0) :]:
                    quiet = course.collectors[name].quiet_for(course.now)
                    assert (quiet > COLLECTOR_SILENT_SECONDS) is (announcement.category is LOST)
                    assert announcement.quiet_seconds > COLLECTOR_SILENT_SECONDS
            assert not course.check()
        else:
            course.report(what, how)
    for told in course.announced.values():
        assert len({(one.category, one.sequence) for one in told}) == len(told), "ids never repeat"
        for one, following in itertools.pairwise(told):
            assert not (one.category is following.category is BACK)
        assert all(
            place > 0 and told[place - 1].category is LOST and told[place - 1].sequence == one.sequence
            for place, one in enumerate(told)
            if one.category is BACK
        ), "nobody is back who was not called lost"
