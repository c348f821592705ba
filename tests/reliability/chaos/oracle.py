"""What a person must be told of a printer: the rules once more, written for the auditor alone.

A world is what the bridge may know; where it cannot be known whether it saw something, there are several.
Nothing of the product is used here: two writings of the same rules check each other. What the edge keeps
back before it counts is in `waiting`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.reliability.chaos.timeline import Closed, Hindrances, Item, Killed, Opened, Started, Status
from tests.reliability.chaos.waiting import NOBODY, Edge, advanced, let_go
from tests.reliability.chaos.wire import Heard, causes_of, codes_of, is_cancel, is_same_file

TIMING_SLACK = 1.5
START_TAKES = 5.0
LET_GO_WITHIN = 1.0  # it is read a while after it came, and on a busy machine no moment is exact
CODE_FORGOTTEN = (25.0, 45.0)  # surely remembered until, surely forgotten from
_CODE_SEEN_STEP = 2.0  # finer than it matters, and each moment is a world of its own
CANCEL_COUNTS = 30.0
_ACTIVE = frozenset({"PREPARE", "RUNNING", "PAUSE"})
LATE = " while we were away"
STARTED, ALREADY, ALREADY_PAUSED = "print started", "already printing", "a print is under way, paused now"
PAUSED, RESUMED, CHANGED_FILE = "print paused", "print resumed", "file changed"
LOST, RESTORED, ERROR = "contact lost", "contact restored", "error"
FINISHED, FAILED, CANCELLED = "print finished", "print failed", "print cancelled"
ENDED, NEVER_BEGAN = "print ended, cause unknown", "the print never began"
UNSEEN = "print ended while we were away, result unknown"


@dataclass(frozen=True, slots=True)
class Told:
    """A message that the rules ask for: its words, its job, and the moment before which it cannot come."""

    words: str
    job: str | None
    since: float


@dataclass(frozen=True, slots=True)
class Running:
    """The job that is open. `is_taken_as_ended`: by silence."""

    name: str | None
    task: str | None
    state: str
    has_run: bool
    is_taken_as_ended: bool = False


@dataclass(frozen=True, slots=True)
class World:
    """What the bridge may know of a printer. The last status, or the program's start if that is later, was
    between `earliest` and `latest`. `codes`: told error codes and when they were last seen; `cancels`: those
    of a cancel that stand, `cancelled_at` when one came anew in this job; `word`: the last that counts."""

    job: Running | None = None
    edge: Edge = NOBODY
    word: str | None = None
    is_alive: bool = False
    ends_at: float = float("inf")
    is_cut: bool = False  # what came last on this connection was not kept, so nothing after it was
    is_lost: bool = False  # the same until the program's end
    is_silent: bool = False
    earliest: float = 0.0
    latest: float = 0.0
    codes: tuple[tuple[str, float], ...] = ()
    cancels: frozenset[str] = frozenset()
    cancelled_at: float | None = None


Outcome = tuple[World, tuple[Told, ...]]


def outcomes(world: World, item: Item, status_timeout: float, hindrances: Hindrances) -> Iterator[Outcome]:
    """The worlds that may follow one more item, and what has to be told on the way to each."""
    for before, told in _time_passes(world, item, status_timeout, hindrances):
        for after, more in _taken(before, item, hindrances):
            yield after, told + more


def at_last(world: World, hindrances: Hindrances) -> Iterator[Outcome]:
    """When nothing more comes: what waits is let go."""
    if world.edge.waiting is None or not world.is_alive or world.is_lost:
        yield world, ()
        return
    for after, told in _let_go(world, hindrances):
        for last, more in at_last(after, hindrances):
            yield last, told + more


def _time_passes(
    world: World, item: Item, status_timeout: float, hindrances: Hindrances
) -> Iterator[Outcome]:
    """Until the item comes the printer may fall silent, and what waits may be let go, in either order."""
    ways: list[Outcome] = [(world, ())]
    while ways:
        before, told = ways.pop()
        may_fall, must_fall = _may_fall_silent(before, item, status_timeout, hindrances)
        if may_fall:
            silent, more = _silent(before, status_timeout)
            ways.append((silent, told + more))
        may_go, must_go = _may_be_let_go(before, item, hindrances)
        if may_go:
            ways += [(after, told + more) for after, more in _let_go(before, hindrances)]
        if not must_fall and not must_go:
            yield before, told


def _may_fall_silent(
    world: World, item: Item, status_timeout: float, hindrances: Hindrances
) -> tuple[bool, bool]:
    if not world.is_alive or world.is_lost or world.is_silent or world.latest == 0:
        return False, False
    at = hindrances.read_at(item.at)
    sure_until = item.begins - TIMING_SLACK if isinstance(item, Killed) else at
    may = at - world.earliest > status_timeout - TIMING_SLACK
    must = sure_until - world.latest > status_timeout + TIMING_SLACK
    return may, must and not hindrances.is_frozen_within(world.earliest, at)


def _silent(world: World, status_timeout: float) -> Outcome:
    silent = replace(world, is_silent=True, edge=replace(world.edge, is_after_gap=True))
    job = world.job
    if job is None or job.is_taken_as_ended:
        return silent, ()
    since = world.earliest + status_timeout - TIMING_SLACK
    return replace(silent, job=replace(job, is_taken_as_ended=True)), (Told(LOST, job.name, since),)


def _may_be_let_go(world: World, item: Item, hindrances: Hindrances) -> tuple[bool, bool]:
    waiting = world.edge.waiting
    if waiting is None or not world.is_alive or world.is_lost:
        return False, False
    at = hindrances.read_at(item.at)
    sure_until = item.begins - TIMING_SLACK if isinstance(item, Killed) else item.at
    at_last = hindrances.read_at(waiting.due_at_last) + LET_GO_WITHIN
    return at + LET_GO_WITHIN > waiting.due, sure_until > at_last


def _let_go(world: World, hindrances: Hindrances) -> Iterator[Outcome]:
    assert world.edge.waiting is not None
    due, at_last = world.edge.waiting.due, world.edge.waiting.due_at_last
    edge, counting = let_go(world.edge)
    world = replace(world, edge=edge, earliest=max(world.earliest, due), latest=max(world.latest, at_last))
    yield from _all_count(world, counting, due, hindrances)


def _taken(world: World, item: Item, hindrances: Hindrances) -> Iterator[Outcome]:
    match item:
        case Started(at=at, ends_at=ends_at):
            edge = Edge(has_job=world.edge.has_job)
            world = replace(world, is_alive=True, is_cut=False, is_lost=False, edge=edge, ends_at=ends_at)
            yield replace(world, earliest=at, latest=at + START_TAKES), ()
        case Killed():
            yield replace(world, is_alive=False), ()
        case Opened():
            yield replace(world, is_cut=False, edge=replace(world.edge, is_after_gap=True)), ()
        case Closed():
            yield world, ()
        case Status(heard=heard, is_read=is_read):
            if not is_read or world.is_cut or not world.is_alive:
                yield replace(world, is_cut=True), ()
            if not world.is_cut and world.is_alive and not world.is_lost:
                at = hindrances.read_at(item.at)
                edge, counting = advanced(world.edge, heard, item.at, at)
                read = replace(world, edge=edge, earliest=item.at, latest=at)
                yield from _all_count(read, counting, item.at, hindrances)


def _all_count(
    world: World, counting: tuple[Heard, ...], since: float, hindrances: Hindrances
) -> Iterator[Outcome]:
    """These are reported, if the program lives for long enough, one after the other."""
    if not counting:
        yield world, ()
        return
    if hindrances.saved_at(world.latest) >= world.ends_at:
        yield replace(world, is_lost=True), ()
    for after, told in _heard(world, counting[0], since):
        for last, more in _all_count(after, counting[1:], since, hindrances):
            yield last, told + more


def _heard(world: World, heard: Heard, since: float) -> Iterator[Outcome]:
    codes, at = codes_of(heard), world.latest
    fresh = [code for code in codes if code not in dict(world.codes)]
    doubtful = [
        code
        for code, seen in world.codes
        if code in codes and at - seen > CODE_FORGOTTEN[0] and at - seen < CODE_FORGOTTEN[1]
    ]
    fresh += [code for code, seen in world.codes if code in codes and at - seen >= CODE_FORGOTTEN[1]]
    kept = {code: seen for code, seen in world.codes if at - seen < CODE_FORGOTTEN[1]}
    kept |= dict.fromkeys(codes, at - at % _CODE_SEEN_STEP)
    cancels = frozenset(cause for cause in causes_of(heard) if is_cancel(cause))
    is_cancel_new = bool(cancels - world.cancels) and world.word is not None
    seen = replace(
        world,
        codes=tuple(sorted(kept.items())),
        cancels=cancels,
        cancelled_at=at if is_cancel_new else world.cancelled_at,
    )
    for has_new in {bool(fresh), bool(fresh or doubtful)}:
        yield _ruled(seen, heard, since, has_new=has_new and world.word is not None)


def _ruled(world: World, heard: Heard, since: float, *, has_new: bool) -> Outcome:
    """`has_new`: an error code is there that was not told."""
    is_gap = world.edge.is_after_gap or world.is_silent
    word = heard.state or (None if is_gap else world.word)
    after, told = world, tuple[Told, ...]()
    if word in _ACTIVE:
        after, told, has_new = _active(world, replace(heard, state=word), since, has_new=has_new)
    elif word is not None:
        after, told, has_new = _over(world, replace(heard, state=word), since, has_new=has_new)
    if word is not None:
        edge = replace(world.edge, is_after_gap=False, has_job=word in _ACTIVE)
        after = replace(after, word=word, is_silent=False, edge=edge)
    if has_new:
        job = None if after.job is None or after.job.is_taken_as_ended else after.job.name
        told = (*told, Told(ERROR, job, since))
    return after, told


Ruled = tuple[World, tuple[Told, ...], bool]


def _active(world: World, heard: Heard, since: float, *, has_new: bool) -> Ruled:
    word, job = heard.state or "", world.job
    is_gap = world.edge.is_after_gap or world.is_silent
    is_other = job is not None and is_gap and not _is_same(job, heard)
    if job is None or is_other:
        told = [Told(UNSEEN, job.name, since)] if job is not None and not job.is_taken_as_ended else []
        is_found = is_other or world.word is None or word == "PAUSE" or (is_gap and word != "PREPARE")
        words = (ALREADY_PAUSED if word == "PAUSE" else ALREADY) if is_found else STARTED
        begun = Running(heard.name, heard.task, word, word != "PREPARE")
        told.append(Told(words, heard.name, since))
        return replace(world, job=begun, cancelled_at=None), tuple(told), False
    is_known_task = heard.task is not None and heard.task == job.task
    name = job.name if is_known_task and job.name else heard.name or job.name
    running = Running(name, heard.task or job.task, word, job.has_run or word != "PREPARE")
    after = replace(world, job=running)
    if job.is_taken_as_ended:
        return after, (Told(RESTORED, name, since),), False
    told = [Told(CHANGED_FILE, name, since)] if name != job.name else []
    if word == "PAUSE" and job.state != "PAUSE":
        return after, (*told, Told(PAUSED, name, since)), False
    if job.state == "PAUSE" and word == "RUNNING":
        told.append(Told(RESUMED, name, since))
    return after, tuple(told), has_new


def _is_same(job: Running, heard: Heard) -> bool:
    """After a gap too short for one print to end and another to run: ids, else names, else a preparing."""
    if job.task is not None and heard.task is not None:
        return job.task == heard.task
    return is_same_file(job.name, heard.name) and not (heard.state == "PREPARE" and job.has_run)


def _over(world: World, heard: Heard, since: float, *, has_new: bool) -> Ruled:
    job, was_silent = world.job, world.is_silent
    if job is None:
        return world, (), has_new
    after = replace(world, job=None)
    both_known = job.task is not None and heard.task is not None
    is_own = job.task == heard.task if both_known else is_same_file(job.name, heard.name)
    if (world.edge.is_after_gap or was_silent) and not is_own:
        return after, () if job.is_taken_as_ended else (Told(UNSEEN, job.name, since),), has_new
    cancelled_at = world.cancelled_at
    is_cancelled = cancelled_at is not None and world.latest - cancelled_at <= CANCEL_COUNTS
    if heard.state == "FINISH":
        words = FINISHED if job.has_run else NEVER_BEGAN
    else:
        words = CANCELLED if is_cancelled else FAILED if heard.state == "FAILED" else ENDED
    if words == ENDED and job.is_taken_as_ended:
        return after, (), has_new
    is_late = was_silent and words in (FINISHED, FAILED, CANCELLED)
    has_new = has_new and words in (FINISHED, ENDED)
    return after, (Told(words + LATE if is_late else words, job.name, since),), has_new
