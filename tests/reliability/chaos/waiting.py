"""What the edge keeps back before it counts, written once more for the auditor.

The first words after a gap settle for a second; the word of an end that nothing explains waits for its cause
for five.
"""

from dataclasses import dataclass, replace

from tests.reliability.chaos.wire import Heard, causes_of, is_cancel, is_stop

SETTLES, WAITS_FOR_CAUSE, CAUSE_HOLDS = 1.0, 5.0, 30.0
_ENDS = frozenset({"FAILED", "IDLE"})


@dataclass(frozen=True, slots=True)
class Waiting:
    """Until `due`. `end`: what said the word of the end; without it the first words settle."""

    due: float
    newest: Heard
    end: Heard | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """The edge's own memory of a printer: it begins anew with the program, but for the job.

    `seen`: errors and cancels that stand, and since when.
    """

    waiting: Waiting | None = None
    is_after_gap: bool = True
    has_job: bool = False
    seen: tuple[tuple[str, float], ...] = ()
    is_first: bool = True


NOBODY = Edge()
Counting = tuple[Edge, tuple[Heard, ...]]


def advanced(edge: Edge, heard: Heard, at: float) -> Counting:
    """After a status that is read at that moment: the edge, and what counts from now on."""
    before = dict(edge.seen)
    new = causes_of(heard) - set(before)
    since = float("-inf") if edge.is_first else at
    seen = {cause: since if cause in new else before[cause] for cause in causes_of(heard)}
    edge = replace(edge, seen=tuple(sorted(seen.items())), is_first=False)
    waiting = edge.waiting
    if waiting is None:
        if edge.is_after_gap and heard.state is not None:
            return replace(edge, waiting=Waiting(at + SETTLES, heard)), ()
        return _judged(edge, heard, at, new)
    if waiting.end is None:
        worded = heard if heard.state else replace(heard, state=waiting.newest.state)
        return replace(edge, waiting=replace(waiting, newest=worded)), ()
    both = _both(waiting)
    if edge.is_after_gap and heard.state is not None and heard.state not in _ENDS | {"FINISH"}:
        return replace(edge, waiting=Waiting(at + SETTLES, heard)), both
    if heard.state is not None and heard.state not in _ENDS:
        return replace(edge, waiting=None), (*both, heard)
    if _has_cause(edge, heard, at, new):
        is_told_whole = heard.state == waiting.end.state or (heard.state and _is_cancelled(edge, at))
        return replace(edge, waiting=None), (heard,) if is_told_whole else (*both, heard)
    return replace(edge, waiting=replace(waiting, newest=heard)), ()


def let_go(edge: Edge) -> Counting:
    """The time of what waits is over."""
    waiting = edge.waiting
    assert waiting is not None
    edge = replace(edge, waiting=None)
    if waiting.end is not None:
        return edge, _both(waiting)
    return _judged(edge, waiting.newest, waiting.due, frozenset())


def _judged(edge: Edge, heard: Heard, at: float, new: frozenset[str]) -> Counting:
    if edge.has_job and heard.state in _ENDS and not _has_cause(edge, heard, at, new):
        return replace(edge, waiting=Waiting(at + WAITS_FOR_CAUSE, heard, heard)), ()
    return edge, (heard,)


def _both(waiting: Waiting) -> tuple[Heard, ...]:
    assert waiting.end is not None
    return (waiting.end,) if waiting.newest == waiting.end else (waiting.end, waiting.newest)


def _has_cause(edge: Edge, heard: Heard, at: float, new: frozenset[str]) -> bool:
    is_new = any(not cause.startswith("health") for cause in new & causes_of(heard))
    return is_new or any(is_stop(cause) and at - since <= CAUSE_HOLDS for cause, since in edge.seen)


def _is_cancelled(edge: Edge, at: float) -> bool:
    return any(is_cancel(cause) and at - since <= CAUSE_HOLDS for cause, since in edge.seen)
